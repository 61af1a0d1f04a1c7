"""ddswait.service.job_ids: what can be a job ID, and a project ID."""

from typing import Any

import pytest

from ddswait.errors import ConfigurationError, InputError
from ddswait.service.job_ids import check_job_id, check_project_id


@pytest.mark.parametrize(
    ("job_id", "named"),
    [
        ("", "empty"),
        ("a b", "'a b'"),
        ("a\n", r"'a\\n'"),
        ("\x1b[2J", r"\\x1b"),
        ("\u00a0", "white space"),
        ("x" * 257, "257 characters"),
        (None, "NoneType"),
    ],
)
def test_ids_that_cannot_be_one(job_id: Any, named: str) -> None:
    """An empty ID, white space and control characters are refused, safely shown."""
    with pytest.raises(InputError) as caught:
        check_job_id(job_id)
    assert named.replace(r"\\", "\\") in str(caught.value)
    assert str(caught.value).isprintable()


def test_id_comes_back_as_it_is() -> None:
    """A usable ID is returned."""
    assert check_job_id("c010abd0-48cf") == "c010abd0-48cf"


@pytest.mark.parametrize("project_id", ["", "a/b", "a b", "x" * 65, "ü"])
def test_bad_project_ids_are_named(project_id: str) -> None:
    """A project ID is 32 hex digits, and never something that changes the path."""
    with pytest.raises(ConfigurationError, match="project ID"):
        check_project_id(project_id)

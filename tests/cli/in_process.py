"""The command line in this process, for tests in which a process of its own is not the point."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple
from unittest.mock import patch

from ddswait.cli.main import main
from tests.cloud_process import TOKEN

if TYPE_CHECKING:
    import pytest

    from tests.cloud_process import Cloud


class Done(NamedTuple):
    """What a run left: its exit code and its output."""

    code: int
    stdout: str
    stderr: str


def run(cloud: Cloud, capsys: pytest.CaptureFixture[str], *arguments: str, **env: str) -> Done:
    capsys.readouterr()
    with patch.dict(os.environ, {**cloud.env, **env}, clear=True):
        code = main(["--interval", "0.2s", *arguments])
    done = Done(code, *capsys.readouterr())
    assert TOKEN not in done.stdout + done.stderr
    return done

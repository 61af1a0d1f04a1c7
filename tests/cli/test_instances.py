"""Instances without a job: from options, standard input and replies to orders."""

import io
import json

import pytest

from ddswait.cli.arguments import parse
from ddswait.cli.inputs import jobs
from ddswait.cli.instances import check_ready
from ddswait.cli.job_table import JobTable, key_of
from ddswait.cli.named import Named
from ddswait.cli.options import DEFAULTS
from ddswait.cli.output.text import things
from ddswait.cli.resume import resume_command
from ddswait.cli.stdin_text import from_text
from ddswait.errors import InputError
from ddswait.outcome import OutcomeKind

ID = "5f2b7cd0a1e94c3c8d1e6f7a8b9c0d1ein02"
ORDER = {"id": ID, "name": "orders", "job_id": "", "order_id": "CS1911091514W6S5Y"}


def given(*arguments: str, instances: tuple[str, ...] = (), ready: bool = True) -> list[Named]:
    return jobs(arguments, io.StringIO(), io.StringIO(), instances=instances, ready=ready)


def test_option_may_be_repeated_and_labelled() -> None:
    """Jobs and instances mix; each is waited for once."""
    options = parse(["--ready", "--instance", "a1", "--instance", "orders=b2", "x"])
    assert options.instance == ("a1", "orders=b2")
    found = given("x", instances=(*options.instance, "a1"))
    assert found == [Named("x"), Named("instance:a1"), Named("instance:b2", "orders")]
    assert [each.instance_id for each in found] == ["", "a1", "b2"]
    assert given("orders=instance:b2") == found[2:]


@pytest.mark.parametrize("text", ["", "orders=", "a b", "a/b", "x" * 65, "ä"])
def test_wrong_instance_is_refused(text: str) -> None:
    """An empty ID, odd characters, a wrong label; the key that a resumed run has as well."""
    with pytest.raises(InputError):
        given(instances=(text,))
    with pytest.raises(InputError):
        given(f"instance:{text}")


def test_instance_needs_ready() -> None:
    """The message says which option is missing."""
    with pytest.raises(InputError, match="--instance a1 needs --ready"):
        given(instances=("a1",), ready=False)
    with pytest.raises(InputError, match="--instance a1 needs --ready"):
        given("instance:a1", ready=False)
    check_ready(["x"], ready=False)


def test_order_stands_for_its_instance() -> None:
    """With an empty job ID or none; its label is the name of the instance."""
    without = {name: value for name, value in ORDER.items() if name != "job_id"}
    for order in (ORDER, without):
        found = from_text(json.dumps(order), ready=True)
        assert found.jobs == [Named(f"instance:{ID}", "orders", "dds")]
    mixed = json.dumps({"job_id": "x"}) + json.dumps(ORDER)
    assert from_text(mixed, ready=True).job_ids == ["x", f"instance:{ID}"]


def test_order_that_cannot_be_waited_for_says_why() -> None:
    """Without --ready it says so; without an instance ID, where to look for it."""
    with pytest.raises(InputError, match=rf"'CS1911091514W6S5Y' is an order.*add --ready.*{ID}"):
        from_text(json.dumps(ORDER))
    with pytest.raises(InputError, match=r"document 1: 'CS1' is an order.*--ready --instance ID"):
        from_text('{"order_id": "CS1"}', ready=True)
    assert from_text('{"job_id": "x", "charge": {"order_id": "CS1"}}').job_ids == ["x"]


def test_table_and_resume_know_instances() -> None:
    """An outcome finds its entry; the command that resumes names the instance."""
    table = JobTable([Named("x"), Named("instance:a1", "orders")], 0.0)
    assert things(table) == "1 job and 1 instance"
    outcome = table["instance:a1"].state.ended(OutcomeKind.TIMED_OUT, "late")
    assert (outcome.job_id, key_of(outcome)) == ("", "instance:a1")
    entry = table.settle(outcome, 5.0)
    assert (entry.full_name, entry.instance_id) == ("orders (instance:a1)", "a1")
    options = DEFAULTS._replace(ready=True, instance=("orders=a1",), job_ids=("x",))
    assert " ".join(resume_command(table, options)) == "ddswait --ready x orders=instance:a1"

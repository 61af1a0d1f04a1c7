"""ddswait.cli.inputs: job IDs from arguments, lines and JSON."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddswait.cli import inputs
from ddswait.cli.named import Named
from ddswait.cli.stdin_text import from_text
from ddswait.errors import InputError
from tests.cli.in_process import RealCommand
from tests.cloud_process import Cloud

SAMPLES = Path(__file__).parents[1] / "samples"


def sample(name: str) -> str:
    return (SAMPLES / name).read_text()


def stdin(data: bytes) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(data))


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("a\nb\n", ["a", "b"]),
        ("  a \r\n\r\nb", ["a", "b"]),
        ('"c010abd0"\n', ["c010abd0"]),
        (sample("create-instance-202.json"), ["c010abd0-48cf-4fa8-8cbc-090f093eaa2f"]),
        ('{"job_id": "a"}{"job_id": "b"}\n{"x": [{"job_id": "c"}]}', ["a", "b", "c"]),
        ('[{"job_id": "a", "order_id": "o"}, {"job_id": null}]', ["a"]),
        ("a,b, c\nd", ["a", "b", "c", "d"]),
        ('"a","b"\n"c,d"', ["a", "b", "c", "d"]),
        ("'a'\n`b`\n\u201cc\u201d\nx='d'\n'y=e'", ["a", "b", "c", "d", "e"]),
    ],
)
def test_ids_are_found(text: str, ids: list[str]) -> None:
    """IDs stand one per line, or under any job_id of any JSON documents."""
    assert from_text(text).job_ids == ids


def test_operations_that_were_not_started_are_reported() -> None:
    """A batch names the instance whose operation was refused; the others are waited for."""
    found = from_text(sample("batch-upgrade-202.json"))
    assert len(found.job_ids) == 2
    (refusal,) = found.not_started
    assert "6aa1a4aca4f94bbb8a5e1d2b0f9c7a21in02" in refusal
    assert "DBS.200019" in refusal


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "no job ID on standard input"),
        ("\n \n", "no job ID on standard input"),
        ("a\nb c\n", "line 2"),
        ('""', "line 1"),
        ("a\nb,,c", "line 2: the list 'b,,c' lacks a job ID"),
        ("a\nnull", "line 2: job ID 'null' stands for a missing value"),
        ("x=$ID", "line 1: job ID '$ID' contains '$'"),
        ('{"job_id": "None"}', "JSON document 1: job ID 'None' stands for a missing value"),
        ('{"job_id": "a;b"}', "JSON document 1: job ID 'a;b' contains ';'"),
        ("a\nb\x07", "line 2"),
        ('{"job_id": ""}', "document 1"),
        ('{"job_id": "a b"}', "'a b'"),
        ("{}", "no job_id in the JSON"),
        (sample("create-instance-prepaid-202.json"), "CS2401161234ABCDE"),
        (sample("error-403-permission.json"), "DBS.280032"),
        ('{"job_id": ', "is not valid JSON"),
        ('{"job_id": "a"} tail', "is not valid JSON"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, named: str) -> None:
    """Input without a usable job ID is refused, naming what is wrong and where."""
    with pytest.raises(InputError) as caught:
        from_text(text)
    assert named in str(caught.value)
    assert str(caught.value).isprintable()


def test_arguments_and_pipe_go_together_and_duplicates_collapse() -> None:
    """Arguments and standard input are one list, each ID once, in first order."""
    errors = io.StringIO()
    found = inputs.jobs(["a", "-", "c", "a"], stdin(b"\xef\xbb\xbfb\na\n"), errors)
    assert [each.job_id for each in found] == ["a", "b", "c"]
    assert errors.getvalue() == ""


def test_binary_input_is_refused() -> None:
    """Bytes that are no text are refused, not guessed at."""
    with pytest.raises(InputError, match="is not UTF-8 text"):
        inputs.jobs(["-"], stdin(b"\x80\x81\x00"), io.StringIO())


def test_labels() -> None:
    """label=ID names a job; a reply's instance name serves; the user's word wins."""
    errors = io.StringIO()
    reply = b'{"job_id": "b", "name": "orders"}{"job_id": "c", "instance": {"name": "stock"}}'
    found = inputs.jobs(["first=a", "-", "mine=c"], stdin(reply), errors)
    assert found == [Named("a", "first"), Named("b", "orders"), Named("c", "mine")]


def test_labels_that_nobody_chose_may_clash() -> None:
    """Two jobs of one instance in a reply: both go without, instead of failing the run."""
    text = (
        b'[{"job_id": "a", "name": "x"}, {"job_id": "b", "name": "x"}, {"job_id": "c", "name": 7}]'
    )
    found = inputs.jobs(["-", "y=d"], stdin(text), io.StringIO())
    assert found == [Named("a"), Named("b"), Named("c"), Named("d", "y")]
    mixed = inputs.jobs(["x=d", "-"], stdin(b'{"job_id": "a", "name": "x"}'), io.StringIO())
    assert mixed == [Named("d", "x"), Named("a")]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["x=a", "x=b"], "'x' names two jobs, a and b"),
        (["x=a", "y=a"], "has two labels, 'x' and 'y'"),
        (["a=b", "a"], "'a' names two jobs"),
        ([f"{'x' * 65}=a"], "64 printable"),
        (["x\x1b[31m=a"], "printable"),
        (["x="], "empty"),
        (["=a"], "'=a' has no name before '=': give one, such as orders=ID, or the job ID alone"),
    ],
)
def test_labels_that_cannot_be_used(arguments: list[str], named: str) -> None:
    """Labels that clash, and what is no label, are named before anything is polled."""
    with pytest.raises(InputError, match=re.escape(named)):
        inputs.jobs(arguments, stdin(b""), io.StringIO())


@pytest.mark.parametrize(
    "argument", ["null", "x=None", "$ID", "<job_id>", "{{id}}", "a,b,", "a,$B"]
)
@pytest.mark.parametrize("options", [[], ["--state", "{state}"]], ids=["alone", "state"])
def test_argument_without_its_value_is_refused_before_anything_is_polled(
    command: RealCommand, cloud: Cloud, tmp_path: Path, argument: str, options: list[str]
) -> None:
    """Exit code 2, the input is quoted, and no file is made."""
    file = tmp_path / "wait.json"
    done = command(*(each.format(state=file) for each in options), cloud.job(), argument)
    assert done.code == 2
    assert argument.removeprefix("x=").removeprefix("a,") in done.stderr
    assert "waiting for" not in done.stderr
    assert not file.exists()


def test_arguments_joined_by_commas_are_split() -> None:
    """A list is split, and quotes around it or around an ID are removed; labels stay."""
    found = inputs.jobs(["a,b", "'c'", 'x=d,y="e"', '"z=f"'], stdin(b""), io.StringIO())
    named = [Named("d", "x"), Named("e", "y"), Named("f", "z")]
    assert found == [Named("a"), Named("b"), Named("c"), *named]


def test_name_of_an_instance_that_could_not_be_given_again_is_no_label() -> None:
    """The command that resumes a run repeats the labels, so each must be read as it is."""
    reply = b'{"job_id": "a", "name": "x,y"}{"job_id": "b", "name": "\'z\'"}'
    assert inputs.jobs(["-"], stdin(reply), io.StringIO()) == [Named("a"), Named("b")]


def test_a_hundred_thousand_ids_are_read() -> None:
    """Many IDs are no trouble."""
    text = "".join(f"id-{number}\n" for number in range(100_000))
    assert len(from_text(text).job_ids) == 100_000


@given(
    st.text()
    | st.recursive(
        st.none() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["job_id", "order_id", "error_code", "x"]), inner)
        ),
    ).map(json.dumps)
)
def test_whatever_comes_gives_ids_or_a_clear_error(text: Any) -> None:
    """Every text gives usable IDs or an InputError, never anything else."""
    try:
        found = from_text(text)
    except InputError:
        return
    assert found.job_ids
    assert all(job_id.isprintable() and " " not in job_id for job_id in found.job_ids)


USAGE_ERROR = "[USE_ERROR]The parameter 'cli-region' is required."


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (USAGE_ERROR, "standard input is not valid JSON: "),
        (f'{{"job_id": "{"a" * 8}"}}\n{USAGE_ERROR}', "standard input is not valid JSON: "),
        ("Error: no such command\nsee --help", "line 1 is neither a job ID nor JSON"),
        ('{"message": "not signed in"}', "no job_id in the JSON on standard input"),
    ],
)
def test_text_of_a_command_that_failed_is_quoted(text: str, problem: str) -> None:
    """What is on standard input says why the command before the pipe failed."""
    with pytest.raises(InputError) as caught:
        from_text(text)
    assert problem in str(caught.value)
    quoted = text.rpartition("\n")[2] if USAGE_ERROR in text else " ".join(text.split())
    assert f"the command before the pipe printed: {quoted}" in str(caught.value)


def test_quoted_text_is_short_and_commands_no_ci_system() -> None:
    """Whatever the command printed."""
    with pytest.raises(InputError) as caught:
        from_text(f"[##vso[task.setvariable variable=PATH]x {'y ' * 10_000}")
    assert "##vso[" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_byte_order_mark_before_each_text_is_accepted() -> None:
    """Files that were joined have one each."""
    assert from_text("\ufeffa1\n\ufeff b2\n").job_ids == ["a1", "b2"]
    text = '\ufeff{"job_id": "a1"}\n\ufeff{"job_id": "b2"}'
    assert from_text(text).job_ids == ["a1", "b2"]


@pytest.mark.parametrize("wrong", [f"{'5f' * 16}in02", "CS2401161234ABCDE"])
def test_message_speaks_of_options_and_not_of_functions(wrong: str) -> None:
    """The library's check of an ID says what the command line can do instead."""
    with pytest.raises(InputError) as caught:
        inputs.jobs([wrong], stdin(b""), io.StringIO())
    assert "use --ready --instance " in str(caught.value)
    assert "(" not in str(caught.value)

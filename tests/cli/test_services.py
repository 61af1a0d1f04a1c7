"""ddswait.cli.services, and the service of each job: options, prefixes and the ends of IDs."""

import io
import json

import pytest

from ddswait.cli import inputs
from ddswait.cli.named import Named
from ddswait.cli.options import Options
from ddswait.cli.services import chosen_service
from ddswait.errors import InputError
from ddswait.service.registry import ROWS, aliases
from tests.cli.in_process import RealCommand

HEX = "5f2b7cd0a1e94c3c8d1e6f7a8b9c0d1e"
SUFFIXES = [(suffix, name) for name, row in ROWS.items() for suffix in row.suffixes]


def named(*arguments: str, text: str = "", service: str = "") -> tuple[list[Named], str]:
    stderr = io.StringIO()
    stdin = io.TextIOWrapper(io.BytesIO(text.encode()))
    return inputs.jobs(arguments, stdin, stderr, service=service), stderr.getvalue()


@pytest.mark.parametrize(
    ("option", "variable", "chosen"),
    [("", "", ""), ("rds", "", "rds"), ("", "nosql", "geminidb"), ("ddm", "rds", "ddm")],
)
def test_service_is_chosen_by_option_or_variable(option: str, variable: str, chosen: str) -> None:
    """The option wins; without both, nothing is chosen, so that replies may tell."""
    assert chosen_service(Options(service=option), {"DDSWAIT_SERVICE": variable}) == chosen


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--service", "rdss", "x"], "unknown service 'rdss': did you mean 'rds'"),
        (["--service", "css", "x"], "service 'css' is not supported, since it has no job API"),
        (["--service", "vpc", "x"], "service 'vpc' is not supported, since it has no job API"),
        (["--service", "all", "x"], "--service all is for --check"),
        (["rdss:x"], "unknown service 'rdss': did you mean 'rds'"),
        (["orders:x"], "; if 'orders' is your name for the job, write orders=ID\n"),
        (["a=orders:x"], "taurusdb, gaussdb, geminidb, ddm\n"),
        (["css:x"], "since it has no job API: wait for the status of the cluster\n"),
        (["ECS:x"], "use one of dds, rds, taurusdb, gaussdb, geminidb, ddm\n"),
        (["a=vpc:x"], "service 'vpc' is not supported, since it has no job API"),
        (["--ready", "--instance", "css:x"], "service 'css' is not supported"),
        (["rds:orders=x"], "put the service before the ID, as in orders=rds:ID"),
        (["opengauss:=x"], "put the service before the ID, as in orders=gaussdb:ID"),
        (["--ready", "--instance", "rds:a=x"], "put the service before the ID, as in a=rds:ID"),
        (["rds:"], "the job ID is empty"),
        (["orders=rds:"], "the job ID is empty"),
        ([f"{HEX}in02"], f"without a job, use --ready --instance {HEX}in02"),
        ([f"{HEX}in01"], f"without a job, use --ready --instance rds:{HEX}in01"),
        (["rds:x", "dds:x"], "job x is named for rds and for dds: choose one, such as dds:x"),
        (["x", "rds:x"], "job x is named for dds and for rds: choose one, such as rds:x"),
        (["a=rds:x", "b=x"], "job x is named for rds and for dds: choose one, such as dds:x"),
        (["--service", "ddm", "x", "rds:x"], "job x is named for ddm and for rds: choose one"),
        (
            ["--ready", "--instance", "y", "--instance", "rds:y"],
            (
                "instance y is named for dds and for rds: choose one, such as rds:y; "
                "to wait for both, run ddswait twice"
            ),
        ),
        (["orders=rds=x"], "job ID 'rds=x' begins with a service: write orders=rds:x\n"),
        (["rds:nosql=x"], "put the service before the ID, as in nosql=rds:ID"),
        (["rds:nosql:x"], "job ID 'nosql:x' begins with a service: write geminidb:x\n"),
        (["orders=rds="], "the job ID is empty"),
    ],
)
def test_wrong_service_is_refused(command: RealCommand, arguments: list[str], message: str) -> None:
    """Before anything is polled, with a message that says what to use."""
    done = command(*arguments)
    assert done.code == 2
    assert message in done.stderr


def test_variable_with_a_wrong_service_is_named(command: RealCommand) -> None:
    """The message says where the name comes from."""
    done = command("x", DDSWAIT_SERVICE="gemini")
    assert done.code == 2
    assert "DDSWAIT_SERVICE: unknown service 'gemini': did you mean 'geminidb'" in done.stderr


@pytest.mark.parametrize(("alias", "name"), sorted(aliases().items()))
def test_prefix_may_be_an_alias(alias: str, name: str) -> None:
    """As `--service` may; in capital letters too."""
    assert named(f"{alias}:x")[0] == [Named("x", "", name)]
    assert named(f"a={alias.upper()}:x")[0] == [Named("x", "a", name)]


def test_job_may_be_named_twice_for_one_service() -> None:
    """Without a service, it is one of the chosen service; a reply chooses none."""
    assert named("dds:x", "x")[0] == [Named("x", "", "dds")]
    assert named("x", "o=rds:x", service="rds")[0] == [Named("x", "o", "rds")]
    assert named("-", "rds:x", text='{"job_id": "x"}')[0] == [Named("x", "", "rds")]
    with pytest.raises(InputError, match="job x is named for dds and for rds"):
        named("-", "rds:x", text="x\n")


def test_prefix_holds_for_the_ids_behind_commas() -> None:
    """Until another one; a label is that of one job."""
    assert named("o=taurusdb:a,b,rds:c", "d")[0] == [
        Named("a", "o", "taurusdb"),
        Named("b", "", "taurusdb"),
        Named("c", "", "rds"),
        Named("d"),
    ]


def test_lines_of_standard_input_may_have_prefixes() -> None:
    """They are what a resume command saves to a file."""
    assert named("-", text="orders=rds:a\nb\n")[0] == [Named("a", "orders", "rds"), Named("b")]


def test_key_of_an_instance_is_no_service() -> None:
    """It is what a resume command names an instance with; a service may stand before it."""
    for text, service in (("instance:abc", ""), ("rds:instance:abc", "rds")):
        jobs = inputs.jobs([text], io.TextIOWrapper(io.BytesIO()), io.StringIO(), ready=True)
        assert jobs == [Named("instance:abc", "", service)]


@pytest.mark.parametrize(("suffix", "service"), SUFFIXES)
@pytest.mark.parametrize("key", ["job_id", "jobId", "workflow_id", "workflowId"])
def test_reply_tells_the_service_of_its_job(suffix: str, service: str, key: str) -> None:
    """By the end of the instance's ID, wherever it stands in the reply to a create operation."""
    instance_id = f"{HEX}{suffix}"
    for reply in (
        {"instance": {"id": instance_id, "name": "orders"}, key: "x"},
        {"id": instance_id, "name": "orders", key: "x"},
        {"instance_id": instance_id, "instance_name": "orders", key: "x"},
    ):
        assert named("-", text=json.dumps(reply))[0] == [Named("x", "orders", service)]


def test_comma_separated_ids_of_a_reply_have_its_service() -> None:
    """Those of the read replicas of TaurusDB."""
    reply = {"instance": {"id": f"{HEX}in07", "name": "r"}, "job_id": "a,b"}
    assert named("-", text=json.dumps(reply))[0] == [
        Named("a", "r-1", "taurusdb"),
        Named("b", "r-2", "taurusdb"),
    ]


def test_chosen_service_wins_over_the_end_of_an_id() -> None:
    """Nobody promises the ends of IDs; but a warning says what to try."""
    reply = json.dumps({"instance": {"id": f"{HEX}in01", "name": "r"}, "job_id": "x"})
    jobs, warning = named("-", text=reply, service="dds")
    assert jobs == [Named("x", "r")]
    assert "like those of rds: if it is not found, try --service rds\n" in warning
    assert named("-", text=reply, service="rds") == ([Named("x", "r")], "")
    assert named("ddm:x", "-", text=reply)[0] == [Named("x", "r", "ddm")]


def test_reply_without_an_instance_tells_no_service() -> None:
    """Nor does one whose instance has another kind of ID."""
    for instance_id in ("", HEX, f"{HEX}in99", f"{HEX}no01"):
        reply = json.dumps({"instance": {"id": instance_id}, "job_id": "x"})
        assert named("-", text=reply)[0] == [Named("x")]

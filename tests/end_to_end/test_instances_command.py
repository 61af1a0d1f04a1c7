"""`ddswait --ready --instance ID`: instances without a job, over real sockets."""

import json
from pathlib import Path

import pytest

from ddswait.errors import InputError
from ddswait.simulator import Simulator
from tests.cli.in_process import Command, RealCommand
from tests.cloud_process import Cloud

ID = "a" * 32 + "in02"


async def test_command_waits_for_an_instance_and_a_job(dds: Simulator, ddswait: Command) -> None:
    """One line each; the backup after the creation is waited for; exit code 0."""
    dds.backup_seconds = 100.0
    dds.add_job(seconds=5, instance_id=ID)
    job_id = dds.add_job(seconds=5, name="Restart_MongoDB")
    done = await ddswait("--ready", "--instance", f"orders={ID}", job_id)
    assert done.code == 0
    lines = {line.split("\t")[0]: line.split("\t")[1] for line in done.stdout.splitlines()}
    assert lines == {f"instance:{ID}": "completed", job_id: "completed"}
    assert "waiting for 1 job and 1 instance" in done.stderr


async def test_json_names_the_instance(dds: Simulator, ddswait: Command) -> None:
    """The job ID is empty and the job null; for a job, the instance is null."""
    dds.add_job(seconds=0, instance_id=ID)
    job_id = dds.add_job(seconds=0)
    done = await ddswait("--output", "json", "--ready", "--instance", ID, job_id)
    job, instance = json.loads(done.stdout)["jobs"]
    if not job["job_id"]:
        job, instance = instance, job
    assert (job["job_id"], job["instance"]) == (job_id, None)
    assert (instance["job_id"], instance["job"]) == ("", None)
    assert instance["instance"] == {"id": ID, "name": ""}
    assert instance["message"] == f"instance {ID} is ready"


async def test_exit_codes_of_instances(dds: Simulator, ddswait: Command) -> None:
    """3 for one that is not known, 5 when it cannot be polled, 6 when it needs help, 124 late."""
    failed, busy = "c" * 32 + "in02", "d" * 32 + "in02"
    dds.add_job(seconds=0, instance_id=failed, fails="no quota")
    dds.add_job(seconds=1e6, instance_id=busy)
    for instance_id, code, text in (
        ("nobody", 3, "was not known"),
        (failed, 6, "createfail"),
        (busy, 124, f"--ready instance:{busy}"),
    ):
        done = await ddswait("--timeout", "5m", "--ready", "--instance", instance_id)
        assert done.code == code
        assert text in done.stderr
    dds.inject("error", count=None, path=f"/v3/{dds.project_id}/instances")
    done = await ddswait("--unreachable-after", "100s", "--ready", "--instance", busy)
    assert done.code == 5


async def test_state_resumes_instances(dds: Simulator, ddswait: Command, tmp_path: Path) -> None:
    """What was ready is not polled again, and the file brings the others back."""
    state, late = str(tmp_path / "state"), "e" * 32 + "in02"
    dds.add_job(seconds=0, instance_id=ID)
    dds.add_job(seconds=100, instance_id=late)
    options = ("--ready", "--state", state)
    first = await ddswait(
        *options, "--timeout", "60s", "--instance", ID, "--instance", f"late={late}"
    )
    assert first.code == 124
    with pytest.raises(InputError, match="needs --ready"):
        await ddswait("--state", state, "--timeout", "5m")
    second = await ddswait(*options, "--timeout", "5m")
    assert second.code == 0
    assert "1 ended in an earlier run" in second.stderr


async def test_state_brings_no_second_grace(
    dds: Simulator, ddswait: Command, tmp_path: Path
) -> None:
    """An instance that is not known, as a job: the second run waits for the rest of the grace."""
    options = ("--ready", "--state", str(tmp_path / "state"), "--instance", "nobody", "unknown")
    assert (await ddswait(*options, "--timeout", "20s")).code == 124
    again = json.loads((tmp_path / "state").read_text())
    for each in again["jobs"]:
        each["tracked_at"] -= 100.0
    (tmp_path / "state").write_text(json.dumps(again))
    done = await ddswait(*options, "--timeout", "20s")
    assert done.code == 3
    assert "2 not found" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "text", "named"),
    [
        (["--instance", ID], "", f"--instance {ID} needs --ready"),
        (["--ready", "--instance", ""], "", "invalid instance ID ''"),
        (["--ready", "--instance", "a b"], "", "invalid instance ID 'a b'"),
        (["--ready", "--instance", "../x"], "", "invalid instance ID '../x'"),
        (["-"], json.dumps({"id": ID, "job_id": "", "order_id": "CS1"}), "'CS1' is an order"),
    ],
)
def test_wrong_instances_exit_2(
    cloud: Cloud, command: RealCommand, arguments: list[str], text: str, named: str
) -> None:
    """The message quotes what is wrong, and nothing is polled."""
    before = cloud.stats()["statuses"]
    done = command(*arguments, text=text)
    assert (done.code, done.stdout) == (2, "")
    assert named in done.stderr
    assert cloud.stats()["statuses"] == before


@pytest.mark.slow
def test_order_on_standard_input_waits_for_its_instance(cloud: Cloud) -> None:
    """The reply to a prepaid order is piped to the command, in a process of its own."""
    cloud.job(instance_id=ID)
    order = json.dumps({"id": ID, "job_id": "", "order_id": "CS1"})
    done = cloud.run("--ready", "-", text=order)
    assert done.returncode == 0
    assert done.stdout.startswith(f"instance:{ID}\tcompleted\t")

"""Jobs of several services in one command, against a simulator of all services."""

import json
from pathlib import Path

import pytest

from ddswait import history
from ddswait.errors import ConfigurationError
from ddswait.service import NAMES, service_named
from ddswait.simulator import Simulator
from tests.cli.in_process import Command

REGION = "xx-sim-1"


def settings(cloud: Simulator) -> dict[str, str]:
    """Return the variables that lead to every service of a simulator."""
    return {
        f"HUAWEICLOUD_SDK_REGION_{service_named(name).sdk.upper()}_XX_SIM_1": cloud.endpoint_of(
            name
        )
        for name in NAMES
    } | {"HW_REGION_NAME": REGION}


async def test_one_command_waits_for_jobs_of_every_service(
    ddswait: Command, dds: Simulator
) -> None:
    """Each at its own host; the output says which service has which job."""
    jobs = {name: dds.add_job(service=name, seconds=300) for name in NAMES}
    named = [f"{name}:{job_id}" for name, job_id in jobs.items()]
    named[1] = f"orders={named[1]}"
    done = await ddswait(*named, "--output", "json", **settings(dds))
    assert done.code == 0
    document = json.loads(done.stdout)
    assert {each["service"]: each["job_id"] for each in document["jobs"]} == jobs
    assert f"1 job of rds at {dds.endpoint_of('rds')}, " in done.stderr
    assert f"orders (rds:{jobs['rds']})" not in done.stderr
    asked = {each.path.split("/")[1] for each in dds.requests if each.status == 200}
    assert asked == {*NAMES[1:], "v3", "v3.1"} - {"v3" if "v3" not in asked else ""}


async def test_comma_separated_ids_behind_a_service_are_all_of_it(
    ddswait: Command, dds: Simulator
) -> None:
    """TaurusDB joins the IDs of one reply so; each is a job."""
    jobs = [dds.add_job(service="taurusdb") for _ in range(2)]
    other = dds.add_job()
    done = await ddswait(f"gaussdb-mysql:{','.join(jobs)}", other, **settings(dds))
    assert done.code == 0
    assert all(job_id in done.stdout for job_id in [*jobs, other])


async def test_instance_that_is_not_found_may_be_of_another_service(
    ddswait: Command, dds: Simulator
) -> None:
    """The end of its ID tells which one, and that one knows it."""
    instance_id = dds.plans[dds.add_job(service="rds", seconds=1)].instance_id
    done = await ddswait("--ready", "--grace", "5s", "--instance", instance_id, **settings(dds))
    assert done.code == 3
    assert "its ID is like that of an instance of rds: ask rds for it" in done.stdout
    endpoint = {"DDSWAIT_ENDPOINT": dds.endpoint_of("rds")}
    done = await ddswait("--service", "rds", "--ready", "--instance", instance_id, **endpoint)
    assert done.code == 0, done.stderr


async def test_service_that_refuses_stops_no_wait_for_others(
    ddswait: Command, dds: Simulator
) -> None:
    """Its jobs end at once, with a message that names it; the others complete."""
    refused, others = dds.add_job(service="rds"), [dds.add_job(), dds.add_job(service="ddm")]
    dds.inject("forbidden", count=None, job_id=refused)
    done = await ddswait(f"rds:{refused}", f"dds:{others[0]}", f"ddm:{others[1]}", **settings(dds))
    assert done.code == 4
    assert all(f"{job_id}\tcompleted" in done.stdout for job_id in others)
    assert f"rds:{refused} refused" in done.stderr
    assert "2 completed, 1 refused" in done.stderr
    assert dds.endpoint_of("rds") in done.stderr


@pytest.mark.parametrize("jobs", [2, 6])
async def test_credentials_are_obtained_once_for_all_services(
    ddswait: Command, dds: Simulator, jobs: int
) -> None:
    """One token serves every service."""
    named = [f"{name}:{dds.add_job(service=name)}" for name in NAMES[:jobs]]
    login = {
        "HW_USER_NAME": dds.user,
        "HW_USER_PASSWORD": dds.password,
        "HW_DOMAIN_NAME": dds.domain,
    }
    env = {"HW_AUTH_TOKEN": "", "HW_AUTH_URL": dds.address, **login}
    done = await ddswait(*named, **settings(dds), **env)
    assert done.code == 0, done.stderr
    assert sum(each.path == "/v3/auth/tokens" for each in dds.requests) == 1


async def test_wrong_password_is_sent_once_for_all_services(
    ddswait: Command, dds: Simulator
) -> None:
    """A user who is refused too often is locked."""
    named = [f"{name}:{dds.add_job(service=name)}" for name in NAMES]
    login = {"HW_USER_NAME": dds.user, "HW_USER_PASSWORD": "s3cret", "HW_DOMAIN_NAME": dds.domain}
    env = {"HW_AUTH_TOKEN": "", "HW_AUTH_URL": dds.address, **login}
    done = await ddswait(*named, **settings(dds), **env)
    assert done.code == 4
    assert [each.path for each in dds.requests] == ["/v3/auth/tokens"]
    assert "6 jobs refused: HTTP 401" in done.stderr


async def test_rate_is_that_of_each_service(ddswait: Command, dds: Simulator) -> None:
    """A slow service, or one with many jobs, delays no other."""
    named = [f"{name}:{dds.add_job(service=name, seconds=1)}" for name in ("rds", "ddm", "dds")]
    done = await ddswait(*named, "--rate", "1/5m", **settings(dds))
    assert done.code == 0
    first = [each.path.split("/")[1] for each in dds.requests if each.at < 5.0]
    assert sorted(first) == ["ddm", "rds", "v3"]


@pytest.mark.parametrize(("jobs", "warned"), [(15, False), (25, True)])
async def test_rate_that_is_too_low_for_one_service_is_a_warning(
    ddswait: Command, dds: Simulator, jobs: int, warned: bool
) -> None:
    """That of another service does not count."""
    named = [
        f"{name}:{dds.add_job(service=name, seconds=1)}"
        for name in ("rds", "ddm")
        for _ in range(jobs)
    ]
    done = await ddswait(*named, "--rate", "1/s", "--timeout", "20s", **settings(dds))
    assert (f"{jobs} jobs at --rate 1/s need at least {jobs}s" in done.stderr) == warned


async def test_state_resumes_a_mixed_gate(ddswait: Command, dds: Simulator, tmp_path: Path) -> None:
    """The file knows the service of each job, so that no option is needed again."""
    state = str(tmp_path / "state.json")
    lengths = {"rds": 60, "geminidb": 900, "dds": 900}
    jobs = {name: dds.add_job(service=name, seconds=lengths[name]) for name in lengths}
    named = [f"{name}:{job_id}" for name, job_id in jobs.items()]
    done = await ddswait(*named, "--state", state, "--wait-for", "any", **settings(dds))
    assert done.code == 0
    polls = dds.polls[jobs["rds"]]
    done = await ddswait("--state", state, "--output", "json", **settings(dds))
    assert done.code == 0, done.stderr
    records = {each["service"]: each for each in json.loads(done.stdout)["jobs"]}
    assert {name: records[name]["job_id"] for name in records} == jobs
    assert {each["job"]["status"] for each in records.values()} == {"Completed"}
    assert dds.polls[jobs["rds"]] == polls


async def test_job_of_another_service_than_before_begins_anew(
    ddswait: Command, dds: Simulator, tmp_path: Path
) -> None:
    """Whoever forgot the service names it in the next run, which does not skip the job."""
    state, job_id = str(tmp_path / "state.json"), dds.add_job(service="rds")
    done = await ddswait("--state", state, job_id, "--grace", "5s", **settings(dds))
    assert done.code == 3
    assert "of another service than dds, or" in done.stderr
    endpoint = {"DDSWAIT_ENDPOINT": dds.endpoint_of("rds")}
    done = await ddswait("--state", state, "--service", "rds", job_id, **endpoint)
    assert done.code == 0, done.stderr


async def test_command_that_resumes_names_the_services(ddswait: Command, dds: Simulator) -> None:
    """It can be pasted without another option."""
    jobs = {name: dds.add_job(service=name, seconds=900) for name in ("rds", "dds")}
    done = await ddswait(
        f"orders=rds:{jobs['rds']}", jobs["dds"], "--timeout", "60s", **settings(dds)
    )
    assert done.code == 124
    command = done.stderr.partition("to resume: ")[2].splitlines()[0]
    assert command.endswith(f" orders=rds:{jobs['rds']} {jobs['dds']}")


@pytest.mark.parametrize(
    ("region", "hint"),
    [
        ("", "set HW_REGION_NAME"),
        ("ap-southeast-1", "set HUAWEICLOUD_SDK_REGION_RDS_AP_SOUTHEAST_1"),
    ],
)
async def test_endpoint_that_is_set_is_that_of_one_service(
    ddswait: Command, dds: Simulator, region: str, hint: str
) -> None:
    """Nothing is sent to that of another service as long as it is in doubt."""
    with pytest.raises(ConfigurationError) as caught:
        await ddswait(f"rds:{dds.add_job(service='rds')}", dds.add_job(), HW_REGION_NAME=region)
    message = str(caught.value)
    assert "DDSWAIT_ENDPOINT sets the endpoint of dds only" in message or not region
    assert hint in message
    assert "--service rds" in message
    assert not dds.requests


async def test_endpoint_may_be_that_of_the_chosen_service(ddswait: Command, dds: Simulator) -> None:
    """`--service` says whose the endpoint is."""
    job_id = dds.add_job(service="rds")
    done = await ddswait("--service", "rds", job_id, DDSWAIT_ENDPOINT=dds.endpoint_of("rds"))
    assert done.code == 0, done.stderr


async def test_history_is_kept_by_service_and_task(
    ddswait: Command, dds: Simulator, tmp_path: Path
) -> None:
    """Jobs of two services with one name do not mix."""
    path = str(tmp_path / "history.json")
    jobs = [
        f"geminidb:{dds.add_job(service='geminidb', name='CreateInstance', seconds=300)}",
        f"ddm:{dds.add_job(service='ddm', name='CreateInstance', seconds=900)}",
    ]
    done = await ddswait(*jobs, "--history", path, **settings(dds))
    assert done.code == 0
    known = history.load(path)
    assert known.of_service("geminidb").median_of("CreateInstance") == pytest.approx(300, abs=2)
    assert known.of_service("ddm").median_of("CreateInstance") == pytest.approx(900, abs=2)


@pytest.mark.parametrize("service", NAMES)
async def test_instances_of_each_service_are_waited_for(
    ddswait: Command, dds: Simulator, service: str
) -> None:
    """After the job with --ready, and without a job with --instance."""
    job_id = dds.add_job(service=service, seconds=60)
    instance_id = dds.plans[job_id].instance_id
    done = await ddswait(
        *("--ready", "--instance", f"{service}:{instance_id}", f"{service}:{job_id}"),
        **settings(dds),
    )
    assert done.code == 0, done.stderr
    assert f"instance:{instance_id}\tcompleted" in done.stdout

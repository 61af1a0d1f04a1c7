"""A real scheduler and real triggerers: what happens to the jobs, whoever is killed."""

from __future__ import annotations

import json
import random
import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from ddswait.airflow.kept_state import unpacked_state
from tests.airflow.deployment import PROGRAMS, Airflow, deployment, kill, until
from tests.cloud_process import Cloud, serving

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not PROGRAMS, reason="PostgreSQL is missing")]


@pytest.fixture(scope="module")
def airflow() -> Iterator[Airflow]:
    with serving() as cloud, deployment(cloud) as made:
        made.start("api-server", "api-server")
        made.start("scheduler", "scheduler", "--skip-serve-logs")
        made.run("dags", "reserialize")
        until(made.is_up, "the API server")
        for dag in ("waiting", "poking", "mapped"):
            made.unpause(dag)
        yield made


@contextmanager
def triggering(airflow: Airflow, name: str) -> Iterator[subprocess.Popen[bytes]]:
    process = airflow.start(name, "triggerer", "--skip-serve-logs")
    try:
        # Its child runs the triggers.
        until(lambda: psutil.Process(process.pid).children(), "the triggerer")
        yield process
    finally:
        if process.poll() is None:
            kill(process)


@pytest.fixture
def triggerer(airflow: Airflow) -> Iterator[subprocess.Popen[bytes]]:
    with triggering(airflow, "triggerer") as process:
        yield process


def jobs_of(cloud: Cloud, count: int, **plan: Any) -> list[str]:
    return [cloud.held_job(**plan) for _ in range(count)]


def polls_of(cloud: Cloud, job_ids: list[str]) -> dict[str, int]:
    return {job_id: cloud.show(job_id)["polls"] for job_id in job_ids}


def requests_of(cloud: Cloud) -> int:
    return int(sum(cloud.stats()["statuses"].values()))


def ended_in(kept: str) -> int:
    state = unpacked_state(kept) if kept else None
    return len(state.jobs) - len(state.open) if state else 0


def test_next_triggerer_goes_on(airflow: Airflow, triggerer: subprocess.Popen[bytes]) -> None:
    """Kill -9 while 500 jobs are waited for: each is accounted for, and none is asked again."""
    cloud, run_id = airflow.cloud, "killed"
    jobs = jobs_of(cloud, 500)
    airflow.trigger("waiting", run_id, job_ids=jobs)
    airflow.wait_until_deferred(run_id)
    for job_id in jobs[:200]:
        cloud.end(job_id)

    def kept() -> str:
        return str(airflow.xcom(run_id, "ddswait_state") or "")

    until(lambda: ended_in(kept()) == 200, "the state with 200 ended jobs")
    before, deadline = polls_of(cloud, jobs[:200]), unpacked_state(kept()).deadline
    with triggering(airflow, "standby"):
        kill(triggerer)
        killed_at, polls = time.monotonic(), requests_of(cloud)
        until(lambda: requests_of(cloud) > polls, "polls of the standby")
        print(f"seconds without polls: {time.monotonic() - killed_at:.0f}")
        for job_id in jobs[200:]:
            cloud.end(job_id)
        until(lambda: airflow.state(run_id) == "success", "the end of the task")
    outcomes = airflow.xcom(run_id, "outcomes")
    assert {each["job_id"] for each in outcomes} == set(jobs)
    assert {each["outcome"] for each in outcomes} == {"completed"}
    assert polls_of(cloud, jobs[:200]) == before
    assert unpacked_state(kept()).deadline == deadline


@pytest.mark.parametrize("what", ["failed", "cleared"])
def test_user_stops_the_polls(
    airflow: Airflow, triggerer: subprocess.Popen[bytes], what: str
) -> None:
    """Failing or clearing the task ends the polls of its trigger, while those of others go on."""
    cloud, run_id, other = airflow.cloud, f"stopped-{what}", f"beside-{what}"
    jobs, beside = jobs_of(cloud, 5), jobs_of(cloud, 1)
    airflow.trigger("waiting", other, job_ids=beside)
    airflow.trigger("waiting", run_id, job_ids=jobs)
    until(lambda: min(polls_of(cloud, jobs + beside).values()) > 1, "polls")
    if what == "failed":
        airflow.change("waiting", run_id, "failed")
    else:
        airflow.allow(0)  # else the next trigger polls
        airflow.clear("waiting", run_id)

    def let_pass(intervals: int) -> None:
        """Let so many polls of the other task pass."""
        (before,) = polls_of(cloud, beside).values()
        until(lambda: polls_of(cloud, beside)[beside[0]] >= before + intervals, "the other's polls")

    let_pass(10)
    polls = polls_of(cloud, jobs)
    let_pass(5)
    assert polls_of(cloud, jobs) == polls
    airflow.allow(128)
    for job_id in jobs + beside:
        cloud.end(job_id)
    until(lambda: airflow.state(other) == "success", "the end of the other task")


def test_five_thousand_jobs_in_one_trigger(
    airflow: Airflow, triggerer: subprocess.Popen[bytes]
) -> None:
    """All are accounted for; memory and CPU time of the triggerer are printed."""
    cloud, run_id = airflow.cloud, "many"
    seed = random.Random(1)
    jobs = [cloud.job(seconds=seed.uniform(60, 90)) for _ in range(5000)]
    idle = cost_of(triggerer)
    airflow.trigger("waiting", run_id, job_ids=jobs)
    most = idle[0]
    while (state := airflow.state(run_id)) not in {"success", "failed"}:
        most = max(most, cost_of(triggerer)[0])
        assert state != "up_for_retry"
        time.sleep(1)
    used = cost_of(triggerer)
    print(f"MB: idle {idle[0]:.0f}, most {most:.0f}; CPU seconds: {used[1] - idle[1]:.1f}")
    outcomes = airflow.xcom(run_id, "outcomes")
    assert len(outcomes) == 5000
    assert {each["outcome"] for each in outcomes} == {"completed"}
    assert len(json.dumps(airflow.xcom(run_id, "return_value"))) < 200_000
    log = airflow.log_of(run_id)
    assert log.count("5,000 jobs") < 20
    print("\n".join(re.findall(r"thread was blocked for [\d.]+ s", airflow.output("triggerer"))))


def cost_of(process: subprocess.Popen[bytes]) -> tuple[float, float]:
    """Return the memory in MB and the CPU seconds of a triggerer and its child."""
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    times = [each.cpu_times() for each in family]
    memory = max(each.memory_info().rss for each in family) / 1e6
    return memory, sum(each.user + each.system for each in times)


def test_reason_of_a_failed_job_is_in_the_log(
    airflow: Airflow, triggerer: subprocess.Popen[bytes]
) -> None:
    """And in the message of the error, which no retry follows."""
    run_id = "unlucky"
    good, bad = jobs_of(airflow.cloud, 2)
    airflow.trigger("waiting", run_id, job_ids=[good, bad])
    airflow.wait_until_deferred(run_id)
    airflow.cloud.end(good)
    airflow.cloud.end(bad, fails="no quota in az2")
    until(lambda: airflow.state(run_id) == "failed", "the failed task")
    log = airflow.log_of(run_id)
    assert f"{bad} failed: job {bad} failed: no quota in az2" in log
    assert "AirflowFailException" in log


def test_sensor_pokes_without_a_triggerer(airflow: Airflow) -> None:
    """`deferrable=False` waits in the worker."""
    run_id = "poked"
    jobs = [airflow.cloud.job(seconds=seconds) for seconds in (0.1, 3)]
    airflow.trigger("poking", run_id, job_ids=jobs)
    until(lambda: airflow.state(run_id) == "success", "the end of the task")
    outcomes = airflow.xcom(run_id, "outcomes")
    assert [each["outcome"] for each in outcomes] == ["completed", "completed"]


def test_each_mapped_task_keeps_its_own_outcomes(
    airflow: Airflow, triggerer: subprocess.Popen[bytes]
) -> None:
    """Two batches of one sensor, of which one is larger than an event."""
    cloud, run_id = airflow.cloud, "both"
    batches = [jobs_of(cloud, size) for size in (2, 101)]
    airflow.trigger("mapped", run_id, batches=batches)
    airflow.wait_until_deferred(run_id, tasks=2)
    for job_id in batches[0] + batches[1]:
        cloud.end(job_id)
    until(lambda: airflow.state(run_id) == "success\nsuccess", "the end of both tasks")
    for index, batch in enumerate(batches):
        outcomes = airflow.xcom(run_id, "outcomes", index=index)
        assert [each["job_id"] for each in outcomes] == batch


def test_database_holds_no_secret(airflow: Airflow, triggerer: subprocess.Popen[bytes]) -> None:
    """While a task is deferred, and after it: neither key, nor token, nor its security token."""
    cloud, run_id = airflow.cloud, "secret"
    extra = {"project_id": "p", "security_token": "simulated-security", "rate": "5/s"}
    airflow.connect("keys", login="AKIDsimulated", password="simulated-secret-key", extra=extra)
    (job_id,) = jobs_of(cloud, 1)
    airflow.trigger("waiting", run_id, job_ids=[job_id])
    airflow.wait_until_deferred(run_id)
    until(lambda: cloud.show(job_id)["polls"], "a poll")
    deferred = airflow.database.dump()
    cloud.end(job_id)
    until(lambda: airflow.state(run_id) == "success", "the end of the task")
    for dump in (deferred, airflow.database.dump()):
        assert job_id in dump  # what is searched is there at all
        for secret in (cloud.env["HW_AUTH_TOKEN"], "simulated-secret-key", "simulated-security"):
            assert secret not in dump

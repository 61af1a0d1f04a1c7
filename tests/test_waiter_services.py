"""A waiter and the services beside DDS, over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from ddswait import JobNotFound, OutcomeKind, Token, Waiter, WaitError, history
from ddswait.errors import InputError
from ddswait.outcome import Refusal, Scope
from ddswait.runtime.client import Client
from ddswait.scheduler.durations import Durations
from ddswait.service import registry, service_named
from ddswait.service.registry import Row
from tests.cli.in_process import Command
from tests.service.test_family import FACTS, sample

Answer = tuple[int, Any]
MADE_UP = """
from ddswait.job import JobPhase
from ddswait.service.adapter import Adapter
from ddswait.service.table import ServiceTable

SERVICE = Adapter(
    ServiceTable(
        name="madeup",
        job_path="/v9/{project}/tasks/{id}",
        job_key="tasks",
        phases={"BUSY": JobPhase.RUNNING, "DONE": JobPhase.COMPLETED},
        ready_statuses=frozenset({"UP"}),
        hopeless_statuses=frozenset({"LOST"}),
        progress=("process",),
    )
)
"""


class Cloud:
    """A host that answers as a test says, and keeps what it was asked.

    Args:
        answer: status and document for a request.
    """

    def __init__(self) -> None:
        self.answer: Callable[[web.Request], Answer] = lambda _: (500, {})
        self.asked: list[tuple[str, float]] = []
        self.endpoint = ""

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append((request.path, asyncio.get_running_loop().time()))
        status, document = self.answer(request)
        return web.Response(
            status=status, body=document if isinstance(document, bytes) else json.dumps(document)
        )

    def waiter(self, service: str, **settings: Any) -> Waiter:
        return Waiter(
            endpoint=self.endpoint, project_id="p", auth=Token("t"), service=service, **settings
        )


@pytest_asyncio.fixture
async def cloud() -> AsyncIterator[Cloud]:
    host, application = Cloud(), web.Application()
    application.router.add_route("*", "/{path:.*}", host.handle)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address, port = runner.addresses[0]
    host.endpoint = f"http://{address}:{port}"
    yield host
    await runner.cleanup()


async def test_service_is_added_by_one_file_and_one_row(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A made-up service is waited for as the others are; without a list, none is requested."""
    (tmp_path / "made_up_service.py").write_text(MADE_UP)
    monkeypatch.syspath_prepend(tmp_path)
    row = Row("made_up_service", ("made-up",), ("in99",))
    monkeypatch.setitem(registry.ROWS, "madeup", row)
    left = {job_id: ["BUSY", "BUSY", "DONE"] for job_id in map(str, range(40))}

    def answer(request: web.Request) -> Answer:
        job_id = request.path.rpartition("/")[2]
        words = left[job_id]
        word = words.pop(0) if len(words) > 1 else words[0]
        return 200, {"tasks": [{"id": job_id, "status": word, "process": "7"}]}

    cloud.answer = answer
    async with cloud.waiter("made-up") as waiter:
        outcomes = await waiter.wait_all(list(left))
    assert {outcome.kind for outcome in outcomes} == {OutcomeKind.COMPLETED}
    assert {path.rpartition("/")[0] for path, _ in cloud.asked} == {"/v9/p/tasks"}


async def test_command_line_knows_a_service_that_was_added(
    cloud: Cloud, ddswait: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By name, by alias, before an ID, and by the end of the instance's ID."""
    (tmp_path / "third_service.py").write_text(MADE_UP)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(registry.ROWS, "madeup", Row("third_service", ("made-up",), ("in99",)))
    cloud.answer = lambda request: (
        200,
        {"tasks": [{"id": request.path.rpartition("/")[2], "status": "DONE"}]},
    )
    here = {"DDSWAIT_ENDPOINT": cloud.endpoint}
    there = {"HUAWEICLOUD_SDK_REGION_MADEUP_XX_SIM_1": cloud.endpoint, "HW_REGION_NAME": "xx-sim-1"}
    reply = json.dumps({"job_id": "d", "instance": {"id": f"{'0' * 32}in99"}})
    for arguments, text, env in (
        (["--service", "made-up", "a"], "", here),
        (["madeup:b", "o=made-up:c"], "", there),
        (["-"], reply, there),
    ):
        done = await ddswait(*arguments, text=text, **env)
        assert done.code == 0, done.stderr
    assert [path.rpartition("/")[2] for path, _ in cloud.asked] == [*"abcd"]


@pytest.mark.parametrize("name", FACTS)
async def test_job_of_each_service_is_waited_for(cloud: Cloud, name: str) -> None:
    """Unknown at first, as a new job is, then running, then completed."""
    facts = FACTS[name]
    steps = [
        (facts.unknown, sample(name, "unknown-job")),
        (200, sample(name, "job-running")),
        (200, sample(name, "job-completed")),
    ]

    def answer(request: web.Request) -> Answer:
        if facts.job_id in request.path_qs:
            return steps.pop(0)
        return 200, sample(name, "list")

    cloud.answer = answer
    async with cloud.waiter(name) as waiter:
        job = await waiter.wait(facts.job_id)
    assert (job.id, job.name, job.instance) == (facts.job_id, facts.name, facts.instance)
    assert not steps


async def test_instance_of_rds_that_flaps_is_not_ready(cloud: Cloud) -> None:
    """Right after a creation it is ACTIVE for a moment: two polls in a row must find it so."""
    facts = FACTS["rds"]
    states = ["BUILD", "ACTIVE", "BACKING UP", "ACTIVE", "ACTIVE"]

    def answer(request: web.Request) -> Answer:
        if request.path.endswith("/jobs"):
            return 200, sample("rds", "job-completed")
        return 200, {"instances": [{"id": facts.instance.id, "status": states.pop(0)}]}

    cloud.answer = answer
    async with cloud.waiter("rds") as waiter:
        await waiter.wait(facts.job_id, ready=True)
    assert not states
    times = [at for path, at in cloud.asked if path.endswith("/instances")]
    assert times[-1] - times[-2] == pytest.approx(10.0)


async def test_job_that_is_not_found_may_be_of_another_service(cloud: Cloud) -> None:
    """The message names the one that was asked, in words that fit the command and the library."""
    cloud.answer = lambda _: (200, {"jobs": [], "total_count": 0})
    async with cloud.waiter("geminidb") as waiter:
        with pytest.raises(JobNotFound) as caught:
            await waiter.wait("x")
    assert "of another service than geminidb, or" in str(caught.value)
    assert "--" not in str(caught.value)


async def test_instance_that_is_not_found_may_be_of_another_service(cloud: Cloud) -> None:
    """The end of its ID tells which one, and the message says so."""
    cloud.answer = lambda _: (200, {"instances": []})
    async with cloud.waiter("dds") as waiter:
        with pytest.raises(WaitError, match=r"an instance of rds: ask rds for it$"):
            await waiter.wait_for_instance(FACTS["rds"].instance.id)


def done(name: str) -> Callable[[web.Request], Answer]:
    return lambda _: (200, sample(name, "job-completed"))


async def test_history_is_kept_by_service(cloud: Cloud, tmp_path: Path) -> None:
    """Jobs of two services with one name are two kinds of jobs, in memory and in the file."""
    durations, path = Durations(), tmp_path / "history.json"
    for name in ("geminidb", "ddm"):
        cloud.answer = done(name)
        async with cloud.waiter(name, durations=durations) as waiter:
            await waiter.wait(FACTS[name].job_id)
    history.save(path, durations)
    for known in (durations, history.load(path)):
        of = {name: known.of_service(name).median_of("CreateInstance") for name in registry.NAMES}
        assert of == {
            "dds": None,
            "rds": None,
            "taurusdb": None,
            "gaussdb": None,
            "geminidb": pytest.approx(660.0),
            "ddm": pytest.approx(360.0),
        }
        assert len(known) == 2


def test_history_of_an_older_version_is_that_of_dds(tmp_path: Path) -> None:
    """Its names have no service; no other service believes them."""
    path = tmp_path / "history.json"
    path.write_text('{"durations, version 1": {"createinstance": {"x": 60.0}}}')
    known = history.load(path)
    assert known.of_service("dds").median_of("CreateInstance") == pytest.approx(60.0)
    assert known.of_service("rds").median_of("CreateInstance") is None


async def test_service_comes_from_the_environment(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DDSWAIT_SERVICE sets it, and an argument wins."""
    monkeypatch.setenv("DDSWAIT_SERVICE", "nosql")
    settings: Any = {"endpoint": cloud.endpoint, "project_id": "p", "auth": Token("t")}
    for name, argument in (("geminidb", ""), ("ddm", "ddm")):
        cloud.answer = done(name)
        async with Waiter.from_env(service=argument, **settings) as waiter:
            assert (await waiter.wait(FACTS[name].job_id)).is_final


@pytest.mark.parametrize(
    ("variable", "argument", "message"),
    [
        ("rdss", "", "DDSWAIT_SERVICE: unknown service 'rdss': did you mean 'rds'"),
        ("vpc", "", "DDSWAIT_SERVICE: service 'vpc' is not supported"),
        ("rds", "ddss", "^unknown service 'ddss': did you mean 'dds'"),
    ],
)
def test_unknown_service_names_its_origin(
    monkeypatch: pytest.MonkeyPatch, variable: str, argument: str, message: str
) -> None:
    """Before anything is looked for or polled."""
    monkeypatch.setenv("DDSWAIT_SERVICE", variable)
    with pytest.raises(InputError, match=message):
        Waiter.from_env(service=argument)


async def test_check_of_a_service_without_a_list_asks_for_none(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """That there is no list is a refusal of lists alone, and no request."""
    (tmp_path / "another_service.py").write_text(MADE_UP)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(registry.ROWS, "madeup", Row("another_service"))
    client = Client(service_named("madeup"), cloud.endpoint, "p", Token("t"), connections=1)
    reply = await client.list_one(0.0)
    await client.close()
    assert isinstance(reply, Refusal)
    assert reply.scope is Scope.OPERATION
    assert not cloud.asked

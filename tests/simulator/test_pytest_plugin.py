"""ddswait.simulator.pytest_plugin: the fixtures, under each plugin that runs asynchronous tests."""

import asyncio
import importlib
import re
from pathlib import Path

import pytest

from ddswait.runtime import transport
from ddswait.simulator import Simulator
from ddswait.virtual_time import VirtualTimeLoop
from tests.simulator.calls import call, jobs

PAGE = (Path(__file__).parents[2] / "docs" / "testing.md").read_text()

WAIT = """
import asyncio
import pytest
import ddswait
from ddswait.virtual_time import VirtualTimeLoop

async def wait(dds, seconds):
    job_id = dds.add_job(seconds=seconds, visible_after=0)
    async with ddswait.Waiter(
        endpoint=dds.endpoint, project_id=dds.project_id, auth=ddswait.Token(dds.token)
    ) as waiter:
        assert (await waiter.wait(job_id)).id == job_id

def is_virtual():
    return isinstance(asyncio.get_running_loop(), VirtualTimeLoop)
"""

TESTS = """
async def test_own_loop(dds_simulator):
    assert not is_virtual()
    await wait(dds_simulator, 0)

async def test_virtual_time(virtual_dds_simulator):
    assert is_virtual()
    await wait(virtual_dds_simulator, 3_000)

async def test_without_simulator():
    assert not is_virtual()

@pytest.fixture
async def place(dds_simulator):
    return dds_simulator.endpoint

async def test_fixture_of_the_fixture(dds_simulator, place):
    assert place == dds_simulator.endpoint
"""

ANYIO = """
pytestmark = pytest.mark.anyio

@pytest.fixture
def anyio_backend(request):
    if "virtual_dds_simulator" in request.fixturenames:
        return "asyncio", {"loop_factory": VirtualTimeLoop}
    return "asyncio"
"""


INI = """
[pytest]
asyncio_default_fixture_loop_scope = function
filterwarnings =
    error
    ignore:Unknown config option. asyncio_default_fixture_loop_scope:pytest.PytestConfigWarning
"""

# pytester forgets what a run imports. So everything is imported before, or it would be there twice.
transport.load()
importlib.import_module("ddswait.waiter")


def run(pytester: pytest.Pytester, code: str, *arguments: str) -> pytest.RunResult:
    """Run a module of tests; deprecated hooks and anything left unawaited are errors."""
    pytester.makeini(INI)
    pytester.makepyfile(code)
    return pytester.runpytest_inprocess("-p", "no:cacheprovider", *arguments)


async def test_fixture_is_a_running_simulator(dds_simulator: Simulator) -> None:
    """The fixture is a simulator that replies."""
    job_id = dds_simulator.add_job(visible_after=0)
    assert (await call(dds_simulator, "GET", jobs(dds_simulator, job_id))).status == 200


@pytest.mark.real_time
async def test_virtual_fixture_wins_over_the_loops_of_a_conftest(
    virtual_dds_simulator: Simulator,
) -> None:
    """This project's own hook gives a test with this mark asyncio's own loop."""
    assert isinstance(asyncio.get_running_loop(), VirtualTimeLoop)
    assert virtual_dds_simulator.endpoint


@pytest.mark.parametrize("mode", ["auto", "strict"])
def test_both_fixtures_work_with_pytest_asyncio(pytester: pytest.Pytester, mode: str) -> None:
    """In both of its modes; only the test that names the virtual fixture has virtual time."""
    mark = "pytestmark = pytest.mark.asyncio\n" if mode == "strict" else ""
    tests = (
        TESTS
        if mode == "auto"
        else TESTS.replace("@pytest.fixture", "@__import__('pytest_asyncio').fixture")
    )
    run(pytester, WAIT + mark + tests, f"--asyncio-mode={mode}").assert_outcomes(passed=4)


@pytest.mark.parametrize("without", [(), ("-p", "no:asyncio")])
def test_both_fixtures_work_with_anyio(pytester: pytest.Pytester, without: tuple[str, ...]) -> None:
    """Whether pytest-asyncio is installed too or not."""
    run(pytester, WAIT + ANYIO + TESTS, *without).assert_outcomes(passed=4)


def test_ids_of_tests_do_not_change(pytester: pytest.Pytester) -> None:
    """No ID gets a parameter, so reports and selections of tests stay as they are."""
    result = run(pytester, WAIT + TESTS, "--asyncio-mode=auto", "--collect-only", "-q")
    names = [line.split("::")[1] for line in result.outlines if "::" in line]
    assert names == [
        "test_own_loop",
        "test_virtual_time",
        "test_without_simulator",
        "test_fixture_of_the_fixture",
    ]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "def test(dds_simulator): ...",
            "*dds_simulator needs an `async def` test that pytest-asyncio or anyio runs*",
        ),
        (
            f"{WAIT}\npytestmark = pytest.mark.anyio\nasync def test(virtual_dds_simulator): ...",
            "*virtual_dds_simulator needs a test in virtual time*",
        ),
    ],
)
def test_test_in_a_wrong_loop_is_told_what_to_do(
    pytester: pytest.Pytester, code: str, message: str
) -> None:
    """One line without a traceback."""
    result = run(pytester, code, "-k", "not trio")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([message])
    result.stdout.no_fnmatch_line("*Traceback*")


@pytest.mark.parametrize("plugin", ["asyncio", "anyio"])
def test_examples_of_the_page_run_as_they_are(pytester: pytest.Pytester, plugin: str) -> None:
    """docs/testing.md: an hour of jobs passes in a moment, under each plugin."""
    section = PAGE.partition("## With pytest")[2].partition("\n## ")[0]
    tests, anyio = re.findall(r"^```python\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    if plugin == "asyncio":
        result = run(pytester, tests, "--asyncio-mode=auto")
    else:
        result = run(pytester, f"{tests}\n{anyio}", "-p", "no:asyncio")
    result.assert_outcomes(passed=1)

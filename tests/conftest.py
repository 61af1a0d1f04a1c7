"""Every async test runs in virtual time, unless it is marked `real_time`.

Nothing asks the metadata service of the machine that tests run on, and whatever a test printed or
logged is searched for the simulator's secrets.
"""

import asyncio
from collections.abc import Callable, Generator, Mapping

import pytest
from hypothesis import HealthCheck, settings

from ddswait.virtual_time import VirtualTimeLoop

pytest_plugins = ["tests.cloud_process", "tests.cli.in_process"]

SECRETS = ("simulated-token", "simulated-secret-key", "simulated-password", "s3cret")


# A busy machine must not fail a test: no deadline, and no health check of the machine's speed.
for profile, examples in (("quick", 20), ("thorough", 100)):
    settings.register_profile(
        profile,
        max_examples=examples,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )


def pytest_configure(config: pytest.Config) -> None:
    is_quick = config.getoption("markexpr") == "not slow"
    settings.load_profile("quick" if is_quick else "thorough")
    config.addinivalue_line("markers", "real_time: runs on asyncio's own clock, and says why")


def pytest_asyncio_loop_factories(
    item: pytest.Item,
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    if item.get_closest_marker("real_time"):
        return {"real": asyncio.SelectorEventLoop}
    return {"virtual": VirtualTimeLoop}


@pytest.fixture(autouse=True)
def _no_metadata_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DDSWAIT_METADATA", "off")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    for title, text in report.sections:
        shown = [secret for secret in SECRETS if secret in text]
        if report.passed and shown:
            report.outcome = "failed"
            report.longrepr = f"{title} shows {shown}"
    return report

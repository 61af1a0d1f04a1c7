"""Every async test runs in virtual time, unless it is marked `real_time`.

Nothing asks the metadata service of the machine that tests run on, and whatever a test printed or
logged is searched for the simulator's secrets.

Hypothesis tries 25 examples a test. `pytest --hypothesis-profile=thorough` tries 500.
"""

import asyncio
import signal
from collections.abc import Callable, Generator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from ddswait.virtual_time import VirtualTimeLoop

pytest_plugins = ["pytester", "tests.cloud_process", "tests.cli.in_process", "tests.nameless"]

# No deadline and no complaint about slow examples: on a busy machine every example is slow.
_UNHURRIED: Any = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("quick", max_examples=25, **_UNHURRIED)
settings.register_profile("thorough", max_examples=500, **_UNHURRIED)
settings.load_profile("quick")

SECRETS = ("simulated-token", "simulated-secret-key", "simulated-password", "s3cret")


def pytest_configure(config: pytest.Config) -> None:
    # nohup and background jobs ignore these, and so would every process that a test starts.
    for number in (signal.SIGHUP, signal.SIGQUIT):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
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

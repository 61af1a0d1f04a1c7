"""ddswait.runtime.log: lines that hold their values, and the application's own structlog."""

import asyncio
import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from ddswait.runtime.log import is_enabled, log

STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


@pytest.fixture(autouse=True)
def _without_structlog_of_others() -> Iterator[None]:
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def values(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in STANDARD}


def run(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout == b""
    return done.stderr.decode()


def test_silent_until_configured() -> None:
    """Without a logging configuration nothing is printed, and structlog is not even loaded."""
    program = (
        "import sys, logging; from ddswait.runtime.log import log; log(logging.INFO, 'a');"
        "log(logging.ERROR, 'b'); assert 'structlog' not in sys.modules"
    )
    assert run(program) == ""


def test_basic_config_is_enough_to_read_the_values() -> None:
    """Under `logging.basicConfig(level=INFO)` a line holds the job ID and the other values."""
    program = (
        "import logging; logging.basicConfig(level=logging.INFO);"
        "from ddswait.runtime.log import log;"
        "log(logging.WARNING, 'ddswait.job_failed', job_id='a97-0',"
        " message_text='job a97-0 failed: no \\n \"quota\"', polls=4, job_name=None)"
    )
    assert run(program) == (
        "WARNING:ddswait:ddswait.job_failed job_id=a97-0 "
        'message_text="job a97-0 failed: no \\n \\"quota\\"" polls=4 job_name=None\n'
    )


def test_record_holds_the_values_as_attributes(caplog: pytest.LogCaptureFixture) -> None:
    """A formatter that writes JSON finds the event's name and its values in the record."""
    log(logging.WARNING, "ddswait.x", job_id="a b", polls=4)
    (record,) = caplog.records
    assert values(record) == {"event": "ddswait.x", "job_id": "a b", "polls": 4}
    assert record.getMessage() == 'ddswait.x job_id="a b" polls=4'


@pytest.mark.parametrize("name", sorted(STANDARD))
def test_context_variable_collides_with_no_attribute(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A context variable may have the name of any attribute of a log record."""
    structlog.contextvars.bind_contextvars(**{name: "orders", "tenant": "t 1"})
    log(logging.WARNING, "ddswait.x", polls=4)
    (record,) = caplog.records
    text = record.getMessage()
    assert text.startswith("ddswait.x ")
    assert {f"{name}=orders", 'tenant="t', "polls=4"} <= set(text.split(" "))
    assert (record.name, record.levelname) == ("ddswait", "WARNING")


def test_value_collides_with_no_attribute_of_a_record_factory(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An application's record factory may set an attribute that one of our values has as well."""
    before = logging.getLogRecordFactory()

    def factory(*arguments: Any, **options: Any) -> logging.LogRecord:
        record = before(*arguments, **options)
        record.job_id = "of the application"
        return record

    logging.setLogRecordFactory(factory)
    try:
        log(logging.WARNING, "ddswait.x", job_id="ours")
    finally:
        logging.setLogRecordFactory(before)
    (record,) = caplog.records
    assert vars(record)["job_id"] == "of the application"
    assert record.getMessage() == "ddswait.x job_id=ours"


class Unprintable:
    """Has no text."""

    def __str__(self) -> str:
        raise LookupError


def test_value_without_a_text_costs_no_line(caplog: pytest.LogCaptureFixture) -> None:
    """A context variable whose value cannot be printed is replaced by its type."""
    structlog.contextvars.bind_contextvars(tenant=Unprintable())
    log(logging.WARNING, "ddswait.x", polls=4)
    assert caplog.messages == ['ddswait.x tenant="<Unprintable>" polls=4']


def test_percent_signs_are_no_placeholders(caplog: pytest.LogCaptureFixture) -> None:
    """A value that looks like a placeholder of `%` is printed as it is."""
    log(logging.WARNING, "ddswait.x", cause="100 % of %s and %(name)s")
    assert caplog.messages == ['ddswait.x cause="100 % of %s and %(name)s"']


def test_traceback_of_an_exception_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The exception of an event is logged with its traceback."""
    try:
        raise LookupError("mine")  # noqa: TRY301
    except LookupError as error:
        log(logging.ERROR, "ddswait.x", exc_info=error)
    assert "LookupError: mine" in caplog.text
    assert "Traceback" in caplog.text


class OddError(BaseException):
    """Not an `Exception`."""


@pytest.mark.parametrize("error", [LookupError, OddError, asyncio.CancelledError, StopIteration])
@pytest.mark.parametrize("loop", [True, False])
def test_logging_that_raises_loses_one_line(
    error: type[BaseException], loop: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever an application's filter raises, log() raises nothing; asyncio reports it."""

    def raising(record: logging.LogRecord) -> bool:
        raise error

    reported: list[str] = []

    async def in_a_loop() -> None:
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: reported.append(context["message"])
        )
        log(logging.WARNING, "ddswait.x")

    logger = logging.getLogger("ddswait")
    monkeypatch.setattr(logger, "filters", [raising])
    if loop:
        asyncio.run(in_a_loop())
        assert reported == ["the application's logging raised, so the log event ddswait.x is lost"]
    else:
        log(logging.WARNING, "ddswait.x")
        assert reported == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_logging_may_end_the_program(
    error: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`KeyboardInterrupt` and `SystemExit` of an application's handler are not swallowed."""

    def raising(record: logging.LogRecord) -> bool:
        raise error

    monkeypatch.setattr(logging.getLogger("ddswait"), "filters", [raising])
    with pytest.raises(error):
        log(logging.WARNING, "ddswait.x")


@pytest.mark.parametrize("is_async", [False, True])
async def test_structlog_that_is_configured_gets_native_events(is_async: bool) -> None:
    """An application that has configured structlog gets the event and its values as they are."""
    events: list[Any] = []

    def keep(_logger: Any, method: str, event: Any) -> Any:
        events.append((method, event))
        raise structlog.DropEvent

    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, keep],
        wrapper_class=(
            structlog.stdlib.AsyncBoundLogger
            if is_async
            else structlog.make_filtering_bound_logger(logging.INFO)
        ),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    structlog.contextvars.bind_contextvars(name="orders")
    error = LookupError()
    log(logging.ERROR, "ddswait.x", job_id="a", exc_info=error)
    if not is_async:
        log(logging.DEBUG, "ddswait.y")
        assert (is_enabled(logging.DEBUG), is_enabled(logging.INFO)) == (False, True)
    expected = {"event": "ddswait.x", "job_id": "a", "name": "orders", "exc_info": error}
    assert events == [("error", expected)]


def test_processor_that_raises_loses_one_line() -> None:
    """A processor of the application that raises does not reach ddswait."""

    def raising(*_: Any) -> Any:
        raise OddError

    structlog.configure(processors=[raising])
    log(logging.ERROR, "ddswait.x")
    assert is_enabled(logging.ERROR)


def test_structlog_that_is_only_imported_is_not_used(caplog: pytest.LogCaptureFixture) -> None:
    """Without a configuration structlog prints every line to stdout: logging gets them instead."""
    assert not structlog.is_configured()
    log(logging.WARNING, "ddswait.x")
    assert caplog.messages == ["ddswait.x"]

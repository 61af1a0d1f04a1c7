"""`-v`: the events of the library as log lines."""

import io
import json
import logging
import os
from collections.abc import Iterator

import pytest

from ddswait.cli.output import log_lines

EVIL = "\x1b[31m ##[error]x"


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    """The library's logger, as it was before once the test has ended."""
    found = logging.getLogger("ddswait")
    handlers, level, propagate = list(found.handlers), found.level, found.propagate
    yield found
    found.handlers, found.propagate = handlers, propagate
    found.setLevel(level)


def test_a_log_file_gets_json(logger: logging.Logger) -> None:
    """One object a line with level and time, and nothing that a runner obeys."""
    stream = io.StringIO()
    log_lines.configure(stream)
    logger.debug("ddswait.job_polled", extra={"job_id": "id-1", "cause": EVIL})
    (line,) = stream.getvalue().splitlines()
    record = json.loads(line)
    assert record.pop("timestamp").endswith("Z")
    assert record == {
        "event": "ddswait.job_polled",
        "level": "debug",
        "job_id": "id-1",
        "cause": EVIL,
    }
    assert "##[" not in line


def test_a_terminal_gets_lines_without_control_characters(logger: logging.Logger) -> None:
    """Colours are structlog's alone."""
    reader, writer = os.openpty()
    with os.fdopen(writer, "w") as stream, os.fdopen(reader, "rb", buffering=0) as screen:
        log_lines.configure(stream)
        logger.info("ddswait.job_failed", extra={"cause": EVIL})
        line = screen.read(4096).decode()
    assert "ddswait.job_failed" in line
    assert "x1b[31m #" in line
    assert "\x1b[31m #" not in line
    assert "##[" not in line


def test_events_are_shown_once(logger: logging.Logger, caplog: pytest.LogCaptureFixture) -> None:
    """The root logger does not get them as well."""
    stream = io.StringIO()
    log_lines.configure(stream)
    logger.info("ddswait.job_failed")
    assert (stream.getvalue().count("job_failed"), caplog.records) == (1, [])

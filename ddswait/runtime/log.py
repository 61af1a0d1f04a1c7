"""Writes log lines: natively to a structlog that the application has configured, else to logging.

The library configures nothing. To the stdlib logger `ddswait` it writes lines that hold their
values, so that `logging.basicConfig()` is enough to read them:

    ddswait.job_failed job_id=a97... job_name=CreateMongoDB message_text="... no quota" polls=4

The same values are attributes of the record, for formatters that write JSON. structlog is used
only if the application has imported it: nothing is imported when a line is to be written, because
an import may fail just then.

Nothing here raises, whatever a filter, a handler or a processor of the application does.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from ddswait.runtime.exception_handler import report_error

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextvars import Context

_logger = logging.getLogger("ddswait")
_logger.addHandler(logging.NullHandler())

_is_silent: ContextVar[bool] = ContextVar("ddswait_is_silent", default=False)

_PLAIN = re.compile(r"[\w.:/+@-]+")
_METHODS = {
    logging.DEBUG: "debug",
    logging.INFO: "info",
    logging.WARNING: "warning",
    logging.ERROR: "error",
    logging.CRITICAL: "critical",
}


def silence() -> None:
    """Log nothing more about what is done in the present context.

    For a caller that shows events itself, in its own words.
    """
    _is_silent.set(True)


def is_silent(context: Context) -> bool:
    """Return whether silence() was called in a context."""
    return context.get(_is_silent, False)


def log(
    level: int, event: str, /, *, exc_info: BaseException | None = None, **fields: object
) -> None:
    """Log one event.

    Args:
        level: of the stdlib's `logging`.
        event: its name, such as `ddswait.job_completed`.
        exc_info: the exception whose traceback belongs to it.
        **fields: its values; never a credential.

    Raises:
        SystemExit: only this and `KeyboardInterrupt`, if the application's logging raises them.
    """
    log_fields(level, event, fields, exc_info)


def log_fields(
    level: int, event: str, fields: Mapping[str, object], exc_info: BaseException | None = None
) -> None:
    """Log one event; see log()."""
    if _is_silent.get():
        return
    try:
        structured = _configured()
        if structured is not None:
            traceback = {} if exc_info is None else {"exc_info": exc_info}
            getattr(structured, _METHODS[level])(event, **fields, **traceback)
        elif _logger.isEnabledFor(level):
            _write(level, event, exc_info, fields)
    except (SystemExit, KeyboardInterrupt):
        raise
    except BaseException as error:  # noqa: BLE001 - an application's logging may raise anything
        report_error(f"the application's logging raised, so the log event {event} is lost", error)


def is_enabled(level: int) -> bool:
    """Whether lines of a level are written, as far as that can be found out."""
    try:
        structured = _configured()
        if structured is None:
            return _logger.isEnabledFor(level)
        names = ("is_enabled_for", "isEnabledFor")
        check = next((getattr(structured, name, None) for name in names), None)
        return check is None or bool(check(level))
    except Exception:  # noqa: BLE001 - an application's logging may raise anything
        return True


def _configured() -> Any:  # noqa: ANN401 - an application's own type of logger
    """Return the application's structlog logger; None when structlog is not configured."""
    structlog = sys.modules.get("structlog")
    if structlog is None or not structlog.is_configured():
        return None
    logger = structlog.get_logger("ddswait").bind()
    return getattr(logger, "sync_bl", logger)  # AsyncBoundLogger would have to be awaited


def _write(
    level: int, event: str, exc_info: BaseException | None, fields: Mapping[str, object]
) -> None:
    values = {**_bound(), **fields}
    message = " ".join([event, *(f"{key}={_text(value)}" for key, value in values.items())])
    path, line, function, _ = _logger.findCaller(stacklevel=3)
    traceback = (type(exc_info), exc_info, exc_info.__traceback__) if exc_info else None
    record = _logger.makeRecord(_logger.name, level, path, line, message, (), traceback, function)
    # Not `extra`: a value that has the name of one of the record's attributes, perhaps of a
    # record factory of the application, would raise KeyError.
    for key, value in {"event": event, **values}.items():
        record.__dict__.setdefault(key, value)
    _logger.handle(record)


def _bound() -> dict[str, object]:
    """Return what the application has bound with structlog's context variables."""
    structlog = sys.modules.get("structlog")
    return {} if structlog is None else dict(structlog.contextvars.get_contextvars())


def _text(value: object) -> str:
    """Return a value on one line, in quotes unless it is a plain word."""
    try:
        text = str(value)
    except Exception:  # noqa: BLE001 - a context variable of the application may have no text
        text = f"<{type(value).__name__}>"
    return text if _PLAIN.fullmatch(text) else json.dumps(text)

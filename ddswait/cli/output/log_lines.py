"""`-v`: the library's events on standard error. Only the command line configures logging."""

from __future__ import annotations

import logging
from typing import TextIO

import structlog

from ddswait.cli.escaping import safe
from ddswait.cli.output import json_records


def configure(stream: TextIO) -> None:
    """Log every event of ddswait: coloured lines on a terminal, JSON elsewhere."""
    escaping: list[structlog.types.Processor] = []  # JSON escapes control characters by itself
    renderer: structlog.types.Processor = structlog.processors.JSONRenderer(
        lambda event, **_: json_records.dumps(event)
    )
    if stream.isatty():
        renderer = structlog.dev.ConsoleRenderer()
        escaping = [_escape]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.stdlib.ExtraAdder(),
            ],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *escaping,
                structlog.processors.format_exc_info,
                renderer,
            ],
        )
    )
    logger = logging.getLogger("ddswait")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False


def _escape(
    _logger: object, _method: str, event: structlog.types.EventDict
) -> structlog.types.EventDict:
    """Make every text of an event harmless."""
    return {key: safe(value) if isinstance(value, str) else value for key, value in event.items()}

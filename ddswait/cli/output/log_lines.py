"""`-v`: the library's events on standard error. Only the command line configures logging."""

from __future__ import annotations

import logging
from typing import TextIO

import structlog

from ddswait.cli.output import json_records as records
from ddswait.cli.output.text import safe


def configure(stream: TextIO) -> None:
    """Show all events of ddswait: coloured lines on a terminal, JSON elsewhere."""
    harmless: list[structlog.types.Processor] = []  # JSON escapes by itself
    renderer: structlog.types.Processor = structlog.processors.JSONRenderer(
        lambda event, **_: records.dumps(event)
    )
    if stream.isatty():
        renderer = structlog.dev.ConsoleRenderer()
        harmless = [_escape]
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
                *harmless,
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
    """Let a server's text steer no terminal."""
    return {key: safe(value) if isinstance(value, str) else value for key, value in event.items()}

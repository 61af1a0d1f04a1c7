"""All fuzz targets by name. A target takes any bytes, and raises only if a promise is broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fuzz import files, outputs, replies, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "service": replies.read_service,
    "outputs": outputs.show_reply,
    "throttling": replies.read_throttling,
    "credentials": replies.read_credentials,
    "dates": texts.read_dates,
    "durations": texts.read_durations,
    "rates": texts.read_rates,
    "endpoints": texts.read_endpoints,
    "ids": texts.read_ids,
    "arguments": texts.read_arguments,
    "stdin": files.read_stdin,
    "clouds": files.read_clouds,
    "profile": files.read_profile,
    "environment": files.read_environment,
    "ca-file": files.read_ca_file,
    "state": files.read_state,
    "history": files.read_history,
}

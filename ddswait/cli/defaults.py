"""The defaults that `--help` shows; durations are in seconds."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

AUTH: Final = "auto"
TIMEOUT: Final = 3600.0
"""The timeout if neither `--timeout` nor a state file sets one."""

GRACE: Final = 60.0
INTERVAL: Final = 10.0
RATE: Final = "10/s"
OUTPUT: Final = "text"
HEARTBEAT: Final = 60.0

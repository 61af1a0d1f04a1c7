"""Reports what an application's own code raised, where asyncio reports such errors itself."""

from __future__ import annotations

import asyncio


def report_error(message: str, error: BaseException) -> None:
    """Hand an error to the exception handler of the running event loop.

    Without a handler of the application, asyncio prints the message and the traceback, even if
    nobody has configured logging.

    Args:
        message: says whose code raised it.
        error: what it raised.

    Raises:
        SystemExit: only this and `KeyboardInterrupt`, if the handler raises them.
    """
    try:
        loop = asyncio.get_running_loop()
        loop.call_exception_handler({"message": message, "exception": error})
    except (SystemExit, KeyboardInterrupt):
        raise
    except BaseException:  # noqa: BLE001, S110 - no loop, or asyncio's logging raises as well
        pass

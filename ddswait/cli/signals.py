"""The signals that a run obeys: those that end it, and those that concern its terminal.

SIGINT, SIGTERM, SIGHUP   end the run: with its state, its reports and a visible cursor
SIGTSTP (Ctrl-Z)          clear the live view away, then stop
SIGCONT (fg)              from now on, draw the live view below what the shell has printed
SIGWINCH                  draw the live view in the new size
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable, Iterator

    from ddswait.cli.output.printer import Printer


_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def hold() -> None:
    """Hold the signals that end a run until `obeyed` obeys them: none comes between the two."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)


@contextmanager
def obeyed(
    loop: AbstractEventLoop, stop: Callable[[int], None], printer: Printer
) -> Iterator[None]:
    """Obey signals in the block, and those that end the run until the event loop is closed.

    Args:
        loop: the event loop that is running.
        stop: ends the run with an exit code, that of a process which the signal has ended.
        printer: has the live view, if there is one.
    """
    for number in _ENDING:
        # nohup has SIGHUP ignored, and it must stay so.
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, stop, 128 + number)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
    if printer.live is None:
        yield
        return
    loop.add_signal_handler(signal.SIGWINCH, lambda: printer.draw(time.time()))
    if signal.getsignal(signal.SIGTSTP) is not signal.SIG_IGN:
        loop.add_signal_handler(signal.SIGTSTP, _suspend, loop, printer)
    # Not a handler of the loop: it must run before a timer of the loop draws.
    before = signal.signal(signal.SIGCONT, lambda *_: printer.forget())
    try:
        yield
    finally:
        signal.signal(signal.SIGCONT, before)


def _suspend(loop: AbstractEventLoop, printer: Printer) -> None:
    """Stop this process as SIGTSTP does by default; SIGCONT follows."""
    printer.leave()
    loop.remove_signal_handler(signal.SIGTSTP)
    os.kill(os.getpid(), signal.SIGTSTP)
    loop.add_signal_handler(signal.SIGTSTP, _suspend, loop, printer)
    printer.draw(time.time())

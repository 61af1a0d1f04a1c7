"""Faults of the process itself: signals, streams, files, limits of the system."""

from __future__ import annotations

import resource
import signal
from typing import TYPE_CHECKING, NamedTuple

from tests.end_to_end.faults.fault import When

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import Awaitable, Callable


_NONE = 3  # descriptors: the standard streams are open, and no more can be opened


class ProcessFault(NamedTuple):
    """What goes wrong with the process.

    Attributes:
        shell: what the shell runs; `{command}` stands for the command and its job.
        act: happens when the job was seen running; the job ends afterwards.
        whens: the columns of the table that it fills.
    """

    shell: str = "exec {command}"
    act: Callable[[Process, When], Awaitable[None]] | None = None
    whens: tuple[When, ...] = (When.LASTS,)


def _signal(number: signal.Signals) -> Callable[[Process, When], Awaitable[None]]:
    async def act(process: Process, when: When) -> None:
        process.send_signal(number)

    return act


async def _stop_and_go(process: Process, when: When) -> None:
    process.send_signal(signal.SIGSTOP)
    process.send_signal(signal.SIGCONT)


async def _no_descriptors(process: Process, when: When) -> None:
    usual = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (_NONE, usual[1]))
    if when is When.PASSES:
        assert process.stderr is not None
        async for line in process.stderr:
            if b"poll failed" in line:
                break
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, usual)


FAULTS = {
    "SIGINT": ProcessFault(act=_signal(signal.SIGINT)),
    "SIGHUP": ProcessFault(act=_signal(signal.SIGHUP)),
    "SIGTERM": ProcessFault(act=_signal(signal.SIGTERM)),
    "SIGSTOP, then SIGCONT": ProcessFault(act=_stop_and_go, whens=(When.PASSES,)),
    "no file descriptor is left": ProcessFault(
        act=_no_descriptors, whens=(When.PASSES, When.LASTS)
    ),
    "standard output: its reader leaves": ProcessFault("set -o pipefail; {command} | true"),
    "standard output: the disk is full": ProcessFault("exec {command} >/dev/full"),
    "standard output is closed": ProcessFault("exec {command} >&-"),
    "standard error: the disk is full": ProcessFault("exec {command} 2>/dev/full"),
    "standard error is closed": ProcessFault("exec {command} 2>&-"),
    "standard input is closed": ProcessFault("exec {command} <&-"),
    "--report: the disk is full": ProcessFault("exec {command} --report /dev/full"),
    "--junit: the disk is full": ProcessFault("exec {command} --junit /dev/full"),
    "--state: the file cannot grow": ProcessFault("ulimit -f 0; exec {command} --state state"),
    "--history: the file cannot grow": ProcessFault("ulimit -f 0; exec {command} --history h"),
    "no home, no writable folder": ProcessFault("cd /proc; HOME= TMPDIR=/proc exec {command}"),
    "locale that knows ASCII only": ProcessFault("LC_ALL=C PYTHONUTF8=0 exec {command}"),
    "address space of 1 GiB": ProcessFault("ulimit -v 1048576; exec {command}"),
}

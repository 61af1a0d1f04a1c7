"""What the user asked for, as one frozen, typed record."""

# Without `from __future__ import annotations`: a NamedTuple would compile the text of each.
from typing import Literal, NamedTuple

from ddswait.cli import defaults

Command = Literal["wait", "check", "demo", "completion", "schema"]


class Options(NamedTuple):
    """What the user asked for; durations are in seconds, and "" means that a text was not given.

    The fields are named as the options: `unreachable_after` is `--unreachable-after`.

    Attributes:
        service: the name of a service, or `all` with `check`; "" if it was not given, so that
            `DDSWAIT_SERVICE` applies.
        timeout: None if it was not given, so that a state file's own deadline applies.
        unreachable_after: None if it was not given; see `Waiter`.
        wait_for: how many jobs must complete; None for all of them.
        print_completion: the shell to write a completion script for.
    """

    job_ids: tuple[str, ...] = ()
    service: str = ""
    endpoint: str = ""
    region: str = ""
    project_id: str = ""
    iam_endpoint: str = ""
    cloud: str = ""
    auth: str = defaults.AUTH
    ca_file: str = ""
    insecure_http: bool = False
    timeout: float | None = None
    grace: float = defaults.GRACE
    interval: float = defaults.INTERVAL
    unreachable_after: float | None = None
    wait_for: int | None = None
    fail_fast: bool = False
    ready: bool = False
    instance: tuple[str, ...] = ()
    state: str = ""
    rate: str = defaults.RATE
    history: str = ""
    output: Literal["text", "json", "jsonl"] = defaults.OUTPUT
    heartbeat: float = defaults.HEARTBEAT
    report: str = ""
    junit: str = ""
    github: bool = False
    verbose: bool = False
    quiet: bool = False
    check: bool = False
    schema: bool = False
    print_completion: str = ""
    demo: bool = False

    @property
    def command(self) -> Command:
        """The command to run; `ddswait.cli.commands` has a module of the same name."""
        if self.schema:
            return "schema"
        if self.print_completion:
            return "completion"
        if self.demo:
            return "demo"
        return "check" if self.check else "wait"


DEFAULTS = Options()
"""The options of a command line without arguments."""

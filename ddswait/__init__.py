"""Waits for asynchronous jobs of Huawei Cloud's database services, such as DDS and RDS."""

from importlib import import_module

from ddswait.version import __version__

# Type checkers take this name for true; importing it would take longer than the rest of `--help`.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from ddswait import history as history
    from ddswait.checks import CheckResult as CheckResult
    from ddswait.checks import check as check
    from ddswait.credentials.checklist import CheckItem as CheckItem
    from ddswait.credentials.iam import Password as Password
    from ddswait.credentials.keys import AccessKey as AccessKey
    from ddswait.credentials.keys import Key as Key
    from ddswait.credentials.keys import Token as Token
    from ddswait.credentials.metadata import EcsMetadata as EcsMetadata
    from ddswait.credentials.provider import CredentialProvider as CredentialProvider
    from ddswait.credentials.provider import Lease as Lease
    from ddswait.credentials.provider import Send as Send
    from ddswait.errors import ConfigurationError as ConfigurationError
    from ddswait.errors import DdswaitError as DdswaitError
    from ddswait.errors import InputError as InputError
    from ddswait.errors import InstanceNotReady as InstanceNotReady
    from ddswait.errors import JobFailed as JobFailed
    from ddswait.errors import JobNotFound as JobNotFound
    from ddswait.errors import JobVanished as JobVanished
    from ddswait.errors import Refused as Refused
    from ddswait.errors import Unreachable as Unreachable
    from ddswait.errors import WaiterClosed as WaiterClosed
    from ddswait.errors import WaiterInUse as WaiterInUse
    from ddswait.errors import WaitError as WaitError
    from ddswait.errors import WaitTimedOut as WaitTimedOut
    from ddswait.job import EarlierWait as EarlierWait
    from ddswait.job import Instance as Instance
    from ddswait.job import Job as Job
    from ddswait.job import JobPhase as JobPhase
    from ddswait.outcome import CompletedOutcome as CompletedOutcome
    from ddswait.outcome import JobOutcome as JobOutcome
    from ddswait.outcome import NotCompletedOutcome as NotCompletedOutcome
    from ddswait.outcome import Outcome as Outcome
    from ddswait.outcome import OutcomeKind as OutcomeKind
    from ddswait.outcome import Refusal as Refusal
    from ddswait.outcome import Scope as Scope
    from ddswait.policy import Decision as Decision
    from ddswait.policy import Policy as Policy
    from ddswait.runtime.futures import InstanceFuture as InstanceFuture
    from ddswait.runtime.futures import JobFuture as JobFuture
    from ddswait.service.dds import JobStatus as JobStatus
    from ddswait.service.replies import Request as Request
    from ddswait.service.replies import Throttled as Throttled
    from ddswait.service.replies import TransientFailure as TransientFailure
    from ddswait.sync import wait_sync as wait_sync
    from ddswait.wait_group import WaitGroup as WaitGroup
    from ddswait.wait_state import JobState as JobState
    from ddswait.wait_state import WaitState as WaitState
    from ddswait.waiter import Waiter as Waiter

# Looked up only when used (PEP 562): `import ddswait` and `ddswait --help` then load neither
# asyncio nor aiohttp, which together cost ten times the rest.
_HOMES = {
    "service.dds": ["JobStatus"],
    "service.replies": ["Request", "Throttled", "TransientFailure"],
    "credentials.keys": ["AccessKey", "Key", "Token"],
    "credentials.provider": ["CredentialProvider", "Lease", "Send"],
    "errors": [
        "ConfigurationError",
        "DdswaitError",
        "InputError",
        "InstanceNotReady",
        "JobFailed",
        "JobNotFound",
        "JobVanished",
        "Refused",
        "Unreachable",
        "WaitError",
        "WaitTimedOut",
        "WaiterClosed",
        "WaiterInUse",
    ],
    "credentials.iam": ["Password"],
    "job": ["EarlierWait", "Instance", "Job", "JobPhase"],
    "credentials.metadata": ["EcsMetadata"],
    "checks": ["CheckResult", "check"],
    "credentials.checklist": ["CheckItem"],
    "policy": ["Decision", "Policy"],
    "runtime.futures": ["InstanceFuture", "JobFuture"],
    "outcome": [
        "CompletedOutcome",
        "JobOutcome",
        "NotCompletedOutcome",
        "Outcome",
        "OutcomeKind",
        "Refusal",
        "Scope",
    ],
    "sync": ["wait_sync"],
    "wait_group": ["WaitGroup"],
    "wait_state": ["JobState", "WaitState"],
    "waiter": ["Waiter"],
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [*sorted(_HOME_OF), "__version__"]  # noqa: PLE0604 - names, from the table above


if not TYPE_CHECKING:  # else no typo in a name would be found by type checkers

    def __getattr__(name: str) -> object:
        if name == "history":
            return import_module("ddswait.history")
        if name not in _HOME_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"ddswait.{_HOME_OF[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME_OF})

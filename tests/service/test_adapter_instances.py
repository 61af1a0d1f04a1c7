"""ddswait.service.adapter: what a reply says about an instance, for a service that is a table."""

import pytest

from ddswait.outcome import Refusal, Scope
from ddswait.service import instance_suffixes, service_named
from ddswait.service.adapter import Adapter
from ddswait.service.replies import InstanceState, Throttled, TransientFailure
from tests.service.test_adapter import MADE_UP, body


@pytest.mark.parametrize(
    ("actions", "description"),
    [
        ([], "it is BUSY"),
        (["A"], "it is BUSY, with A pending"),
        (["A", "B"], "it is BUSY, with A, B pending"),
    ],
)
def test_state_of_an_instance_in_words(actions: list[str], description: str) -> None:
    """The status, and what is pending."""
    record = {"id": "i", "status": "BUSY", "actions": actions}
    state = MADE_UP.read_instance("i", 200, {}, body({"databases": [record]}))
    assert isinstance(state, InstanceState)
    assert state.description == description


@pytest.mark.parametrize(
    "records",
    [
        [{"id": "i", "status": 1}],
        [{"id": "i", "status": None}],
        [{"id": "i", "status": " "}],
        [{"id": "i"}],
        [{"id": "i", "status": ["ACTIVE"]}],
        [{"id": "i", "status": "ACTIVE", "actions": "BACKUP"}],
        [{"id": "i", "status": "ACTIVE", "actions": {"BACKUP": 1}}],
        [None, 7, "ACTIVE"],
        [{"id": "other", "status": "ACTIVE"}, 7],
    ],
)
def test_instance_that_cannot_be_read_is_no_answer(records: list[object]) -> None:
    """As with a job: only that poll failed, and the instance is neither ready, busy nor gone."""
    failure = MADE_UP.read_instance("i", 200, {}, body({"databases": records}))
    assert isinstance(failure, TransientFailure)
    assert failure.cause.startswith("the reply's instance cannot be read: ")


@pytest.mark.parametrize("actions", [{}, {"actions": None}, {"actions": []}, {"actions": ""}])
def test_instance_without_actions_has_none_pending(actions: dict[str, object]) -> None:
    """Whether the field is absent, null or empty; what else the list shows does not matter."""
    record = {"id": "i", "status": "ACTIVE", **actions}
    state = MADE_UP.read_instance("i", 200, {}, body({"databases": [7, record]}))
    assert isinstance(state, InstanceState)
    assert state.is_ready


def test_forbidden_instance_that_may_pass_is_asked_for_again() -> None:
    """Only a refusal becomes one of all instances: a failure stays a failure."""
    assert isinstance(MADE_UP.read_instance("i", 429, {}, b"{}"), Throttled)
    assert isinstance(MADE_UP.read_instance("i", 503, {}, b"{}"), TransientFailure)
    stuck = {"id": "i", "status": "ACTIVE", "actions": ["stuck"]}
    state = Adapter(MADE_UP._table).read_instance("i", 200, {}, body({"databases": [stuck]}))
    assert isinstance(state, InstanceState)
    assert state.is_hopeless


@pytest.mark.parametrize(
    ("http", "code"), [(400, "DBS.200543"), (404, "DBS.1"), (400, "DBS.280110")]
)
def test_instance_that_is_not_known_is_absent(http: int, code: str) -> None:
    """Every way of saying so means what an empty list means."""
    empty = MADE_UP.read_instance("i", 200, {}, body({"databases": []}))
    assert isinstance(empty, InstanceState)
    assert not empty.is_found
    assert MADE_UP.read_instance("i", http, {}, body({"error_code": code})) == empty


@pytest.mark.parametrize(
    ("suffix", "service"), [("in01", "rds"), ("in02", ""), ("in05", ""), ("no02", "")]
)
def test_absent_instance_is_explained(suffix: str, service: str) -> None:
    """The ID may be that of a node, or of an instance of another service."""
    instance_id = "0123456789abcdef" * 2 + suffix
    state = service_named("dds").read_instance(instance_id, 200, {}, body({"instances": []}))
    assert isinstance(state, InstanceState)
    assert state.description.startswith("no instance has this ID (jobs name nodes as well")
    assert state.hint == instance_suffixes.hint(instance_id, "dds")
    assert f"ask {service} for it" in state.hint if service else not state.hint


@pytest.mark.parametrize(
    ("http", "code", "scope", "hint"),
    [
        (403, "DBS.201028", Scope.INSTANCE, ""),
        (403, "DBS.200604", Scope.INSTANCE, ""),
        (400, "DBS.1", Scope.INSTANCE, ""),
        (403, "DBS.280032", Scope.OPERATION, "ask for the permission madeup:database:list"),
        (403, "APIGW.0302", Scope.OPERATION, "ask for the permission madeup:database:list"),
        (401, "DBS.280064", Scope.OPERATION, "ask for the permission madeup:database:list"),
        (401, "APIGW.0305", Scope.EVERYTHING, "clock"),
        (404, "APIGW.0101", Scope.EVERYTHING, "check endpoint and region"),
        (400, "DBS.280408", Scope.EVERYTHING, "check the project ID"),
    ],
)
def test_what_a_refusal_of_an_instance_concerns(
    http: int, code: str, scope: Scope, hint: str
) -> None:
    """One instance, all instances, or everything; a permission is named where one is missing."""
    headers = {"X-Request-Id": "r1"}
    refusal = MADE_UP.read_instance("i", http, headers, body({"error_code": code}))
    assert isinstance(refusal, Refusal)
    assert (refusal.http_status, refusal.error_code, refusal.scope) == (http, code, scope)
    assert refusal.request_id == "r1"
    assert hint in refusal.hint
    assert bool(hint) == bool(refusal.hint)

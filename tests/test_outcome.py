"""ddswait.outcome and ddswait.errors: values inside, exceptions at the edge."""

import pickle

import pytest

import ddswait
from ddswait import CompletedOutcome, Job, JobOutcome, Outcome, OutcomeKind, Refusal, errors


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("failed", errors.JobFailed),
        ("not_found", errors.JobNotFound),
        ("vanished", errors.JobVanished),
        ("timed_out", errors.WaitTimedOut),
        ("unreachable", errors.Unreachable),
        ("refused", errors.Refused),
        ("pending", errors.WaitError),
    ],
)
def test_each_kind_has_its_error(kind: str, error: type[errors.WaitError]) -> None:
    """Every outcome but `completed` raises its own error, which survives pickling."""
    refusal = Refusal(401, "APIGW.0301", "bad", "req") if kind == "refused" else None
    job = Job("x", status="Running")
    outcome = Outcome("x", OutcomeKind(kind), job, "why", "HTTP 502", refusal)
    assert not outcome.ok
    with pytest.raises(errors.WaitError, match="why") as caught:
        outcome.result()
    assert type(caught.value) is error
    copy = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - our own
    assert (type(copy), str(copy), copy.job, copy.job_id) == (error, "why", job, "x")
    assert vars(copy) == vars(caught.value)


def test_completed_gives_its_job() -> None:
    """A completed outcome gives the final record."""
    job = Job("x", status="Completed")
    assert Outcome("x", OutcomeKind.COMPLETED, job).result() is job


def test_outcomes_are_equal_by_value() -> None:
    """Whatever their class: a test of yours may compare with an Outcome that it makes."""
    job = Job("x", status="Completed")
    made, plain = (kind("x", OutcomeKind.COMPLETED, job) for kind in (CompletedOutcome, Outcome))
    assert made == plain
    assert hash(made) == hash(plain)
    assert made != Outcome("x", OutcomeKind.COMPLETED, job, label="orders")
    assert made != "x"
    copy = pickle.loads(pickle.dumps(made))  # noqa: S301 - our own
    assert (type(copy), copy) == (CompletedOutcome, made)
    assert isinstance(made, JobOutcome)
    assert not isinstance(plain, JobOutcome)


def test_refusal_is_told_in_one_line() -> None:
    """A refusal tells status, code, message and request ID, as far as there are any."""
    told = str(Refusal(401, "APIGW.0301", "bad token", "req-1"))
    assert told == "HTTP 401 APIGW.0301: bad token (request ID req-1)"
    assert str(Refusal(407)) == "HTTP 407"


def test_errors_fit_into_pythons_own_tree() -> None:
    """A time-out is a TimeoutError, bad input a ValueError; all have one root."""
    assert issubclass(ddswait.WaitTimedOut, TimeoutError)
    assert issubclass(ddswait.InputError, ValueError)
    for name in ddswait.__all__:
        found = getattr(ddswait, name)
        if isinstance(found, type) and issubclass(found, Exception):
            assert issubclass(found, ddswait.DdswaitError)
            assert name in (errors.__doc__ or "") or name == "DdswaitError"


def test_job_failed_can_be_made_from_a_job_alone() -> None:
    """A user's own test may raise JobFailed(job=...)."""
    assert ddswait.JobFailed("x", job=Job("x")).job_id == "x"


def test_unknown_names_are_refused() -> None:
    """The package offers what it lists, and nothing else."""
    assert set(ddswait.__all__) <= set(dir(ddswait))
    with pytest.raises(AttributeError, match="Writer"):
        # That mypy needs this comment shows that it sees typos.
        ddswait.Writer  # type: ignore[attr-defined]  # noqa: B018

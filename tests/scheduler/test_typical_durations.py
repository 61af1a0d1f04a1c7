"""ddswait.service.typical_durations and ddswait.scheduler.durations: what is believed at first."""

from math import exp, pi, sqrt
from random import Random

import pytest

from ddswait.scheduler import expected_end, poll_interval
from ddswait.scheduler.durations import Durations
from ddswait.scheduler.expected_end import Past
from ddswait.service import NAMES
from ddswait.service.typical_durations import typical_durations

INTERVAL = 10.0
JOBS = 300
SPREAD = 0.4  # of the logarithm of the durations
AT_WORST = 1.15  # times the cost without any assumption


def durations(service: str = "dds") -> Durations:
    return Durations().of_service(service, typical_durations(service))


def cost(median: float, past: Past | None, *, progress: bool) -> float:
    """Return the mean cost of a wait, in seconds: of its polls, and of the lateness of its end."""
    random, total = Random(1), 0.0
    for _ in range(JOBS):
        end, age = median * exp(random.gauss(0.0, SPREAD)), 0.0
        shown, estimate = 0, None
        while age < end:
            tenths = int(10 * age / end)
            if progress and tenths != shown:
                shown, estimate = tenths, expected_end.estimate(age, 10 * tenths)
            age += poll_interval.next_interval(INTERVAL, age, random, past, estimate)
            total += poll_interval.cost(INTERVAL)
        total += age - end
    return total / JOBS


GUESSES = sorted(set(typical_durations("dds").values()))


def ratio(guess: float, factor: float, *, progress: bool) -> float:
    """Return the cost with a guess beside that without it, for jobs `factor` times as long."""
    past = Durations().of_service("dds", {"x": guess}).believed("x")
    assert past is not None
    with_it, without = (cost(guess * factor, each, progress=progress) for each in (past, None))
    return with_it / without


@pytest.mark.parametrize("guess", [GUESSES[0], GUESSES[len(GUESSES) // 2], GUESSES[-1]])
def test_typical_duration_that_is_right_saves_polls_or_seconds(guess: float) -> None:
    """A wait without progress costs less with it: fewer polls, or the end seen earlier."""
    assert ratio(guess, 1.0, progress=False) < 1.0


@pytest.mark.parametrize("guess", [GUESSES[0], GUESSES[len(GUESSES) // 2], GUESSES[-1]])
@pytest.mark.parametrize("factor", [3.0, 1 / 3])
@pytest.mark.parametrize("progress", [False, True])
def test_typical_duration_that_is_three_times_off_costs_little(
    guess: float, factor: float, progress: bool
) -> None:
    """Too long or too short, with progress or without: 15 % at most."""
    assert ratio(guess, factor, progress=progress) <= AT_WORST


def test_typical_duration_is_believed_until_a_job_is_known() -> None:
    """The first real sample of the name takes its place, however the name is spelled."""
    known = durations()
    believed = known.believed("Create_MongoDB")
    assert believed is not None
    assert known.believed("Create_MongoDB") == believed  # as often as it is asked
    assert (believed.median, believed.trust) == (1200.0, 0.5)
    assert pi / sqrt(3) / believed.shape == pytest.approx(0.8)  # the spread of the logarithm
    known.add("CreateMongoDB", "x", 60.0)
    assert known.believed("Create_MongoDB") == known.of("Create_MongoDB")
    assert known.believed("CreateMongoDB_Replica") != known.of("CreateMongoDB_Replica")


def test_typical_duration_is_never_shown() -> None:
    """What is shown and kept comes from jobs alone: a guess is no expected end."""
    known = durations()
    assert known.of("CreateMongoDB") is None
    assert known.median_of("CreateMongoDB") is None
    assert (len(known), known.count("CreateMongoDB"), list(known.items())) == (0, 0, [])
    assert list(known.learned()) == []


@pytest.mark.parametrize("service", NAMES[1:])
def test_service_without_evidence_has_no_typical_durations(service: str) -> None:
    """A task of the same name is another task there."""
    assert durations(service).believed("CreateMongoDB") is None


def test_durations_without_a_service_assume_nothing() -> None:
    """A scheduler that is given durations of its own believes these alone."""
    assert Durations().believed("CreateMongoDB") is None


def test_durations_that_are_shown_and_those_that_are_believed_share_their_jobs() -> None:
    """Whichever of the two was asked for first."""
    known = Durations()
    shown = known.of_service("dds")
    believed = known.of_service("dds", typical_durations("dds"))
    assert shown is known.of_service("dds")
    assert (shown.believed("SwitchPrimary"), shown.of("SwitchPrimary")) == (None, None)
    assert believed.believed("SwitchPrimary") is not None
    believed.add("SwitchPrimary", "x", 60.0)
    assert shown.of("SwitchPrimary") == believed.of("SwitchPrimary") is not None

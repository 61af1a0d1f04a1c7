"""The life of one watched job. Pure: every reply and every time is an argument.

    The rules

    1. Only a reply that says `Completed` or `Failed` ends a job. `ended` and `progress` never do.
    2. Before the first sight, "not known" is believed only when the grace is over. The grace
       ends with a look, not with a guess.
    3. After the first sight, "not known" is believed when two looks in a row say it outside the
       grace: behind a gateway, one answer may come from a replica that lags.
    4. A look that failed says nothing of the job. It only counts how long we have been blind:
       `unreachable_after` seconds without one good look end the wait. To wait for a turn while
       others are answered is not to be blind.
    5. A refusal ends the wait at once: asking again cannot help.
    6. The deadline is absolute. A last look is sent exactly there, and has LAST_LOOK seconds to
       be answered. A look still under way there is cut, and was the last: it had a second at
       least, since no look leaves within one before the deadline. Then the wait has timed out.
    7. The next look is always later than now.

                track                 not known                fault
                  │                  ┌────────┐              ┌───────┐
                  ▼                  │        ▼              │       ▼
              ┌────────┐ not known ┌─┴────────────┐ fault  ┌─┴─────────┐
              │  new   ├──────────►│ not visible  │◄──────►│ blind     │
              └───┬────┘           └──┬────────┬──┘        └─┬───────┬─┘
                  │ known             │ known  │ grace over  │ known │ unreachable_after
                  ▼                   ▼        ▼             ▼       ▼
              ┌────────────────────────┐    not_found    (visible)  unreachable
     known ┌──┤        visible         ├──┐
           └─►└──┬─────────┬───────────┘◄─┘ fault, not known once
                 │ final   │ not known twice
                 ▼         ▼
        completed/failed  vanished          from anywhere: refused, timed_out

The states are not stored: `record` (seen?), `misses` and `faults` (how often in a row) tell them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, assert_never

from ddswait.job import Job, percent_of
from ddswait.outcome import Outcome, OutcomeKind, Refusal
from ddswait.scheduler import poll_interval as pace
from ddswait.scheduler import retry_delay as pauses
from ddswait.scheduler.poll import Poll
from ddswait.service.dds import (
    Completed,
    Failed,
    Reply,
    Running,
    Throttled,
    TransientFailure,
    UnknownJob,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

TRUST = 30.0
"""Intervals for which lists are believed that a job is running, without a single look."""

_CONFIRMATIONS = 2


class PollSettings(NamedTuple):
    """What holds for every watch of an agenda; times in seconds.

    `place` names endpoint and project, for messages.
    """

    interval: float = 10.0
    grace: float = 60.0
    unreachable_after: float = 600.0
    request_timeout: float = 30.0
    place: str = ""

    @property
    def trust(self) -> float:
        """For how long lists are believed that a job is running."""
        return TRUST * self.interval


class JobPoll(Poll):
    """One watched job: what was seen, and when to look again. Times on the caller's clock.

    `deadline` is the earliest one of those who wait, and `owner` whose that is; `good_at` counts
    lists too, `asked` and `polls` single looks only.

    Attributes:
        record: the last record seen, as it came; None before the first sight.
        born: when the job was created, or when tracking began if that is not known.
        told: what its progress promised when it last changed; None without.
        misses: looks in a row that did not know the ID.
    """

    __slots__ = ("born", "misses", "record", "told")

    def __init__(self, job_id: str, since: float, deadline: float, owner: object) -> None:
        super().__init__(job_id, since, deadline, owner)
        self.born = since
        self.record: Mapping[str, Any] | None = None
        self.told: pace.Hope | None = None
        self.misses = 0

    @property
    def job(self) -> Job | None:
        """The last record seen; None before the first sight."""
        return None if self.record is None else Job.from_record(self.record)

    def __repr__(self) -> str:
        seen = self.record["status"] if self.record else "not visible"
        return f"<Watch {self.job_id} {seen}, due at {self.due:.1f}>"

    def take(
        self,
        reply: Reply,
        now: float,
        rules: PollSettings,
        random: Random,
        past: pace.Past | None = None,
    ) -> Outcome | None:
        """Take the answer to a look; return how the wait ended, or None when it goes on.

        Args:
            reply: the answer.
            now: the time.
            rules: intervals and bounds.
            random: the source of jitter.
            past: what past jobs of the same name tell.
        """
        self.by = None
        self.polls += 1
        match reply:
            case Running(record):
                self._running(record, now)
                self._look_after(self._pause(now, rules, random, past), now)
                return None
            case Completed(job):
                self._seen(job.raw, now)
                return self.end(OutcomeKind.COMPLETED, f"job {self.job_id} completed", now)
            case Failed(job):
                self._seen(job.raw, now)
                why = job.fail_reason or "no reason given"
                return self.end(OutcomeKind.FAILED, f"job {self.job_id} failed: {why}", now)
            case UnknownJob():
                return self._not_visible(now, rules, random)
            case TransientFailure() | Throttled():
                return self._fault(reply, now, rules, random)
            case Refusal():
                return self.refused(reply, now, rules)
            case _:
                assert_never(reply)

    def listed(
        self,
        record: Mapping[str, Any],
        now: float,
        rules: PollSettings,
        random: Random,
        past: pace.Past | None,
    ) -> None:
        """Take a list's word that the job is running; not for longer than rules.trust."""
        if (before := self.record) is not None:
            # The two versions name other things differently; only what moves is taken.
            moving = {name: record.get(name) for name in ("status", "progress")}
            record = before if moving.items() <= before.items() else {**before, **moving}
        self._running(record, now)
        trusted = max(self.asked + rules.trust - now, 0.0)
        self._look_after(min(self._pause(now, rules, random, past), trusted), now)

    def _running(self, record: Mapping[str, Any], now: float) -> None:
        before = self.record
        self._seen(record, now)
        if before is None or record.get("progress") == before.get("progress"):
            return
        percent = percent_of(record)
        if percent != percent_of(before):
            self.told = None if percent is None else pace.hope(now - self.born, percent)

    def _pause(
        self, now: float, rules: PollSettings, random: Random, past: pace.Past | None
    ) -> float:
        return pace.until_next_look(rules.interval, now - self.born, random, past, self.told)

    def hazard(self, now: float, past: pace.Past | None) -> float:
        """Return the hazard rate of the job's end, per second."""
        return pace.hazard(now - self.born, past, self.told)

    def _seen(self, record: Mapping[str, Any], now: float) -> None:
        self.record = record
        self.good_at = now
        self.misses = self.faults = 0
        self.cause = None

    def _not_visible(self, now: float, rules: PollSettings, random: Random) -> Outcome | None:
        self.good_at = now
        self.misses += 1
        self.faults = 0
        self.cause = None
        grace_end = self.since + rules.grace
        if now >= grace_end:
            if self.record is None:
                return self.end(OutcomeKind.NOT_FOUND, self._unknown(now, rules), now)
            if self.misses >= _CONFIRMATIONS:
                return self.end(OutcomeKind.VANISHED, self._gone(rules), now)
        pause = pauses.while_not_visible(self.misses, random)
        self._look_after(min(pause, grace_end - now) if now < grace_end else pause, now)
        return None

    def _fault(
        self, fault: TransientFailure | Throttled, now: float, rules: PollSettings, random: Random
    ) -> Outcome | None:
        self.faults += 1
        self.cause = fault.cause
        # Blind from the first look that failed: a look that nobody sent, for want of budget or
        # by a long interval, is no failure.
        blind_until = self.asked + rules.unreachable_after
        if now >= blind_until:
            return self.unreached(fault.cause, now, rules)
        pause = self._pause_after(fault, random)
        self._look_after(min(pause, blind_until - now), now)
        return None

    def refused(self, refusal: Refusal, now: float, rules: PollSettings) -> Outcome:
        """Return the outcome of a refusal, of this look or of one that concerns all."""
        hint = f"; {refusal.hint}" if refusal.hint else ""
        message = f"job {self.job_id}: the question was refused by {rules.place}: {refusal}{hint}"
        return self.end(OutcomeKind.REFUSED, message, now, refusal)

    def unreached(self, cause: str, now: float, rules: PollSettings) -> Outcome:
        """Return the outcome of having been blind for too long."""
        self.cause = cause
        message = (
            f"job {self.job_id} could not be looked at for {now - self.asked:.0f} s at "
            f"{rules.place}; the last look failed: {cause}. The job itself may go on"
        )
        return self.end(OutcomeKind.UNREACHABLE, message, now)

    def timed_out(self, deadline: float, now: float) -> Outcome:
        """Return the outcome of a wait whose deadline has passed."""
        told = _told(self.job)
        blind = f"; the last look failed: {self.cause}" if self.cause else ""
        message = (
            f"job {self.job_id} had not ended when the wait timed out after "
            f"{deadline - self.since:.0f} s: {told}{blind}"
        )
        return self.end(OutcomeKind.TIMED_OUT, message, now)

    def pending(self, now: float) -> Outcome:
        """Return what is known while the wait goes on."""
        return self.end(OutcomeKind.PENDING, "not ended yet", now)

    def end(
        self, kind: OutcomeKind, message: str, now: float, refusal: Refusal | None = None
    ) -> Outcome:
        """Return an outcome that carries what this watch knows."""
        waited = now - self.since
        return Outcome(
            self.job_id, kind, self.job, message, self.cause, refusal, waited, self.polls
        )

    def _unknown(self, now: float, rules: PollSettings) -> str:
        return (
            f"job {self.job_id} was not known to {rules.place} within {now - self.since:.0f} s: "
            "it may be not visible yet (a longer grace helps), older than a month, "
            "of another project or region, or mistyped"
        )

    def _gone(self, rules: PollSettings) -> str:
        told = _told(self.job)
        return (
            f"job {self.job_id} was seen and is no longer known to {rules.place} ({told}): "
            "a deleting job may vanish when it is done; else look at the console's task list"
        )


def _told(job: Job | None) -> str:
    if job is None:
        return "it was not visible yet"
    progress = f", {job.progress} %" if job.progress is not None else ""
    return f"last seen {job.status}{progress}"

"""Runs one history: the scheduler, the model of the service, and the checks after each step.

It does what the workers and the engine do, without a loop: time is a number that jumps from one
moment at which something happens to the next.
"""

from __future__ import annotations

from heapq import heappop, heappush
from math import inf
from random import Random
from typing import TYPE_CHECKING

from ddswait import failure_kinds
from ddswait.events import Ended
from ddswait.scheduler.actions import PollInstance, PollJob, RenewCredentials, Wait
from ddswait.scheduler.instance_poll import instance_of
from ddswait.service.replies import TransientFailure
from tests.simulation import boundary
from tests.simulation.facts import Facts
from tests.simulation.observed import Flight
from tests.simulation.observed import Wait as Caller
from tests.simulation.promises.hooks import Hooks
from tests.simulation.promises.promise import BrokenPromiseError
from tests.simulation.response import SILENCE, Says
from tests.simulation.service import Service
from tests.simulation.settings import scheduler_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ddswait.events import Event
    from ddswait.outcome import Outcome
    from ddswait.scheduler.actions import Action
    from tests.simulation.history import Listener
    from tests.simulation.plan import Plan

_EXPIRE_EVERY = 1.0
_MOST_TURNS = 20_000  # at one moment: more of them would never end
_AFTERWARDS = 200.0  # seconds after the last deadline: longer than any request takes
_JOIN, _LEAVE, _FLIGHT = range(3)


class World:
    """One history.

    Args:
        plan: what happens.
        history: takes the lines that a person reads; None for nobody.

    Attributes:
        outcomes: how many waits ended in which way.
        polls: how many requests left.
        promises: the checkers.
    """

    def __init__(
        self,
        plan: Plan,
        history: Listener | None = None,
    ) -> None:
        self._plan = plan
        self._history = history
        self.service = Service(plan, Random(plan.seed))
        self.scheduler = scheduler_of(plan)
        self.facts = Facts(plan)
        self.outcomes: dict[str, int] = {}
        self.polls = 0
        self.now = plan.start
        self._hooks = Hooks(self.facts, self.scheduler)
        self.promises = self._hooks.promises
        self._wake_at = inf
        self._number = 0
        self._moments: list[tuple[float, int, int, object]] = []
        self._stalls = [
            (plan.start + fault.begin, plan.start + fault.begin + fault.number)
            for fault in plan.faults
            if fault.kind == "stall"
        ]

    def _tell(self, text: str) -> None:
        if self._history is not None:
            self._history.add(self.now - self._plan.start, text)

    # ---- running

    def run(self) -> None:
        """Run the history to its end.

        Raises:
            BrokenPromiseError: a promise does not hold.
        """
        try:
            self._run()
            for promise in self.promises:
                promise.finished(self.now)
        except BrokenPromiseError as error:
            self._tell(f"BROKEN {error}")
            raise
        except Exception as error:
            self._tell(f"BROKEN {error!r}")
            raise BrokenPromiseError("NeverRaises", repr(error)[:200]) from error

    def _run(self) -> None:
        for number, plan in enumerate(self._plan.waits):
            caller = Caller(number, plan, self._plan.start)
            self._at(caller.joined_at, _JOIN, caller)
            if plan.leaves_after < plan.timeout + 10:
                self._at(caller.joined_at + plan.leaves_after, _LEAVE, caller)
        ends = (wait.at + wait.timeout for wait in self._plan.waits)
        stalled = sum(end - begin for begin, end in self._stalls)
        horizon = self._plan.start + max(ends, default=0.0) + stalled + _AFTERWARDS
        turns = 0
        while True:
            moment = min(self._moments[0][0] if self._moments else inf, self._wake_at)
            if moment > horizon:
                return
            if moment > self.now:
                self._step_to(moment)
                turns = 0
            turns += 1
            if turns > _MOST_TURNS:
                raise BrokenPromiseError("GoesOn", "time stands still")
            self._turn()

    def _step_to(self, moment: float) -> None:
        for hook in self._hooks.stepped:
            hook(self.now)
        for begin, end in self._stalls:
            if begin <= moment < end:
                self.facts.stalled.append((moment, end))
                self._tell(f"the process does nothing until {end - self._plan.start:.1f} s")
                moment = end
        self.now = moment

    def _turn(self) -> None:
        """Do what happens now."""
        now = self.now
        moments = self._moments
        cuts: list[Flight] = []
        while moments and moments[0][0] <= now:
            _, _, what, subject = heappop(moments)
            if isinstance(subject, Flight):
                # Bytes that have arrived are read before a request is cut.
                if subject.closed_at < inf:
                    continue
                if subject.arrives_at <= now:
                    self._receive(subject, now)
                else:
                    cuts.append(subject)
            elif isinstance(subject, Caller):
                if what == _JOIN:
                    self._join(subject, now)
                else:
                    self._leave(subject, now)
        for flight in cuts:
            self._cut(flight, now)
        if self._wake_at <= now:
            self._wake_at = inf
            self._hand_out(now)

    def _at(self, moment: float, what: int, subject: object) -> None:
        self._number += 1
        heappush(self._moments, (moment, self._number, what, subject))

    def _wake(self, moment: float) -> None:
        self._wake_at = min(self._wake_at, moment)

    # ---- callers

    def _join(self, caller: Caller, now: float) -> None:
        self._tell(f"{caller} begins, timeout {caller.plan.timeout:g} s")
        caller.begin(now)
        self.facts.join(caller)
        for hook in self._hooks.joined:
            hook(caller, now)
        events = self.scheduler.subscribers.subscribe(caller.job_id, caller.deadline, caller, now)
        if events:
            self._happened(events, now)
        else:
            for flight in self.facts.under_way:
                self._at(flight.action.cut_at, _FLIGHT, flight)
        self._wake(now)

    def _leave(self, caller: Caller, now: float) -> None:
        if caller.over:
            return
        self._tell(f"{caller} leaves")
        caller.over = True
        self.facts.release(caller)
        for hook in self._hooks.left:
            hook(caller, now)
        self.scheduler.subscribers.unsubscribe(caller.job_id, caller)

    def _happened(self, events: Iterable[Event], now: float) -> None:
        for event in events:
            if isinstance(event, Ended):
                for caller in event.subscribers:
                    assert isinstance(caller, Caller)
                    self._end(caller, event.outcome, now, instance=event.instance)

    def _end(self, caller: Caller, outcome: Outcome, now: float, *, instance: bool) -> None:
        self._tell(f"{caller} ends: {outcome.kind}, {outcome.message}")
        for hook in self._hooks.ended:
            hook(caller, outcome, now, instance=instance)
        self.facts.release(caller)
        if caller.ready and not instance and outcome.ok and instance_of(outcome):
            self.facts.go_on(caller, now)
            self._happened(
                self.scheduler.subscribers.subscribe_instance(
                    outcome, caller.deadline, caller, now
                ),
                now,
            )
            self._wake(now)
            return
        caller.over = True
        self.outcomes[outcome.kind] = self.outcomes.get(outcome.kind, 0) + 1

    # ---- requests

    def _hand_out(self, now: float) -> None:
        while len(self.facts.under_way) < self._plan.workers:
            action = self.scheduler.next(now)
            if isinstance(action, Wait):
                self._wait(action, now)
                if action.overdue:
                    self._happened(self.scheduler.expire(now), now)
                return
            self._send(action, now)
        self._wake_for_deadlines(now)

    def _wait(self, action: Wait, now: float) -> None:
        if action.until <= now:
            raise BrokenPromiseError("GoesOn", "the next action is not later than now")
        self._wake(action.until)

    def _wake_for_deadlines(self, now: float) -> None:
        due = self.scheduler.due()
        self._wake(max(due, now + _EXPIRE_EVERY))
        if due <= now:
            self._happened(self.scheduler.expire(now), now)

    def _send(self, action: Action, now: float) -> None:
        facts = self.facts
        match action:
            case PollJob():
                target = facts.targets.get(action.poll.job_id)
            case PollInstance():
                target = facts.targets.get(action.poll.subscriber)
            case _:
                target = None
        credentials = -1 if isinstance(action, RenewCredentials) else facts.credentials
        flight = Flight(action, target, now, credentials, facts.patience)
        found = boundary.request(self.service, action, credentials, now - self._plan.start)
        flight.response, latency = found
        flight.arrives_at = now + latency
        self.polls += 1
        facts.send(flight)
        if self._history is not None:
            self._tell(f"request: {flight}")
        for hook in self._hooks.sent:
            hook(flight, now)
        self._at(min(flight.arrives_at, action.cut_at), _FLIGHT, flight)

    def _cut(self, flight: Flight, now: float) -> None:
        """Cut a request that is due to be cut, which may have been put off."""
        if flight.closed_at < inf:
            return
        if flight.action.cut_at > now:
            self._at(min(flight.action.cut_at, flight.arrives_at), _FLIGHT, flight)
            return
        flight.was_cut = True
        renewed = flight.response.says is Says.RENEWED and not flight.response.same
        if renewed and flight.action.cut_at < inf:
            self.service.issuer.take_back()
        flight.response = SILENCE
        cause = f"no reply within {now - flight.sent_at:.1f} s"
        self._close(flight, TransientFailure(cause, kind=failure_kinds.NO_REPLY), now)

    def _receive(self, flight: Flight, now: float) -> None:
        self._close(flight, boundary.reply(flight.action, flight.response), now)

    def _close(self, flight: Flight, reply: object, now: float) -> None:
        facts, scheduler = self.facts, self.scheduler
        facts.close(flight, now)
        if self._history is not None:
            what = "cut" if flight.was_cut else flight.response.says.value
            self._tell(f"reply: {flight}: {what}")
        if events := scheduler.take(flight.action, reply, now):  # type: ignore[arg-type]
            self._happened(events, now)
        for hook in self._hooks.taken:
            hook(flight, now)
        following = scheduler.next(now)
        if isinstance(following, Wait):
            self._wait(following, now)
            return
        self._send(following, now)
        if len(facts.under_way) < self._plan.workers:
            self._wake(now)
        else:
            self._wake_for_deadlines(now)

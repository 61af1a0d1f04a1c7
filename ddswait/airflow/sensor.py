"""The sensor: a task that waits for jobs, in the triggerer or in a worker.

A DAG imports this file: it imports nothing that waits.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from airflow.providers.common.compat.sdk import (
    AirflowException,
    AirflowFailException,
    AirflowSensorTimeout,
    BaseSensorOperator,
    PokeReturnValue,
    conf,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ddswait.airflow.batch import Batch
    from ddswait.discovery import EnvSettings
    from ddswait.wait_state import WaitState

_SLACK = 600.0  # seconds after the deadline in which a triggerer may still send the last polls


class DdsJobSensor(BaseSensorOperator):
    """Waits until jobs of Huawei Cloud DDS, or of a sibling service, have completed.

    A job that fails, is not found or is refused fails the task for good: a retry cannot help. After
    a timeout the task is retried only if `retry_on` says so. The task returns the counts and the
    outcomes of up to 100 jobs; the XCom `outcomes` has those of all jobs.

    Args:
        job_ids: a job ID, a list of them, replies with a `job_id`, or labels with job IDs;
            templated, and often the output of the task before.
        instance_ids: instances that are waited for without a job; needs `ready`.
        ready: wait until the instance of each job takes the next operation too.
        wait_for: `all`, `any`, or how many jobs must complete.
        fail_fast: end as soon as so many jobs cannot complete any more.
        retry_on: the kinds of outcome after which the task may be retried: `timed_out`,
            `unreachable` or `not_ready`.
        grace: seconds for which a new job ID may be unknown.
        interval: seconds, about how often a job is polled by the triggerer.
        unreachable_after: seconds without a successful poll after which a wait ends, in the
            triggerer: a poke knows of no failed poll before its own.
        service: the name of the service that has the jobs, or an alias: `dds`, `rds` and so on.
        ddswait_conn_id: the ID of the connection.
        deferrable: wait in the triggerer, with one trigger for all jobs; else poke.
        **kwargs: those of a sensor. `timeout` is the deadline, `poke_interval` for pokes only.
    """

    template_fields: Sequence[str] = ("job_ids", "instance_ids", "service", "ddswait_conn_id")
    ui_color: ClassVar[str] = "#f3d9d9"

    def __init__(  # noqa: PLR0913 - the arguments of the command line
        self,
        *,
        job_ids: Any = (),  # noqa: ANN401 - see above
        instance_ids: Any = (),  # noqa: ANN401
        ready: bool = False,
        wait_for: str | int = "all",
        fail_fast: bool = False,
        retry_on: Iterable[str] = (),
        grace: float = 60.0,
        interval: float = 10.0,
        unreachable_after: float | None = None,
        service: str = "dds",
        ddswait_conn_id: str = "ddswait_default",
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,  # noqa: ANN401 - Airflow's
    ) -> None:
        super().__init__(**kwargs)
        self.job_ids = job_ids
        self.instance_ids = instance_ids
        self.ready = ready
        self.wait_for = wait_for
        self.fail_fast = fail_fast
        self.retry_on = tuple(retry_on)
        self.grace = grace
        self.interval = interval
        self.unreachable_after = unreachable_after
        self.service = service
        self.ddswait_conn_id = ddswait_conn_id
        self.deferrable = deferrable
        self._state: WaitState | None = None  # between two pokes of one process

    def execute(self, context: Any) -> Any:  # noqa: ANN401 - Airflow's
        """Wait in the triggerer, or poke.

        Raises:
            AirflowFailException: an argument is invalid; nothing was polled.
        """
        batch = self._batch(context)
        if not self.deferrable:
            return self._poke_on(context)
        from ddswait.airflow.trigger import DdsJobTrigger

        self.defer(
            trigger=DdsJobTrigger(batch.to_dict(), self.ddswait_conn_id),
            method_name="execute_complete",
            timeout=timedelta(seconds=self.timeout + _SLACK),
        )
        return None

    def _poke_on(self, context: Any) -> Any:  # noqa: ANN401
        try:
            return super().execute(context)
        except AirflowSensorTimeout as error:
            if "timed_out" in self.retry_on:
                raise AirflowException(str(error)) from error
            raise  # Airflow does not retry it

    def execute_complete(self, context: Any, event: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ANN401
        """Return what the event says; raise if the policy was not met."""
        from ddswait.airflow.kept_state import ALL_OUTCOMES, OUTCOMES, unpacked

        task, outcomes = context["ti"], event["outcomes"]
        if not event["complete"]:
            text = task.xcom_pull(key=ALL_OUTCOMES, map_indexes=task.map_index)
            outcomes = unpacked(text) if text else outcomes
        task.xcom_push(key=OUTCOMES, value=outcomes)
        return self._result(event)

    def poke(self, context: Any) -> PokeReturnValue:  # noqa: ANN401
        """Poll each job once; raise if the policy cannot be met any more.

        Raises:
            AirflowFailException: a job failed, or the connection cannot be used.
            AirflowException: waits ended as `retry_on` says.
        """
        from ddswait.airflow import wait
        from ddswait.airflow.event import event_of
        from ddswait.airflow.hook import DdsHook
        from ddswait.airflow.kept_state import OUTCOMES
        from ddswait.airflow.task_log import changes
        from ddswait.errors import ConfigurationError, InputError

        batch = self._batch(context)
        state = self._state or batch.state()
        try:
            found = DdsHook(self.ddswait_conn_id).settings()
            settings: EnvSettings = {**found, **batch.settings}
            once = wait.poll_once(state, batch.policy, settings, max(self.poke_interval, 1.0))
            group = wait.run(once)
        except (ConfigurationError, InputError) as error:
            raise AirflowFailException(f"{self.task_id}: {error}") from None
        self._state = group.state
        for line in changes(state, group.state):
            self.log.info("%s", line)
        if not group.decision.over:
            return PokeReturnValue(is_done=False)
        event = event_of(group.outcomes, group.decision)
        context["ti"].xcom_push(key=OUTCOMES, value=[each.to_dict() for each in group.outcomes])
        return PokeReturnValue(is_done=True, xcom_value=self._result(event))

    def _batch(self, context: Any) -> Batch:  # noqa: ANN401
        from ddswait.airflow.batch import Batch, check_retry_on
        from ddswait.errors import InputError

        try:
            check_retry_on(self.retry_on)
            return Batch.begin(
                self.job_ids,
                self.instance_ids,
                timeout=self.timeout,
                wait_for=self.wait_for,
                fail_fast=self.fail_fast,
                ready=self.ready,
                grace=self.grace,
                interval=self.interval,
                unreachable_after=self.unreachable_after,
                service=self.service,
                tracked_at=self._first_poke(context).timestamp(),
            )
        except InputError as error:
            raise AirflowFailException(f"{self.task_id}: {error}") from None

    def _first_poke(self, context: Any) -> datetime:  # noqa: ANN401
        """Return when the wait began: a sensor that is rescheduled begins again and again."""
        first = context["ti"].get_first_reschedule_date(context) if self.reschedule else None
        return first or datetime.now(UTC)

    def _result(self, event: Mapping[str, Any]) -> dict[str, Any]:
        if event["status"] != "completed":
            self._fail(event)
        self.log.info("%s", event["message"])
        return {"counts": event["counts"], "outcomes": event["outcomes"]}

    def _fail(self, event: Mapping[str, Any]) -> NoReturn:
        """Raise what lets Airflow retry the task, or not."""
        kinds = set(event["counts"]) - {"completed", "pending"}
        if kinds and kinds <= set(self.retry_on):
            raise AirflowException(event["message"])
        raise AirflowFailException(event["message"])

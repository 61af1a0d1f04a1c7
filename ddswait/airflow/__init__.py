"""ddswait in Apache Airflow: a hook, a trigger for a whole batch of jobs, and a sensor.

    from ddswait.airflow import DdsJobSensor

Needs Apache Airflow 3.1 or newer: `pip install 'ddswait[airflow]'`.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if find_spec("airflow") is None or find_spec("airflow.sdk") is None:
    raise ImportError(
        "ddswait.airflow needs Apache Airflow 3.1 or newer, which is not installed: "
        "pip install 'ddswait[airflow]'"
    )

if TYPE_CHECKING:
    from ddswait.airflow.hook import DdsHook as DdsHook
    from ddswait.airflow.sensor import DdsJobSensor as DdsJobSensor
    from ddswait.airflow.trigger import DdsJobTrigger as DdsJobTrigger

# Looked up only when used: a DAG imports the sensor, and nothing that waits.
_HOMES = {"DdsHook": "hook", "DdsJobSensor": "sensor", "DdsJobTrigger": "trigger"}

__all__ = ["DdsHook", "DdsJobSensor", "DdsJobTrigger"]


if not TYPE_CHECKING:  # else no typo in a name would be found by type checkers

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"ddswait.airflow.{_HOMES[name]}"), name)
        globals()[name] = value
        return value

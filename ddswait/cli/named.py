"""What the user names: jobs and instances, and their keys."""

from typing import NamedTuple

INSTANCE = "instance:"
"""What the key of an instance that is waited for without a job begins with; its ID follows."""


class Named(NamedTuple):
    """What to wait for, and the user's name for it, or "".

    Attributes:
        job_id: a job ID, or the key of an instance: `instance:ID`.
        label: the name.
        service: the name of the service that was said to have it, or "".
    """

    job_id: str
    label: str = ""
    service: str = ""

    @property
    def instance_id(self) -> str:
        """The ID of the instance; "" for a job."""
        return instance_of(self.job_id)


def instance_of(key: str) -> str:
    """Return the ID of the instance that a key names; "" for a job."""
    return key.removeprefix(INSTANCE) if key.startswith(INSTANCE) else ""

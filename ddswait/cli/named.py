"""What the user names: jobs and instances, and their keys."""

from typing import NamedTuple

from ddswait.service.job_ids import instance_of


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

"""ddswait.cli.commands.check: what the reply to one request says of the credentials."""

from uuid import UUID

import pytest

from ddswait.cli.commands import check
from ddswait.cli.options import Options
from ddswait.outcome import Refusal, Scope
from ddswait.runtime.client import Client
from ddswait.service.replies import JobPage

OPTIONS = Options(endpoint="https://dds.test", project_id="p")


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        (Refusal(400, "DBS.200001", "Parameter error."), 0),
        (Refusal(400, "DBS.280408", scope=Scope.EVERYTHING), 4),
        (Refusal(403, "DBS.280032", scope=Scope.EVERYTHING), 4),
        (Refusal(410, "APIGW.0999"), 4),
    ],
)
def test_reply_about_the_job_alone_accepts_the_credentials(
    refusal: Refusal, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The ID is made up but well formed; whatever DDS says of the job alone, we are accepted."""
    monkeypatch.setenv("HW_AUTH_TOKEN", "s3cret")
    polled = []

    async def poll_job(_self: Client, job_id: str) -> Refusal:
        polled.append(UUID(job_id))
        return refusal

    async def list_one(_self: Client, _moment: float) -> JobPage:
        return JobPage([], 0)

    monkeypatch.setattr(Client, "poll_job", poll_job)
    monkeypatch.setattr(Client, "list_one", list_one)
    for _ in range(2):
        assert check.run(OPTIONS) == code
    assert ("accepted" in capsys.readouterr().out) == (code == 0)
    assert len(set(polled)) == 2

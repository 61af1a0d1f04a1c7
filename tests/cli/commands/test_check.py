"""ddswait.cli.check: one question, and what its answer says of the credentials."""

from argparse import Namespace
from uuid import UUID

import pytest

from ddswait import Token
from ddswait.cli.commands import check
from ddswait.credentials.chain import Configuration
from ddswait.credentials.source import Source
from ddswait.outcome import Refusal, Scope
from ddswait.runtime.client import Client

TARGET = Configuration("https://dds.test", "p", Source("HW_AUTH_TOKEN", Token("s3cret")), "", "")
ARGUMENTS = Namespace(insecure_http=False)


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        (Refusal(400, "DBS.200001", "Parameter error."), 0),
        (Refusal(400, "DBS.280408", scope=Scope.EVERYTHING), 4),
        (Refusal(403, "DBS.280032", scope=Scope.EVERYTHING), 4),
        (Refusal(410, "APIGW.0999"), 4),
    ],
)
def test_answer_about_the_job_alone_accepts_us(
    refusal: Refusal, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The question is about a well-formed ID; whatever DDS says of the job alone, we are in."""
    asked = []

    async def ask(_self: Client, job_id: str) -> Refusal:
        asked.append(UUID(job_id))
        return refusal

    monkeypatch.setattr(Client, "ask", ask)
    for _ in range(2):
        assert check.run(TARGET, ARGUMENTS) == code
    assert ("accepted" in capsys.readouterr().out) == (code == 0)
    assert len(set(asked)) == 2

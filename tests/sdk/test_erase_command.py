"""`govbus erase` against the real intake."""

import json

import httpx2
import pytest

from govbus.sdk.cli.program import run
from sdk.desk import IntakeDesk

COMPLAINT = {
    "specversion": "1.0",
    "id": "c1",
    "source": "//demo/platform",
    "type": "dev.govbus.complaint.received.v1",
    "subject": "model/demo/churn",
    "time": "2026-03-01T12:00:00Z",
    "data": {"person": "applicant-7f3a", "account": "I was turned down"},
}
ERASE = ["erase", "applicant-7f3a", "--reason", "Art. 17 GDPR, ticket P-204"]


@pytest.fixture
def complained(intake: IntakeDesk, monkeypatch: pytest.MonkeyPatch) -> IntakeDesk:
    """An intake to which a person complained, and an administrator's token in the environment."""
    headers = {"authorization": f"Bearer {intake.token}", "content-type": "application/cloudevents+json"}
    taken = httpx2.post(f"{intake.url}/v1/events", content=json.dumps(COMPLAINT), headers=headers)
    assert taken.status_code == 202, taken.text
    admin = intake.issuer.bearer("ada", "admin")["authorization"].removeprefix("Bearer ")
    monkeypatch.setenv("GOVBUS_TOKEN", admin)
    return intake


def key_status(desk: IntakeDesk) -> int:
    """Ask for the person's key as who may have it."""
    params = {"purpose": "a test"}
    headers = desk.issuer.bearer("paula", "reviewer:privacy")
    return httpx2.get(f"{desk.url}/v1/keys/applicant-7f3a", params=params, headers=headers).status_code


def test_an_erased_person_has_no_key_any_more(complained: IntakeDesk, capsys: pytest.CaptureFixture[str]) -> None:
    assert key_status(complained) == 200
    assert run([*ERASE, "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert (first["person"], first["already_erased"], len(first["key_ids"])) == ("applicant-7f3a", False, 1)
    assert key_status(complained) == 410
    assert run(ERASE) == 0
    assert "was erased before" in capsys.readouterr().out


def test_an_unknown_person_and_a_missing_right_are_refused(
    complained: IntakeDesk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["erase", "nobody", "--reason", "r"]) == 1
    assert "No key has this name" in capsys.readouterr().err
    viewer = complained.issuer.bearer("vera", "viewer")["authorization"].removeprefix("Bearer ")
    monkeypatch.setenv("GOVBUS_TOKEN", viewer)
    assert run(ERASE) == 1
    assert key_status(complained) == 200

"""The command and the client against the real intake and oversight, each with its own PostgreSQL database."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from govbus.oversight import app as oversight
from govbus.oversight.settings import Settings as OversightSettings
from govbus.sdk import Endpoints, Govbus, Refused, new_event
from govbus.sdk.cli.program import run
from people import ISSUER, Issuer
from sdk.serving import serving

RULES = Path(__file__).parents[2] / "policies" / "incidents.yaml"
SUBJECT = "model/demo/churn"
EVENT = {
    "specversion": "1.0",
    "id": "e1",
    "source": "//demo/platform",
    "type": "dev.govbus.model.registered.v1",
    "subject": SUBJECT,
    "time": "2026-03-01T12:00:00Z",
    "data": {"purpose": "churn"},
}


@pytest.fixture
def oversight_url(
    alone: Path, service_database: Callable[[str], str], issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Oversight, and an operator's token in the environment."""
    assert alone.is_dir()
    settings = OversightSettings(
        postgres_url=SecretStr(service_database("oversight")),
        kafka_bootstrap_servers="localhost:1",
        jwks_file=issuer.jwks_file,
        token_issuer=ISSUER,
        oversight_rules_file=RULES,
    )
    with serving(oversight.build_app(settings)) as url:
        monkeypatch.setenv("GOVBUS_URL", url)
        token = issuer.bearer("olga", "operator")["authorization"].removeprefix("Bearer ")
        monkeypatch.setenv("GOVBUS_TOKEN", token)
        yield url


Said = Callable[[], Any]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    """The JSON that the last command printed."""
    return lambda: json.loads(capsys.readouterr().out)


@pytest.mark.usefixtures("intake_url")
def test_an_event_is_accepted_then_a_duplicate_then_refused_with_other_content(
    tmp_path: Path, said: Said, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "event.json"
    file.write_text(json.dumps(EVENT))
    assert run(["emit", str(file), "--json"]) == 0
    first = said()
    assert (first["id"], first["status"]) == ("e1", "accepted")
    assert run(["emit", str(file), "--json"]) == 0
    assert said() == first | {"status": "duplicate"}
    file.write_text(json.dumps(EVENT | {"data": {"purpose": "another"}}))
    assert run(["emit", str(file)]) == 1
    assert "used before" in capsys.readouterr().err


@pytest.mark.usefixtures("intake_url")
def test_a_batch_has_one_result_per_event_and_a_rejected_one_is_exit_code_1(tmp_path: Path, said: Said) -> None:
    file = tmp_path / "batch.json"
    file.write_text(json.dumps([EVENT, EVENT | {"id": "e2", "subject": "model/other/churn"}]))
    assert run(["emit", str(file), "--json"]) == 1
    assert [item["status"] for item in said()["results"]] == ["accepted", "rejected"]


@pytest.mark.usefixtures("intake_url")
def test_an_event_described_by_options_is_sent(said: Said) -> None:
    arguments = ["emit", "--type", "model.version_created", "--subject", SUBJECT, "--data", '{"version":"1"}', "--json"]
    assert run(arguments) == 0
    assert len(said()["position"]) == 32


@pytest.mark.usefixtures("intake_url")
def test_an_event_with_an_id_and_no_time_counts_once_when_it_is_sent_again(tmp_path: Path, said: Said) -> None:
    file = tmp_path / "event.json"
    file.write_text(json.dumps({name: value for name, value in EVENT.items() if name != "time"}))
    described = ["emit", "--type", "model.registered", "--subject", SUBJECT, "--id", "e2", "--json"]
    for arguments in (["emit", str(file), "--json"], described):
        statuses = []
        for _ in range(2):
            assert run(arguments) == 0
            statuses.append(said()["status"])
        assert statuses == ["accepted", "duplicate"]


@pytest.mark.usefixtures("intake_url")
def test_a_wrong_credential_is_refused_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GOVBUS_SOURCE_TOKEN", "gbs_wrong-and-secret")
    assert run(["emit", "--type", "model.registered", "--subject", SUBJECT]) == 1
    told = capsys.readouterr()
    assert "wrong-and-secret" not in told.err + told.out


def test_the_client_emits_in_both_modes_and_raises_a_refusal_with_its_reason(intake_url: str) -> None:
    with Govbus() as govbus:
        event = new_event("model.registered", SUBJECT, {"purpose": "å € %"}, source="//demo/platform")
        assert govbus.emit(event, in_binary_mode=True).status == "accepted"
        assert govbus.emit(event).status == "duplicate"
        foreign = new_event("model.registered", SUBJECT, {}, source="//somebody/else")
        with pytest.raises(Refused) as refused:
            govbus.emit(foreign)
        assert (refused.value.status, refused.value.reason) == (403, "foreign_source")
    with Govbus(Endpoints(intake_url, {"source": "gbs_unknown"})) as stranger, pytest.raises(Refused) as unknown:
        stranger.emit(event)
    assert unknown.value.status == 401


@pytest.mark.usefixtures("oversight_url")
def test_an_incident_is_reported_taken_on_and_resolved(said: Said, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["incident", "report", "wrong refusals", "--about", SUBJECT, "--severity", "high", "--json"]) == 0
    id_ = said()["id"]
    assert run(["incident", "resolve", id_, "too early"]) == 1
    assert "Acknowledge it first" in capsys.readouterr().err
    assert run(["incident", "ack", id_, "--note", "on it"]) == 0
    assert run(["incident", "resolve", id_, "mended"]) == 0
    capsys.readouterr()
    assert run(["incident", "list", "--state", "resolved", "--json"]) == 0
    assert [item["id"] for item in said()["items"]] == [id_]
    assert run(["incident", "show", id_]) == 0
    assert "mended" in capsys.readouterr().out


@pytest.mark.usefixtures("oversight_url")
def test_parked_records_are_asked_of_the_service(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["parked", "list", "--service", "oversight"]) == 0
    assert "nothing is parked" in capsys.readouterr().out
    assert run(["parked", "show", "01a20a11-0000-7000-8000-000000000000", "--service", "oversight"]) == 1

"""What reading a payload guarantees, whatever its type."""

from datetime import UTC, datetime

import pytest

from govbus.contracts import catalogue
from govbus.contracts.catalogue import ContractBroken
from govbus.contracts.envelope import Event
from govbus.contracts.facts.incident import IncidentReported
from govbus.contracts.facts.platform import PlatformReported


def _event(short: str, data: bytes) -> Event:
    return Event(
        id="1", source="//mlflow/prod", type=f"dev.govbus.{short}.v1", subject="model/retail/credit-risk",
        time=datetime(2026, 6, 1, tzinfo=UTC), data=data,
    )  # fmt: skip


def test_unknown_fields_are_ignored_by_readers() -> None:
    read = catalogue.read(
        _event("deployment.requested", b'{"version":"1","environment":"p","requested_by":"x","new":1}')
    )
    assert read is not None
    assert "new" not in read.model_dump()


def test_unknown_type_is_opaque() -> None:
    assert catalogue.read(_event("weather.observed", b"not even json")) is None


@pytest.mark.parametrize(
    ("data", "pointer"),
    [
        (b"", ""),
        (b"[]", ""),
        (b'{"version":1,"environment":"p","requested_by":"x"}', "/version"),
        (b'{"version":"1","environment":"p\\u0000","requested_by":"x"}', "/environment"),
        (b'{"version":"1","environment":"p","requested_by":"' + b"x" * 513 + b'"}', "/requested_by"),
    ],
)
def test_broken_data_is_refused_with_a_pointer_to_the_place(data: bytes, pointer: str) -> None:
    with pytest.raises(ContractBroken) as caught:
        catalogue.read(_event("deployment.requested", data))
    assert caught.value.errors[0][0] == pointer


@pytest.mark.parametrize("text", ["1e999", "-1e999", '"0.5"', "true"])
def test_measured_value_that_is_no_finite_number_is_refused(text: str) -> None:
    data = f'{{"version":"1","kind":"fairness","outcome":"passed","measurements":[{{"metric":"m","value":{text}}}]}}'
    with pytest.raises(ContractBroken):
        catalogue.read(_event("validation.completed", data.encode()))


def test_time_near_the_edge_of_the_calendar_breaks_the_contract_and_nothing_else() -> None:
    data = b'{"summary":"x","severity":"low","occurred_at":"0001-01-01T00:00:00+02:00"}'
    with pytest.raises(ContractBroken):
        catalogue.read(_event("incident.reported", data))


def test_times_are_kept_in_utc() -> None:
    data = b'{"summary":"x","severity":"low","occurred_at":"2026-06-01T02:00:00.1234567+02:00"}'
    read = catalogue.read(_event("incident.reported", data))
    assert isinstance(read, IncidentReported)
    assert read.occurred_at == datetime(2026, 6, 1, 0, 0, 0, 123456, tzinfo=UTC)
    assert b'"occurred_at":"2026-06-01T00:00:00.123456Z"' in catalogue.dump(read)


def test_nulls_inside_free_payload_survive_writing() -> None:
    payload = PlatformReported(platform="mlflow", kind="k", payload_sha256="0" * 64, payload={"a": None, "b": [None]})
    assert b'"payload":{"a":null,"b":[null]}' in catalogue.dump(payload)


@pytest.mark.parametrize(
    ("short", "data", "why"),
    [
        ("dataset.checked", b'{"kind":"quality","outcome":"passed","checks_count":0}', "never a pass"),
        (
            "dataset.checked",
            b'{"kind":"quality","outcome":"failed","checks_count":0,"checks":[{"name":"a","outcome":"failed"}]}',
            "at least the number",
        ),
        ("concern.raised", b'{"about":"safety","text":"x","anonymous":true,"person":"person-1"}', "names no person"),
    ],
)
def test_data_that_contradict_themselves_are_refused(short: str, data: bytes, why: str) -> None:
    with pytest.raises(ContractBroken, match=why):
        catalogue.read(_event(short, data))


@pytest.mark.parametrize("person", ["ann@example.com", "Ann Example", "", "p" * 257])
def test_a_person_is_named_by_a_pseudonym_and_not_by_an_address_or_a_name(person: str) -> None:
    data = f'{{"asks_for":"human_review","person":"{person}"}}'.encode()
    with pytest.raises(ContractBroken) as caught:
        catalogue.read(_event("redress.requested", data))
    assert caught.value.errors[0][0] == "/person"

"""Mappings as data: expressions, rules, missing fields, files that cannot be used."""

from typing import Any

import pytest

from govbus.contracts.envelope import Event
from govbus.intake.domain.applying import Payload, apply, delivery_id
from govbus.intake.domain.expressions import ExpressionFailed, Scope, compiled
from govbus.intake.domain.mapping import Ignored, Mapping
from govbus.intake.domain.mapping_file import MappingInvalid, read_mapping
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.source import Source
from govbus.intake.installed_mappings import DELIVERED, load_mappings

SOURCE = Source("alerts", "//alerts", "shop")
FILE = b"""
name: alerts
version: "3"
time: body.at
requires: [body.alerts]
rules:
  - name: heartbeat
    when: has(body.heartbeat)
    ignore: test_delivery
  - name: firing
    when: body.status == 'firing'
    for_each: body.alerts
    type: incident.reported
    subject: {model: item.model}
    time: item.at
    data:
      summary: "item.name + ' fires'"
      severity: item.severity
      environment?: item.environment
"""
ALERT = {"name": "slow", "model": "m", "at": "2026-11-23T00:00:00Z", "severity": "low", "environment": None}

NAMELESS = {name: value for name, value in ALERT.items() if name != "model"}


def mapped(body: Any, file: bytes = FILE) -> tuple[Event, ...] | Ignored:
    """Return what the mapping makes of a body."""
    reading = read_mapping(file, "alerts.yaml")
    payload = Payload(body, {"x-id": "7"}, "00" * 32, "00" * 32, {"received_at": "2026-11-23T00:00:00Z"})
    scope = payload.scope(reading, SOURCE)
    outcome = apply(reading, payload, SOURCE, {}, scope, delivery_id(reading, payload, scope))
    return outcome if isinstance(outcome, Ignored) else tuple(draft.event for draft in outcome)


def test_one_delivery_becomes_as_many_facts_as_it_has_elements_with_numbered_ids() -> None:
    facts = mapped({"at": "x", "status": "firing", "alerts": [ALERT, {**ALERT, "model": "n", "environment": "prod"}]})
    assert isinstance(facts, tuple)
    assert [fact.id for fact in facts] == ["00" * 32 + "/0", "00" * 32 + "/1"]
    assert [fact.subject for fact in facts] == ["model/shop/m", "model/shop/n"]
    assert facts[0].json() == {"summary": "slow fires", "severity": "low"}
    assert facts[1].json()["environment"] == "prod"


def test_a_payload_can_be_ignored_with_a_reason() -> None:
    assert mapped({"heartbeat": 1, "alerts": []}) == Ignored("test_delivery", "heartbeat")


@pytest.mark.parametrize(
    ("body", "reason", "pointer"),
    [
        ({"status": "firing"}, "mapping_failed", "/alerts"),
        ({"status": "quiet", "alerts": []}, "unmapped", None),
        ({"status": "firing", "alerts": []}, "mapping_failed", None),
        ({"status": "firing", "alerts": {}}, "mapping_failed", "/alerts"),
        ({"status": "firing", "alerts": [{**ALERT, "severity": "worst"}]}, "mapping_failed", "/severity"),
        ({"status": "firing", "alerts": [{**ALERT, "model": 5}]}, "mapping_failed", "/alerts/0/model"),
        ({"status": "firing", "alerts": [{**ALERT, "model": ""}]}, "mapping_failed", "/alerts/0/model"),
        (
            {"status": "firing", "alerts": [ALERT, NAMELESS]},
            "mapping_failed",
            "/alerts/1/model",
        ),
        ({"alerts": [ALERT]}, "mapping_failed", "/status"),
        ([], "mapping_failed", "/alerts"),
        (None, "mapping_failed", "/alerts"),
    ],
)
def test_a_missing_or_wrong_field_is_a_refusal_with_its_path_never_a_guess(
    body: Any, reason: str, pointer: str | None
) -> None:
    with pytest.raises(Refused) as refused:
        mapped(body)
    assert refused.value.reason == reason
    assert [place.pointer for place in refused.value.places] == ([pointer] if pointer else [])


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ((b"name: alerts\n", b""), "'name' is missing"),
        ((b"incident.reported", b"incident.opened"), "not a fact"),
        ((b"incident.reported", b"incident.imagined"), "not a fact"),
        ((b"item.severity", b"item.severity +"), "Syntax error"),
        ((b"item.severity", b"severity"), "undeclared reference"),
        ((b"{model: item.model}", b"{service: item.model}"), "subject kind"),
        ((b"ignore:", b"drop:"), "unknown key"),
        ((b"time: body.at", b"decoder: xml\ntime: body.at"), "decoder"),
        ((b"rules:", b"rules: ["), "not YAML"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_the_place(change: tuple[bytes, bytes], complaint: str) -> None:
    assert change[0] in FILE
    with pytest.raises(MappingInvalid, match=complaint):
        read_mapping(FILE.replace(*change), "alerts.yaml")


def test_yaml_cannot_construct_objects() -> None:
    with pytest.raises(MappingInvalid):
        read_mapping(b"!!python/object/apply:os.system ['true']", "evil.yaml")


def test_the_digest_of_a_mapping_changes_with_any_byte_of_its_file() -> None:
    assert read_mapping(FILE, "a").digest != read_mapping(FILE + b"# a remark\n", "a").digest


def test_the_delivered_mappings_can_be_read() -> None:
    found = load_mappings(DELIVERED)
    assert set(found) >= {"mlflow", "cdevents"}
    assert all(isinstance(one, Mapping) for one in found.values())


def test_a_plain_path_keeps_values_that_the_expression_runtime_cannot_hold() -> None:
    assert compiled("body.big").value(Scope({"body": {"big": 10**30}})) == 10**30


@pytest.mark.parametrize("text", ["body.a.b + 'x'", "string(body.a.b)", "body.a.b.startsWith('x')"])
def test_the_path_of_a_missing_field_is_found_inside_an_expression(text: str) -> None:
    with pytest.raises(ExpressionFailed) as failed:
        compiled(text).value(Scope({"body": {"a": {}}}))
    assert failed.value.pointer == "/a/b"

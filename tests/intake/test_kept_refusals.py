"""A refused part keeps its reason, and nothing of what was at hand when it was refused: thousands are held at once."""

from datetime import UTC, datetime

from govbus.intake.domain.inputs import Unit
from govbus.intake.domain.source import Source
from govbus.intake.domain.units import read_record
from intake.mappings.reading import units

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def _holds_no_frames(unit: Unit) -> bool:
    refused = unit.refused
    assert refused is not None
    return refused.__traceback__ is None and refused.__context__ is None and refused.__cause__ is None


def test_a_part_that_its_mapping_cannot_read_holds_no_frames() -> None:
    found = units("openlineage", [{"eventType": "COMPLETE", "run": {"runId": "r"}, "producer": "p"}] * 3)
    assert len(found) == 3
    assert all(_holds_no_frames(unit) for unit in found)


def test_a_delivery_and_a_record_that_are_no_json_hold_no_frames() -> None:
    source = Source(name="ci", uri="//ci", namespace="ci")
    assert all(_holds_no_frames(unit) for unit in units("openlineage", b"{"))
    assert _holds_no_frames(read_record((("content-type", b"application/cloudevents+json"),), b"{", source, {}, NOW))

"""Whatever comes in is a unit: drafts, ignored or refused with a known reason, and never an error."""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from govbus.contracts import catalogue
from govbus.eventing.records import RawRecord, decode, encode
from govbus.intake.domain.acceptance import Fact, attribute, judge_all
from govbus.intake.domain.deliveries import read_delivery
from govbus.intake.domain.inputs import Input, Unit
from govbus.intake.domain.refusals import REASONS, Refused
from govbus.intake.domain.source import Source
from govbus.intake.domain.units import read_record, read_request
from govbus.intake.installed_mappings import DELIVERED, load_mappings

NOW = datetime(2026, 11, 23, tzinfo=UTC)
MAPPINGS = load_mappings(DELIVERED)
SOURCE = Source("s", "//s", "ns", mapping="cdevents")
FACTS = [one.full_name for one in catalogue.all_types() if one.is_fact]
STRUCTURED = (("content-type", "application/cloudevents+json"),)

keys = (
    st.sampled_from(["id", "source", "type", "context", "subject", "content", "data", "version", "outcome"]) | st.text()
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)
types = st.sampled_from([*FACTS, "dev.cdevents.service.deployed.0.1.0", "com.example.x"]) | st.text()
subjects = st.sampled_from(["model/ns/m", "model/other/m", "incident/1", "model/ns", "a b", "external/s/x"]) | st.text()
events = st.fixed_dictionaries(
    {"specversion": st.just("1.0") | st.text(), "id": st.text(), "source": st.just("//s") | st.text(), "type": types},
    optional={"subject": subjects, "time": st.text() | st.just("2026-11-23T00:00:00Z"), "data": json_values},
)


def facts_of(unit: Unit) -> list[Fact]:
    """Return a unit's facts; what is refused gives none."""
    if unit.refused:
        assert unit.refused.reason in REASONS
        return []
    try:
        return [attribute(draft, SOURCE, NOW) for draft in unit.drafts]
    except Refused:
        return []


@given(event=events)
@example(event={"specversion": "1.0", "id": "1", "source": "//s", "type": "t", "data": 1e308})
def test_any_event_is_a_fact_that_every_reader_can_read_or_is_refused(event: dict[str, Any]) -> None:
    raw = json.dumps(event, ensure_ascii=True).encode()
    try:
        _, (unit,) = read_request(Input("event", STRUCTURED, raw), SOURCE, MAPPINGS, NOW)
    except Refused:
        return
    for fact in facts_of(unit):
        key, value, headers = encode(fact.event)
        read_back = decode(RawRecord("t", 0, 0, 0, key, value, headers))
        assert read_back == fact.event
        catalogue.read(read_back)
        assert 0 < len(key) <= 1024


@given(body=json_values)
def test_any_json_body_is_a_delivery_or_is_refused(body: Any) -> None:
    raw = json.dumps(body).encode()
    for name in MAPPINGS:
        units = read_delivery(Input("webhook", (), raw), Source("s", "//s", "ns", mapping=name), MAPPINGS, NOW)
        assert units
        for unit in units:
            facts_of(unit)


@given(
    headers=st.lists(st.tuples(st.text(max_size=12), st.none() | st.binary(max_size=30)), max_size=6), value=st.binary()
)
def test_any_record_is_a_unit(headers: list[tuple[str, bytes | None]], value: bytes) -> None:
    facts_of(read_record(headers, value, SOURCE, MAPPINGS, NOW))


@given(digests=st.lists(st.tuples(st.sampled_from([b"a", b"b"]), st.sampled_from([b"1", b"2"])), max_size=8))
def test_of_one_identity_exactly_the_first_content_is_accepted(digests: list[tuple[bytes, bytes]]) -> None:
    (template,) = _one_fact()
    facts = [Fact(template.event, identity, digest) for identity, digest in digests]
    verdicts = [verdict.value for verdict in judge_all(facts, {})]
    first: dict[bytes, bytes] = {}
    for (identity, digest), verdict in zip(digests, verdicts, strict=True):
        if identity not in first:
            assert verdict == "accepted"
            first[identity] = digest
        else:
            assert verdict == ("duplicate" if first[identity] == digest else "id_reused")


def _one_fact() -> list[Fact]:
    event = {"specversion": "1.0", "id": "1", "source": "//s", "type": "t"}
    _, (unit,) = read_request(Input("event", STRUCTURED, json.dumps(event).encode()), SOURCE, MAPPINGS, NOW)
    return facts_of(unit)

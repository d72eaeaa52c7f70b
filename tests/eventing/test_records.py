"""Kafka records and CloudEvents: what is written is read back, and rubbish is refused by name."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventing.probe import event, record
from govbus.contracts.envelope import Event
from govbus.eventing.records import RawRecord, Undecodable, decode, encode

EXTRA = {"correlationid": "c", "causationid": "k", "traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01"}


def _raw(value: bytes | None, *headers: tuple[str, bytes | None]) -> RawRecord:
    return RawRecord("govbus.facts", 0, 0, 0, b"k", value, headers)


def _structured(**changes: object) -> bytes:
    document = {
        "specversion": "1.0", "id": "1", "source": "//s", "type": "t", "subject": "model/a/b",
        "time": "2026-11-23T12:00:00Z", "data": {"big": 9007199254740993, "f": 0.10},
    }  # fmt: skip
    return json.dumps({name: item for name, item in {**document, **changes}.items() if item is not None}).encode()


STRUCTURED = ("content-type", b"application/cloudevents+json; charset=utf-8")


def test_what_is_encoded_is_decoded_again() -> None:
    sent = event("é€😀", extensions={"mappingname": "mlflow"}, **EXTRA)
    key, value, headers = encode(sent)
    assert key == sent.subject.encode()
    assert decode(RawRecord("t", 0, 0, 0, key, value, headers)) == sent


def test_structured_mode_keeps_the_exact_bytes_of_the_data() -> None:
    read = decode(_raw(_structured(), STRUCTURED))
    assert read.data == b'{"big": 9007199254740993, "f": 0.1}'
    assert read.datacontenttype == "application/json"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (_raw(b"{}", ("ce_id", b"\xff")), "bad_headers"),
        (_raw(b"{}", ("ce_id", None)), "bad_headers"),
        (_raw(b"{}", ("ce_id", b"1"), ("ce_id", b"2")), "bad_headers"),
        (_raw(b"{}"), "invalid_envelope"),
        (_raw(_structured(specversion="0.3"), STRUCTURED), "invalid_envelope"),
        (_raw(_structured(id=""), STRUCTURED), "invalid_envelope"),
        (_raw(_structured(time="yesterday"), STRUCTURED), "invalid_envelope"),
        (_raw(_structured(subject=None), STRUCTURED), "invalid_envelope"),
        (_raw(_structured(Bad_Name="x"), STRUCTURED), "invalid_envelope"),
        (_raw(_structured(authid=["x"]), STRUCTURED), "invalid_envelope"),
        (_raw(_structured(data_base64="*"), STRUCTURED), "invalid_envelope"),
        (_raw(b"[1]", STRUCTURED), "invalid_envelope"),
        (_raw(b"\x00\xff", STRUCTURED), "invalid_utf8"),
        (_raw(b'{"a":1,"a":2}', STRUCTURED), "duplicate_key"),
        (_raw(b"[" * 40 + b"]" * 40, STRUCTURED), "nesting_too_deep"),
        (replace(record(0, event("x")), value=b"NaN"), "not_a_number"),
        (replace(record(0, event("x")), value=b'"\\ud800"'), "lone_surrogate"),
        (replace(record(0, event("x")), value=b"\x80"), "invalid_utf8"),
        (replace(record(0, event("x")), value=b"{"), "invalid_json"),
    ],
)
def test_rubbish_is_refused_with_a_named_reason(raw: RawRecord, reason: str) -> None:
    with pytest.raises(Undecodable) as refused:
        decode(raw)
    assert refused.value.reason == reason


NAMES = st.sampled_from(
    ["content-type", "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time", "ce_x", "other"]
)
VALUES = st.one_of(
    st.none(),
    st.binary(max_size=30),
    st.sampled_from([b"1.0", b"application/cloudevents+json", b"application/json", b"2026-11-23T12:00:00Z", b"a"]),
)


@given(
    st.one_of(st.none(), st.binary(max_size=200), st.just(_structured())),
    st.lists(st.tuples(NAMES, VALUES), max_size=9),
)
def test_any_bytes_are_an_event_or_a_named_refusal(
    value: bytes | None, headers: list[tuple[str, bytes | None]]
) -> None:
    assert isinstance(_decoded(_raw(value, *headers)), Event | Undecodable)


def _decoded(raw: RawRecord) -> Event | Undecodable:
    try:
        return decode(raw)
    except Undecodable as refused:
        return refused


def test_the_fingerprint_changes_with_every_part_of_a_record() -> None:
    one = record(0, event("a"))
    others = [
        replace(one, timestamp_ms=1),
        replace(one, key=None),
        replace(one, key=b""),
        replace(one, value=None),
        replace(one, headers=one.headers[1:]),
        record(0, event("b")),
    ]
    prints = {item.fingerprint() for item in (one, *others)}
    assert len(prints) == len(others) + 1
    assert one.fingerprint() == replace(one, offset=9).fingerprint()

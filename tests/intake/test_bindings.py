"""The CloudEvents bindings: what is read, what is refused, and that the reference package's events are read."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from cloudevents.core.bindings import http as reference_http
from cloudevents.core.bindings import kafka as reference_kafka
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given
from hypothesis import strategies as st

from govbus.intake.domain import http_binding, kafka_binding
from govbus.intake.domain.http_binding import Mode, decode_value, mode_of, read_binary
from govbus.intake.domain.json_format import read_structured, split_batch
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.said import read

NOW = datetime(2026, 11, 23, tzinfo=UTC)
GOOD = {"specversion": "1.0", "id": "1", "source": "//s", "type": "t"}

texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cn"], exclude_characters=["\ufffe", "\uffff"]), min_size=1
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


def structured(**changes: Any) -> bytes:
    """Return a structured event in JSON."""
    return json.dumps({**GOOD, **changes}).encode()


@given(id_=texts, subject=texts, data=st.dictionaries(texts, json_values, min_size=1, max_size=3))
def test_what_the_reference_package_sends_over_http_and_kafka_is_read_alike(id_: str, subject: str, data: Any) -> None:
    attributes = {**GOOD, "id": id_, "subject": subject, "time": NOW, "datacontenttype": "application/json"}
    event = CloudEvent(attributes=attributes, data=data)
    binary = reference_http.to_binary(event, JSONFormat())
    headers = [(name.lower(), value) for name, value in binary.headers.items()]
    whole = reference_http.to_structured(event, JSONFormat())
    record = reference_kafka.to_binary(event, JSONFormat())
    kafka_headers = list(record.headers.items())
    said = [
        read_binary(headers, binary.body),
        read_structured(whole.body),
        kafka_binding.read(kafka_headers, record.value),
    ]
    for one in said:
        assert (one.attributes["id"], one.attributes["subject"]) == (id_, subject)
        assert json.loads(one.data) == data


@given(raw=st.binary(max_size=200))
def test_arbitrary_bytes_are_an_event_or_refused_and_never_an_error(raw: bytes) -> None:
    for attempt in (read_structured, split_batch, lambda value: kafka_binding.read([], value)):
        try:
            attempt(raw)
        except Refused:
            continue


@given(headers=st.lists(st.tuples(st.text(max_size=10).map("ce_".__add__), st.binary(max_size=20)), max_size=5))
def test_arbitrary_kafka_headers_are_an_event_or_refused(headers: list[tuple[str, bytes]]) -> None:
    with suppress(Refused):
        read(kafka_binding.read(headers, b""), NOW)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("plain", "plain"),
        ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"),
        ('"quoted \\"x\\""', 'quoted "x"'),
        ("%22", '"'),
    ],
)
def test_header_values_are_decoded_as_the_binding_says(written: str, meant: str) -> None:
    assert decode_value("ce-x", written) == meant


@pytest.mark.parametrize("written", ["100%", "%C3%28", "%ff", "caf\xe9", "a\tb"])
def test_a_header_value_that_is_no_percent_encoded_utf8_is_refused(written: str) -> None:
    with pytest.raises(Refused, match="bad_headers"):
        decode_value("ce-x", written)


@pytest.mark.parametrize(
    "headers",
    [
        [("ce-id", "1"), ("ce-id", "2")],
        [("ce-my-name", "1")],
        [("ce-", "1")],
        [("ce-data", "1")],
        [("ce-datacontenttype", "text/plain")],
        [("ce-id", "1"), ("content-type", "a/b"), ("content-type", "c/d")],
    ],
)
def test_bad_ce_headers_are_refused(headers: list[tuple[str, str]]) -> None:
    with pytest.raises(Refused, match="bad_headers"):
        read_binary(headers, b"")


def test_an_extension_without_a_value_is_absent_and_an_empty_subject_refused() -> None:
    headers = [(f"ce-{name}", value) for name, value in GOOD.items()]
    assert "endpoint" not in read_binary([*headers, ("ce-endpoint", "")], b"{}").attributes
    records = [(f"ce_{name}", value.encode()) for name, value in GOOD.items()]
    assert "endpoint" not in kafka_binding.read([*records, ("ce_endpoint", b"")], b"{}").attributes
    with pytest.raises(Refused) as refused:
        read(read_binary([*headers, ("ce-subject", "")], b"{}"), NOW)
    assert refused.value.reason == "invalid_envelope"


@pytest.mark.parametrize(
    ("content_type", "mode"),
    [
        ("application/cloudevents+json", Mode.STRUCTURED),
        ("Application/CloudEvents+JSON; charset=UTF-8", Mode.STRUCTURED),
        ("application/cloudevents-batch+json", Mode.BATCH),
        ("application/json", Mode.BINARY),
        ("application/vnd.acme", Mode.BINARY),
    ],
)
def test_the_content_type_decides_the_mode(content_type: str, mode: Mode) -> None:
    assert mode_of([("ce-id", "1"), ("content-type", content_type)]) is mode


@pytest.mark.parametrize(
    "changes",
    [
        {"id": ""},
        {"id": None},
        {"id": 5},
        {"source": True},
        {"specversion": "1"},
        {"time": "yesterday"},
        {"time": "2026-11-23T00:00:00"},
        {"Upper": "x"},
        {"a_b": "x"},
        {"x" * 21: "x"},
        {"ratio": 1.5},
        {"big": 2**31},
        {"nested": {"a": 1}},
        {"data": 1, "data_base64": "AA=="},
        {"data_base64": "not base64!"},
        {"note": "a\nb"},
        {"dataclassification": "secret"},
    ],
)
def test_an_envelope_that_breaks_the_standard_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="invalid_envelope"):
        read(read_structured(structured(**changes)), NOW)


def test_attributes_of_other_kinds_get_their_canonical_text() -> None:
    said = read_structured(structured(flag=True, count=-7, absent=None))
    assert said.attributes == {**GOOD, "flag": "true", "count": "-7"}


@pytest.mark.parametrize(
    ("changes", "data"),
    [
        ({"data": {"b": 1.10, "a": 2}}, b'{"b": 1.1, "a": 2}'),
        ({"data": "text", "datacontenttype": "text/plain"}, b"text"),
        ({"data": "text"}, b'"text"'),
        ({"data_base64": "AAEC", "datacontenttype": "application/octet-stream"}, b"\x00\x01\x02"),
        ({}, b""),
    ],
)
def test_structured_data_keep_their_bytes(changes: dict[str, Any], data: bytes) -> None:
    assert read_structured(structured(**changes)).data == data


def test_a_number_is_not_rewritten_on_its_way_through() -> None:
    raw = structured()[:-1] + b',"data":{"v": 1.100, "n": 12345678901234567890123}}'
    assert read_structured(raw).data == b'{"v": 1.100, "n": 12345678901234567890123}'


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"subject": "s" * 1025}, "too_large"),
        ({f"x{number}": "v" * 1000 for number in range(9)}, "too_large"),
        ({"data": "x" * (256 * 1024)}, "too_large"),
    ],
)
def test_limits_of_the_envelope_hold(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        read(read_structured(structured(**changes)), NOW)


def test_seven_digit_fractions_are_cut() -> None:
    draft = read(read_structured(structured(time="2017-06-26T18:41:00.9584103Z")), NOW)
    assert draft.event.time == datetime(2017, 6, 26, 18, 41, 0, 958410, UTC)


def test_a_batch_of_too_many_is_refused_and_its_elements_keep_their_bytes() -> None:
    with pytest.raises(Refused, match="too_large"):
        split_batch(b"[" + b",".join([b"{}"] * 5001) + b"]")
    assert split_batch(b'[ {"a": 1.0} , 2 ]') == [b'{"a": 1.0}', b"2"]


def test_the_sender_of_a_record_is_not_taken_from_its_key_or_unknown_headers() -> None:
    said = kafka_binding.read([("ce_id", b"1"), ("x-other", b"\xff"), ("content-type", b"text/plain")], None)
    assert dict(said.attributes) == {"id": "1", "datacontenttype": "text/plain"}
    assert said.data == b""


def test_a_body_without_any_sign_of_a_cloud_event_is_unsupported() -> None:
    with pytest.raises(Refused, match="unsupported_media_type"):
        http_binding.mode_of([("content-type", "application/json")])

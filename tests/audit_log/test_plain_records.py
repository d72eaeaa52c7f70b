"""The fast way from a record to its draft: either the slow way's draft, or none."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from audit_log.desk import LOGGED_AT_MS, NOW, event
from govbus.audit_log.domain.drafts import Draft, draft_event
from govbus.audit_log.domain.plain_records import draft_plain
from govbus.audit_log.handlers import read_draft
from govbus.contracts.translog.entry import UNPARSEABLE, KafkaPlace
from govbus.eventing.records import Headers, RawRecord, decode, encode

PLACE = KafkaPlace("govbus.facts", 0, 7, LOGGED_AT_MS)
KEY, VALUE, HEADERS = encode(event("a", correlationid="c", causationid="b", extensions={"risk": "high"}))
NAMES = st.sampled_from([name for name, _ in HEADERS]) | st.sampled_from(
    [
        "ce_datacontenttype",
        "ce_recordedtime",
        "ce_dataclassification",
        "ce_data",
        "ce_",
        "ce_Ö",
        "ce_x_y",
        "x",
        "traceparent",
    ]
)
VALUES = st.sampled_from(
    [
        b"", b"\xff", b"1.0", b"a\0b", b"application/json", b"application/json; charset=utf-8", b"text/plain",
        b"application/cloudevents+json", b"personal", b"2026-11-23T10:00:00Z", b"2026-11-23T10:00:00.000000Z",
        b"2026-11-23T10:00:00.5Z", b"2026-11-23T10:00:00.120000Z", b"2026-11-23t10:00:00z", b"2026-02-30T10:00:00Z",
        b"2026-11-23T10:00:00+01:00", b"2026-11-23T24:00:00Z", b"x" * 300, b"x" * 2000, "\ud7ffé€".encode(), None,
    ]
) | st.binary(max_size=20)  # fmt: skip
BODIES = st.sampled_from([VALUE, b"", None, b"{", b'{"a":1,"a":2}', b"[1]", b"\xff", b'"\\ud800"', b'{"a":NaN}', b"7"])


def _record(headers: Headers, value: bytes | None) -> RawRecord:
    return RawRecord(PLACE.topic, PLACE.partition, PLACE.offset, PLACE.timestamp_ms, KEY, value, headers)


def _slow(headers: Headers, value: bytes | None) -> Draft | None:
    try:
        return draft_event(decode(_record(headers, value)), PLACE)
    except ValueError:
        return None


@given(st.dictionaries(NAMES, VALUES, max_size=3), st.sets(NAMES, max_size=2), BODIES)
@example({}, set(), VALUE)
@example({"ce_time": b"2026-11-23T10:00:00.000000Z"}, set(), VALUE)
@example({"ce_recordedtime": b"2026-11-23T10:00:00.120Z"}, set(), VALUE)
@example({"ce_time": b"2026-02-30T10:00:00Z"}, set(), VALUE)
@example({"ce_datacontenttype": b"text/plain"}, set(), VALUE)
@example({"ce_x_y": b"z"}, set(), VALUE)
@example({"ce_subject": b"a\0b"}, set(), VALUE)
@example({"ce_authid": b"x" * 2000}, set(), VALUE)
@example({"ce_specversion": b"1.1"}, set(), VALUE)
@example({"content-type": b"application/cloudevents+json"}, set(), VALUE)
def test_what_the_fast_way_drafts_is_what_the_slow_way_drafts(
    changed: dict[str, bytes | None], removed: set[str], value: bytes | None
) -> None:
    found = {**dict(HEADERS), **changed}
    headers = tuple((name, value) for name, value in found.items() if name not in removed)
    fast = draft_plain(headers, value, PLACE)
    assert fast is None or fast == _slow(headers, value)


@pytest.mark.parametrize("moment", [NOW, NOW + timedelta(microseconds=1), datetime(1, 1, 1, tzinfo=UTC)])
def test_what_services_write_is_plain(moment: datetime) -> None:
    zone = timezone(timedelta(hours=1))
    for item in (event("a", time=moment), event("a", time=NOW.astimezone(zone), recordedtime=None, data=b"")):
        _, value, headers = encode(item)
        assert draft_plain(headers, value, PLACE) == _slow(headers, value) is not None


def test_a_header_that_stands_twice_is_left_to_the_slow_way() -> None:
    twice = (*HEADERS, ("ce_id", b"b"))
    assert draft_plain(twice, VALUE, PLACE) is None
    assert read_draft(_record(twice, VALUE)).fields.kind == UNPARSEABLE

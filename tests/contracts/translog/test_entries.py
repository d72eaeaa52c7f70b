"""Entries: one canonical form, commitments that hold, and nothing else accepted."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govbus.contracts.translog import base64_strict
from govbus.contracts.translog.entry import (
    Entry,
    EntryRejected,
    KafkaPlace,
    canonical_json,
    canonical_texts,
    commit,
    parse_entry,
)
from govbus.contracts.translog.verification import VerificationFailed, verify_payload

KEY = bytes(range(32))
ENTRY = Entry(
    kind="event",
    id="7f3a/0",
    source="//mlflow/prod",
    type="dev.govbus.model.registered.v1",
    subject="model/retail/credit-risk",
    time="2026-11-23T10:00:00Z",
    recordedtime="2026-11-23T10:00:01.250000Z",
    kafka=KafkaPlace("govbus.facts", 2, 17, 1_795_428_001_300),
    attributes_commitment=commit(KEY, b"{}"),
    payload_commitment=commit(KEY, b'{"purpose":"scoring"}'),
)
TEXT = st.text(st.characters(codec="utf-8"), max_size=200)
WHOLE = st.integers(min_value=0, max_value=2**53 - 1)
HASHES = st.binary(min_size=32, max_size=32)
PLACES = st.none() | st.builds(KafkaPlace, TEXT, st.integers(0, 2**31 - 1), WHOLE, WHOLE)
ENTRIES = st.builds(
    Entry,
    **dict.fromkeys(("id", "source", "type", "subject", "time", "recordedtime"), st.none() | TEXT),
    kind=TEXT,
    kafka=PLACES,
    attributes_commitment=HASHES,
    payload_commitment=HASHES,
)


def test_an_entry_is_sorted_compact_json() -> None:
    raw = ENTRY.canonical()
    fields = json.loads(raw)
    assert raw == json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert fields["kafka"] == {
        "offset": 17,
        "partition": 2,
        "timestamp": 1_795_428_001_300,
        "topic": "govbus.facts",
    }
    assert fields["v"] == 1
    assert parse_entry(raw) == ENTRY


@given(TEXT, st.none() | TEXT, st.integers(min_value=0, max_value=2**53 - 1))
def test_what_is_written_reads_back(id_: str, subject: str | None, offset: int) -> None:
    entry = dataclasses.replace(ENTRY, id=id_, subject=subject, kafka=KafkaPlace("t", 0, offset, 0))
    assert parse_entry(entry.canonical()) == entry


@given(st.dictionaries(st.text("abcxyz09_", min_size=1), TEXT))
def test_the_fast_encoder_of_texts_writes_rfc_8785(texts: dict[str, str]) -> None:
    assert canonical_texts(texts) == canonical_json(texts)


@given(ENTRIES)
def test_the_fast_encoder_of_entries_writes_rfc_8785(entry: Entry) -> None:
    fields = dataclasses.asdict(entry)
    if entry.kafka:
        fields["kafka"]["timestamp"] = fields["kafka"].pop("timestamp_ms")
    for name in ("attributes_commitment", "payload_commitment"):
        fields[name] = base64_strict.encode(fields[name])
    assert entry.canonical() == canonical_json({"v": 1, **fields})


def test_an_offset_that_json_does_not_hold_is_refused() -> None:
    with pytest.raises(EntryRejected, match="exactly"):
        dataclasses.replace(ENTRY, kafka=KafkaPlace("t", 0, 2**53, 0)).canonical()


def test_the_log_s_own_and_unreadable_records_are_entries_too() -> None:
    bare = dataclasses.replace(
        ENTRY,
        id=None,
        source=None,
        type=None,
        subject=None,
        time=None,
        recordedtime=None,
    )
    for entry in (
        dataclasses.replace(bare, kind="unparseable"),
        dataclasses.replace(ENTRY, kafka=None, kind="access"),
    ):
        assert parse_entry(entry.canonical()) == entry


def _changed(**changes: object) -> bytes:
    fields = {**json.loads(ENTRY.canonical()), **changes}
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{}",
        b" " + ENTRY.canonical(),
        json.dumps(json.loads(ENTRY.canonical())).encode(),
        _changed(v=2),
        _changed(more=1),
        _changed(id=7),
        _changed(kind=None),
        _changed(kafka={"topic": "t"}),
        _changed(kafka={"topic": "t", "partition": True, "offset": 1, "timestamp": 1}),
        _changed(payload_commitment="AAAA"),
        _changed(payload_commitment=None),
    ],
)
def test_other_bytes_are_no_entry(raw: bytes) -> None:
    with pytest.raises(EntryRejected):
        parse_entry(raw)


def test_an_entry_is_at_most_65535_bytes() -> None:
    fits = 65_535 - len(dataclasses.replace(ENTRY, id="").canonical())
    assert len(dataclasses.replace(ENTRY, id="x" * fits).canonical()) == 65_535
    with pytest.raises(EntryRejected, match="more than an entry's"):
        dataclasses.replace(ENTRY, id="x" * (fits + 1)).canonical()


def test_a_lone_surrogate_is_no_entry() -> None:
    with pytest.raises(EntryRejected):
        dataclasses.replace(ENTRY, id="\ud800").canonical()


def test_payload_and_attributes_are_held_to_their_commitments() -> None:
    raw, payload = ENTRY.canonical(), b'{"purpose":"scoring"}'
    assert verify_payload(raw, payload, KEY, attributes=b"{}") == ENTRY
    for arguments, reason in (
        ((raw, payload + b" ", KEY, None), "payload_differs"),
        ((raw, payload, bytes(32), None), "payload_differs"),
        ((raw, payload, KEY, b"{ }"), "attributes_differ"),
        ((raw, payload, KEY[:31], None), "bad_entry"),
        ((b"{}", payload, KEY, None), "bad_entry"),
    ):
        with pytest.raises(VerificationFailed) as failure:
            verify_payload(*arguments[:3], attributes=arguments[3])
        assert failure.value.reason == reason

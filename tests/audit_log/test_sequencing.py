"""What becomes an entry, as a pure decision."""

import pytest

from audit_log.desk import event
from govbus.audit_log.domain.classification import classify, is_open
from govbus.audit_log.domain.drafts import Draft, Unkeepable, draft_event, draft_unparseable
from govbus.audit_log.domain.sequencing import Known, Leaf, make_leaves, sequence
from govbus.contracts.envelope import Event
from govbus.contracts.translog.entry import KafkaPlace, parse_entry
from govbus.contracts.translog.merkle import leaf_hash
from govbus.contracts.translog.verification import verify_payload

KEYS = bytes(range(32)) * 8


def _drafts(*events: Event) -> list[Draft]:
    places = (KafkaPlace("govbus.facts", 0, offset, 1_795_428_001_300) for offset in range(len(events)))
    return [draft_event(item, place) for item, place in zip(events, places, strict=True)]


def _known(leaf: Leaf, *, erased: bool = False) -> dict[bytes, Known]:
    assert leaf.draft.identity is not None
    return {leaf.draft.identity: Known(parse_entry(leaf.entry), None if erased else leaf.key)}


def _kinds(drafts: tuple[Draft, ...]) -> list[tuple[str, str | None]]:
    return [(draft.fields.kind, draft.fields.id) for draft in drafts]


def test_records_keep_their_order() -> None:
    decided = sequence(_drafts(event("a"), event("c"), event("b")), {})
    assert _kinds(decided.drafts) == [("event", "a"), ("event", "c"), ("event", "b")]


def test_a_resend_in_one_batch_is_counted_and_not_entered() -> None:
    decided = sequence(_drafts(event("a"), event("a"), event("a", data=b'{"purpose":"other"}')), {})
    assert _kinds(decided.drafts) == [("event", "a"), ("duplicate_refused", "a")]
    assert decided.duplicate_count == 1


def test_the_same_id_of_another_type_or_source_is_another_event() -> None:
    decided = sequence(_drafts(event("a"), event("a", type="x.y"), event("a", source="//other")), {})
    assert [kind for kind, _ in _kinds(decided.drafts)] == ["event"] * 3


def test_a_resend_of_an_earlier_batch_is_held_to_the_commitments() -> None:
    [leaf] = make_leaves(_drafts(event("a")), 7, KEYS)
    assert sequence(_drafts(event("a")), _known(leaf)).duplicate_count == 1
    changed = sequence(_drafts(event("a", data=b"{}"), event("a", subject="model/x/y")), _known(leaf))
    assert [kind for kind, _ in _kinds(changed.drafts)] == ["duplicate_refused"] * 2


def test_a_resend_of_what_was_erased_does_not_bring_it_back() -> None:
    [leaf] = make_leaves(_drafts(event("a")), 7, KEYS)
    assert sequence(_drafts(event("a")), _known(leaf, erased=True)).drafts == ()
    assert len(sequence(_drafts(event("a", subject="model/x/y")), _known(leaf, erased=True)).drafts) == 1


def test_leaves_commit_to_payload_and_attributes() -> None:
    leaves = make_leaves(_drafts(event("a"), event("b")), 7, KEYS)
    assert [leaf.index for leaf in leaves] == [7, 8]
    for leaf in leaves:
        assert leaf.leaf_hash == leaf_hash(leaf.entry)
        entry = verify_payload(leaf.entry, leaf.draft.payload, leaf.key, attributes=leaf.draft.attributes)
        assert entry.subject == "model/retail/credit-risk"
        assert entry.time == "2026-11-23T10:00:00Z"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"id_": "x" * 1025}, "attribute_too_long"),
        ({"id_": "a\0b"}, "nul_character"),
        ({"id_": "a", "correlationid": "a\0b"}, "nul_character"),
        ({"id_": "a", "extensions": {"note": "\ud800"}}, "not_canonical"),
    ],
)
def test_what_the_tables_cannot_hold_is_not_kept_as_an_event(changes: dict[str, str], reason: str) -> None:
    with pytest.raises(Unkeepable) as refusal:
        _drafts(event(**changes))
    assert refusal.value.reason == reason


def test_an_unreadable_record_is_kept_whole() -> None:
    place = KafkaPlace("govbus.facts", 0, 3, -1)
    draft = draft_unparseable(
        place, "bad_headers", "header \0 \ud800", b"\xff", None, (("h\ud800", b"\xfe"), ("n", None))
    )
    [leaf] = make_leaves([draft], 0, KEYS)
    assert (leaf.kind, draft.identity, draft.classification) == ("unparseable", None, "confidential")
    assert b'"key":"/w=="' in draft.attributes
    assert sequence([draft, draft], {}).drafts == (draft, draft)


def test_a_classification_nobody_knows_opens_nothing() -> None:
    assert [classify(word) for word in (None, "public", "internal", "confidential", "personal", "Public")] == [
        "internal",
        "public",
        "internal",
        "confidential",
        "personal",
        "confidential",
    ]
    assert [is_open(word) for word in ("public", "internal", "confidential", "personal")] == [True, True, False, False]

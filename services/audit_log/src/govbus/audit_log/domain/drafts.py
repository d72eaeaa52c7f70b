"""Drafts: what will stand in the log about one record, before it has an index and a commitment key.

A record that cannot be kept as an event of its own words is kept whole as `unparseable`: nothing is refused here.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from govbus.audit_log.domain.classification import CONFIDENTIAL, classify
from govbus.contracts.envelope import Event
from govbus.contracts.identity import event_identity
from govbus.contracts.limits import ATTRIBUTE_BYTES
from govbus.contracts.translog import base64_strict
from govbus.contracts.translog.entry import (
    EVENT,
    UNPARSEABLE,
    Entry,
    EntryRejected,
    KafkaPlace,
    canonical_json,
    canonical_texts,
)

COMMITMENT_PLACE: Final = bytes(32)
_MOST_BYTES_OF_A_CHARACTER: Final = 4
"""UTF-8."""


class Unkeepable(ValueError):
    """A decoded event that cannot be kept under its own words; `reason` is from a closed list."""

    def __init__(self, reason: str, detail: str) -> None:
        """Keep reason (`attribute_too_long`, `nul_character`, `not_canonical`) and sentence."""
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One entry to be: its fields (commitments not made yet), what they will commit to, and what it is found by."""

    fields: Entry
    identity: bytes | None
    attributes: bytes
    payload: bytes
    correlation_id: str | None
    causation_id: str | None
    actor: str | None
    classification: str
    known_at: datetime
    logged_on: date


def draft_event(event: Event, place: KafkaPlace) -> Draft:
    """Return the draft of a decoded event.

    Raises:
        Unkeepable: an attribute that neither index nor canonical JSON can hold.
    """
    _check_attributes(event)
    try:
        said = event.attributes()
        attributes = canonical_texts(said)
        fields = Entry(
            kind=EVENT,
            id=event.id,
            source=event.source,
            type=event.type,
            subject=event.subject,
            time=said["time"],
            recordedtime=said.get("recordedtime"),
            kafka=place,
            attributes_commitment=COMMITMENT_PLACE,
            payload_commitment=COMMITMENT_PLACE,
        )
        fields.canonical()
    except EntryRejected as error:
        raise Unkeepable("not_canonical", str(error)) from None
    return Draft(
        fields=fields,
        identity=event_identity(event),
        attributes=attributes,
        payload=event.data,
        correlation_id=event.correlationid,
        causation_id=event.causationid,
        actor=event.authid,
        classification=classify(event.dataclassification),
        known_at=event.known_at,
        logged_on=day_of(place.timestamp_ms),
    )


def draft_unparseable(
    place: KafkaPlace,
    reason: str,
    detail: str,
    key: bytes | None,
    value: bytes | None,
    headers: tuple[tuple[str, bytes | None], ...],
) -> Draft:
    """Return the draft of a record that could not be read: its value is the payload, the rest is in the attributes."""
    attributes = {
        "reason": reason,
        "detail": detail.encode("utf-8", "replace").decode().replace("\0", "\ufffd"),
        "key": _encoded(key),
        "value_absent": value is None,
        "headers": [
            [base64_strict.encode(name.encode("utf-8", "surrogatepass")), _encoded(it)] for name, it in headers
        ],
    }
    return Draft(
        fields=Entry(
            kind=UNPARSEABLE,
            id=None,
            source=None,
            type=None,
            subject=None,
            time=None,
            recordedtime=None,
            kafka=place,
            attributes_commitment=COMMITMENT_PLACE,
            payload_commitment=COMMITMENT_PLACE,
        ),
        identity=None,
        attributes=canonical_json(attributes),
        payload=value or b"",
        correlation_id=None,
        causation_id=None,
        actor=None,
        classification=CONFIDENTIAL,
        known_at=_moment(place.timestamp_ms),
        logged_on=day_of(place.timestamp_ms),
    )


def day_of(timestamp_ms: int) -> date:
    """Return the UTC day of a Kafka timestamp: payloads are kept by month of it."""
    return _moment(timestamp_ms).date()


def _moment(timestamp_ms: int) -> datetime:
    return datetime.fromtimestamp(max(timestamp_ms, 0) / 1000, UTC)


def _encoded(raw: bytes | None) -> str | None:
    return None if raw is None else base64_strict.encode(raw)


def _check_attributes(event: Event) -> None:
    """Refuse what PostgreSQL can neither store (NUL in text) nor index (too long)."""
    indexed = (event.id, event.source, event.type, event.subject, event.correlationid, event.causationid, event.authid)
    together = "".join(filter(None, indexed))
    if len(together) * _MOST_BYTES_OF_A_CHARACTER <= ATTRIBUTE_BYTES and "\0" not in together:
        return
    for value in filter(None, indexed):
        if len(value.encode("utf-8", "surrogatepass")) > ATTRIBUTE_BYTES:
            raise Unkeepable("attribute_too_long", f"an attribute of more than {ATTRIBUTE_BYTES} bytes")
        if "\0" in value:
            raise Unkeepable("nul_character", "an attribute holds a NUL character")

"""Drafts of plain records in one pass over their headers: what services write, and so nearly all that the log reads.

Whatever is unusual is left to the slower way, which also says what is wrong with it. A test holds both to the same
drafts.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from govbus.audit_log.domain.classification import classify
from govbus.audit_log.domain.drafts import COMMITMENT_PLACE, Draft, day_of
from govbus.contracts import strict_json
from govbus.contracts.envelope import JSON_CONTENT_TYPE, SPECVERSION
from govbus.contracts.identity import identity_digest
from govbus.contracts.limits import ATTRIBUTE_BYTES
from govbus.contracts.translog.entry import EVENT, Entry, KafkaPlace, canonical_texts

_PREFIX: Final = "ce_"
_JSON: Final = JSON_CONTENT_TYPE.encode()
_INDEXED_CHARACTERS: Final = ATTRIBUTE_BYTES // 4
"""All indexed attributes together, so that none is too long for its index whatever its characters."""

_KAFKA_WHOLE: Final = 2**53
_NAME: Final = re.compile(r"[a-z0-9]{1,20}")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(?!000000)\d{6})?Z", re.ASCII)
"""As `format_time` writes it: the same text comes back."""

_REQUIRED: Final = ("id", "source", "type", "subject", "time")
_INDEXED: Final = ("id", "source", "type", "subject", "correlationid", "causationid", "authid")


def draft_plain(headers: Sequence[tuple[str, bytes | None]], value: bytes | None, place: KafkaPlace) -> Draft | None:
    """Return the draft of a JSON event in binary mode without anything unusual, None for every other record."""
    said = _attributes(headers)
    if said is None or not 0 <= place.timestamp_ms < _KAFKA_WHOLE or place.offset >= _KAFKA_WHOLE:
        return None
    time, recordedtime = said["time"], said.get("recordedtime")
    try:
        known_at = datetime.fromisoformat(time)
        if recordedtime is not None:
            known_at = datetime.fromisoformat(recordedtime)
        if value:
            strict_json.parse(value)
    except ValueError:
        return None
    id_, source, type_, subject = said["id"], said["source"], said["type"], said["subject"]
    return Draft(
        fields=Entry(
            kind=EVENT,
            id=id_,
            source=source,
            type=type_,
            subject=subject,
            time=time,
            recordedtime=recordedtime,
            kafka=place,
            attributes_commitment=COMMITMENT_PLACE,
            payload_commitment=COMMITMENT_PLACE,
        ),
        identity=identity_digest(source, type_, id_),
        attributes=canonical_texts(said),
        payload=value or b"",
        correlation_id=said.get("correlationid"),
        causation_id=said.get("causationid"),
        actor=said.get("authid"),
        classification=classify(said.get("dataclassification")),
        known_at=known_at,
        logged_on=day_of(place.timestamp_ms),
    )


def _attributes(headers: Sequence[tuple[str, bytes | None]]) -> dict[str, str] | None:
    """Return the attributes, None when anything is absent, empty, written otherwise, or there twice."""
    raw = dict(headers)
    if len(raw) != len(headers) or raw.pop("content-type", None) != _JSON:
        return None
    try:
        texts = {name: value.decode() for name, value in raw.items()}  # type: ignore[union-attr]  # caught below
    except (UnicodeDecodeError, AttributeError):
        return None
    said = {name[len(_PREFIX) :]: text for name, text in texts.items() if name.startswith(_PREFIX)}
    if not _is_plain(said):
        return None
    said["datacontenttype"] = JSON_CONTENT_TYPE
    return said


def _is_plain(said: Mapping[str, str]) -> bool:
    """Return whether the attributes are complete, written as we write them, and short."""
    if said.get("specversion") != SPECVERSION or "datacontenttype" in said or not all(map(said.get, _REQUIRED)):
        return False
    if not _TIME.fullmatch(said["time"]) or not _TIME.fullmatch(said.get("recordedtime", said["time"])):
        return False
    together = "".join([said[name] for name in _INDEXED if name in said])
    return len(together) <= _INDEXED_CHARACTERS and "\0" not in together and all(map(_NAME.fullmatch, said))

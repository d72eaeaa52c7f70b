"""The log's own entry about what it does not hold: records that were deleted unread, payloads lost with a restore."""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from govbus.audit_log.domain.classification import INTERNAL
from govbus.audit_log.domain.drafts import Draft
from govbus.audit_log.domain.index_ranges import Range, count_of, holds, merged
from govbus.audit_log.domain.own_entries import draft_own
from govbus.contracts import strict_json
from govbus.contracts.envelope import format_time
from govbus.contracts.making import service_source
from govbus.contracts.translog.entry import canonical_json

GAP: Final = "gap"
RECORDS: Final = "records"
PAYLOADS: Final = "payloads"
_RANGES_COUNT: Final = 1_000
"""Ranges that one entry lists, so that it fits into a record; more make more entries."""


@dataclass(frozen=True, slots=True)
class RecordGap:
    """Records of a partition that were deleted before the log read them."""

    topic: str
    partition: int
    first_offset: int
    last_offset: int
    noticed_at: datetime

    @property
    def missing_count(self) -> int:
        """How many places are missing; transaction markers among them count, as nobody can tell any more."""
        return self.last_offset - self.first_offset + 1


def draft_record_gap(origin: str, gap: RecordGap, id_: str) -> Draft:
    """Return the draft of the entry that says which records are missing."""
    said = {
        "what": RECORDS,
        "topic": gap.topic,
        "partition": gap.partition,
        "first_offset": gap.first_offset,
        "last_offset": gap.last_offset,
        "missing_count": gap.missing_count,
        "noticed_at": format_time(gap.noticed_at),
    }
    return _draft(origin, said, gap.noticed_at, id_)


def drafts_of_recovery(
    origin: str,
    recovered: Range,
    lost: Sequence[Range],
    actions: Sequence[int],
    at: datetime,
    new_id: Callable[[], str],
) -> list[Draft]:
    """Return the drafts of the entries that say what a recovery brought back, and whose payloads it could not.

    `actions` are entries that erased, pruned or held something; with their payloads it is lost what.
    """
    parts = [lost[start : start + _RANGES_COUNT] for start in range(0, max(len(lost), 1), _RANGES_COUNT)]
    drafts: list[Draft] = []
    for ranges in parts:
        said = {
            "what": PAYLOADS,
            "recovered": list(recovered),
            "ranges": [list(item) for item in ranges],
            "missing_count": count_of(ranges),
            "actions": [index for index in actions if holds(ranges, index)],
            "noticed_at": format_time(at),
        }
        drafts.append(_draft(origin, said, at, new_id()))
    return drafts


def read_lost_payloads(payload: bytes) -> tuple[Range, ...]:
    """Return the entries whose payloads a `gap` entry says were lost with a restore."""
    said: dict[str, Any] = strict_json.parse(payload)
    return merged((first, last) for first, last in said["ranges"]) if said.get("what") == PAYLOADS else ()


def read_record_gap(kind: str, payload: bytes | None) -> RecordGap | None:
    """Return the gap that an entry reports, None for every other entry."""
    if kind != GAP or payload is None:
        return None
    said: dict[str, Any] = strict_json.parse(payload)
    if said.get("what") != RECORDS:
        return None
    places = (said["topic"], said["partition"], said["first_offset"], said["last_offset"])
    return RecordGap(*places, datetime.fromisoformat(said["noticed_at"]))


def _draft(origin: str, said: dict[str, Any], at: datetime, id_: str) -> Draft:
    """Return a draft that every reader may see: it names places and nobody."""
    by = service_source("audit_log")
    draft = draft_own(GAP, origin, by, said, at, id_)
    attributes = canonical_json({"authid": by, "dataclassification": INTERNAL})
    return dataclasses.replace(draft, classification=INTERNAL, attributes=attributes)

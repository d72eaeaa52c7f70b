"""Reads the entries of a pack, page by page: as rows of the export, as proofs, and as the report may quote them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.audit_log.domain.classification import is_open
from govbus.audit_log.domain.report import Unread
from govbus.audit_log.domain.reporting import ReadEntry
from govbus.audit_log.store.entries import StoredRecord, entries_at
from govbus.audit_log.store.related import TakenAway, taken_away
from govbus.audit_log.store.tree import node_hashes
from govbus.contracts import strict_json
from govbus.contracts.translog.entry import EVENT
from govbus.contracts.translog.paths import inclusion_plan, make
from govbus.contracts.translog.proof import Proof

_PAGE_COUNT: Final = 100
"""Entries read at once: of the largest events 25 MB."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries in index order, with which entries took payloads away from them."""

    records: Sequence[StoredRecord]
    taken: Mapping[int, TakenAway]


async def pages(connection: AsyncConnection, indexes: Sequence[int]) -> AsyncIterator[Page]:
    """Yield the entries at these rising indexes."""
    for start in range(0, len(indexes), _PAGE_COUNT):
        wanted = list(indexes[start : start + _PAGE_COUNT])
        records = await entries_at(connection, wanted)
        gone = [record.index for record in records if record.payload is None]
        yield Page(records, await taken_away(connection, gone) if gone else {})


async def proofs(connection: AsyncConnection, indexes: Sequence[int], size: int, note: str) -> AsyncIterator[Proof]:
    """Yield the inclusion proof of each entry in the tree of `size`."""
    for start in range(0, len(indexes), _PAGE_COUNT):
        plans = {index: inclusion_plan(index, size) for index in indexes[start : start + _PAGE_COUNT]}
        wanted = {node for plan in plans.values() for nodes in plan for node in nodes}
        hashes = await node_hashes(connection, wanted)
        for index, plan in plans.items():
            yield Proof(index, make(plan, hashes), note)


def quotable(record: StoredRecord, taken: TakenAway | None, *, confidential: bool) -> ReadEntry:
    """Return the entry as the report may quote it."""
    fields = strict_json.parse(record.entry)
    document, unread = None, _unread(record, taken, confidential=confidential)
    if unread is None and record.payload:
        try:
            document = strict_json.parse(record.payload)
        except strict_json.InvalidJson:
            unread = Unread(index=record.index, reason="unreadable")
    return ReadEntry(
        index=record.index,
        type=fields["type"] if record.kind == EVENT else None,
        subject=fields["subject"],
        time=fields["time"],
        document=document,
        unread=unread,
    )


def _unread(record: StoredRecord, taken: TakenAway | None, *, confidential: bool) -> Unread | None:
    if record.payload is None:
        if taken is not None and taken.is_erasure:
            return Unread(index=record.index, reason="erased", erasure_index=taken.entry_index)
        return Unread(index=record.index, reason="pruned", erasure_index=None if taken is None else taken.entry_index)
    if confidential or is_open(record.classification):
        return None
    return Unread(index=record.index, reason="personal" if record.classification == "personal" else "confidential")

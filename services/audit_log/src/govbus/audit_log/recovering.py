"""Stores what was read from `govbus.audit` and proved, and puts on record what could not be brought back.

What is written is held, byte for byte, against what was proved; each stretch is a transaction of its own after which
the log is whole, so a second run goes on where the first one ended. Nothing is signed here.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prometheus_client import CollectorRegistry
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from govbus.audit_log.domain.consistency import Inconsistent
from govbus.audit_log.domain.gaps import drafts_of_recovery
from govbus.audit_log.domain.holds import ordered_by
from govbus.audit_log.domain.index_ranges import Range, ranges_of
from govbus.audit_log.domain.recovery import Republished, Signed, recovered_leaf, stated
from govbus.audit_log.domain.sequencing import Leaf
from govbus.audit_log.handlers import Sequencer
from govbus.audit_log.originals import Originals, Place
from govbus.audit_log.proving import Missing
from govbus.audit_log.republished import RepublishedLog
from govbus.audit_log.standing import Standing
from govbus.audit_log.store import appending, holds, recovery
from govbus.audit_log.store.closing import closing_of
from govbus.contracts.identity import fresh_id
from govbus.contracts.translog.merkle import CompactRange, grow

_STRETCH_COUNT: Final = 500
"""Entries stored in one transaction: some 0.1 s, far below the role's limit of 60 s."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was written, and which entries have lost payload and commitment key for ever.

    `actions` are those of them that erased, pruned or held something: nobody can tell any more what.
    """

    from_size: int
    to_size: int
    checkpoint_count: int
    lost: tuple[Range, ...]
    actions: tuple[int, ...]


class Recovery:
    """One recovery of one log whose service has stopped, or has not started."""

    def __init__(
        self,
        engine: AsyncEngine,
        origin: str,
        topic: RepublishedLog,
        originals: Originals,
        clock: Callable[[], datetime],
    ) -> None:
        """Take where the log lies and what it is read back from."""
        self._engine = engine
        self._origin = origin
        self._topic = topic
        self._originals = originals
        self._clock = clock

    async def apply(self, missing: Missing) -> Recovered:
        """Store what was found, and an entry of the log's own that says so.

        Raises:
            Inconsistent: the topic or the log changed since it was proved; what was stored until then is whole.
        """
        compact = await self._head()
        if compact.size != missing.from_size:
            raise Inconsistent(f"the log grew to {compact.size} meanwhile: stop whoever writes to it")
        stretch: list[Republished] = []
        async with aclosing(self._topic.read_from(missing.from_size)) as items:
            async for item in items:
                if isinstance(item, Republished) and compact.size + len(stretch) == item.index < missing.to_size:
                    stretch.append(item)
                if len(stretch) == _STRETCH_COUNT and compact.size + len(stretch) < missing.to_size:
                    leaves = await self._leaves(missing, stretch)
                    async with self._engine.begin() as connection:
                        compact, stretch = await _append(connection, missing, compact, leaves), []
        if compact.size + len(stretch) != missing.to_size:
            raise Inconsistent(f"govbus.audit ended at {compact.size + len(stretch)} when it was read again")
        leaves = await self._leaves(missing, stretch)
        async with self._engine.begin() as connection:
            await _append(connection, missing, compact, leaves)
            return await self._finish(connection, missing)

    async def _finish(self, connection: AsyncConnection, missing: Missing) -> Recovered:
        """Put on record what came back and what did not, in the transaction of the last stretch: it is done or not."""
        start, end = missing.published_index, missing.to_size
        lost = ranges_of(await recovery.indexes_without_payload(connection, start, end))
        actions = await recovery.actions_without_payload(connection, start, end)
        recovered = (missing.from_size, missing.to_size - 1)
        drafts = drafts_of_recovery(self._origin, recovered, lost, actions, self._clock(), fresh_id)
        if await closing_of(connection) is None:  # a closed log takes no entry, not even about its recovery
            await _sequencer().enter(connection, drafts)
        await recovery.advance_published(connection, missing.to_size, missing.topic_size)
        count = sum(size > missing.from_size for size in missing.notes)
        return Recovered(missing.from_size, missing.to_size, count, lost, tuple(actions))

    async def _leaves(self, missing: Missing, stretch: Sequence[Republished]) -> list[Leaf]:
        entries = [stated(item) for item in stretch]
        closed = [entry.kafka for item, entry in zip(stretch, entries, strict=True) if entry.kafka and not item.key]
        originals = await self._originals.find(closed)
        leaves: list[Leaf] = []
        for item, entry in zip(stretch, entries, strict=True):
            place: Place | None = (
                (entry.kafka.topic, entry.kafka.partition, entry.kafka.offset) if entry.kafka else None
            )
            leaf = recovered_leaf(item, originals.get(place) if place else None)
            if leaf.leaf_hash != missing.replay.leaf(item.index):
                raise Inconsistent(f"entry {item.index} on govbus.audit changed since it was proved")
            leaves.append(leaf)
        return leaves

    async def _head(self) -> CompactRange:
        async with self._engine.connect() as connection:
            return (await appending.read_head(connection)).compact


async def _append(
    connection: AsyncConnection, missing: Missing, compact: CompactRange, leaves: Sequence[Leaf]
) -> CompactRange:
    """Append one stretch with the checkpoints in it; return the tree after it."""
    head = await appending.lock_head(connection)
    if head.compact != compact:
        raise Inconsistent(f"the log grew to {head.compact.size} meanwhile: stop whoever writes to it")
    for part in _cut(leaves, missing.notes):
        growth = grow(compact, [leaf.leaf_hash for leaf in part])
        await appending.append(connection, part, growth)
        compact = growth.compact
        signed = missing.notes.get(compact.size)
        if signed is not None:
            await recovery.restore_checkpoint(connection, compact, signed.note, head.epoch, signed.signed_at)
    orders = [order for leaf in leaves if leaf.key and (order := ordered_by(leaf.draft)) is not None]
    if orders:
        await holds.fold(connection, orders)
    await appending.advance_head(connection, compact, 0)
    await recovery.advance_offsets(connection, _next_offsets(leaves))
    return compact


def _cut(leaves: Sequence[Leaf], notes: Mapping[int, Signed]) -> list[list[Leaf]]:
    """Return the leaves in parts that end where a checkpoint does."""
    parts: list[list[Leaf]] = [[]]
    for leaf in leaves:
        parts[-1].append(leaf)
        if leaf.index + 1 in notes:
            parts.append([])
    return [part for part in parts if part]


def _next_offsets(leaves: Sequence[Leaf]) -> dict[tuple[str, int], int]:
    found: dict[tuple[str, int], int] = {}
    for leaf in leaves:
        kafka = leaf.draft.fields.kafka
        if kafka is not None:
            found[(kafka.topic, kafka.partition)] = kafka.offset + 1
    return found


def _sequencer() -> Sequencer:
    """Return a sequencer for the one entry about the recovery; that the log may go on was just proved."""
    standing = Standing(CollectorRegistry())
    standing.compared()
    return Sequencer(standing, CollectorRegistry())

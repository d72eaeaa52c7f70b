"""Brings back what a restored database lacks, from `govbus.audit`, and proves it against every checkpoint outside.

First everything is read and proved, and nothing is written. What is written then is held, byte for byte, against what
was proved; each stretch is a transaction of its own after which the log is whole, so a second run goes on where the
first one ended. Nothing is signed here.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prometheus_client import CollectorRegistry
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from govbus.audit_log.domain.consistency import Inconsistent, check_head, check_same, missing_range, regrow
from govbus.audit_log.domain.gaps import drafts_of_recovery
from govbus.audit_log.domain.holds import ordered_by
from govbus.audit_log.domain.index_ranges import Range, ranges_of
from govbus.audit_log.domain.recovery import Republished, Signed, recovered_leaf, stated
from govbus.audit_log.domain.replay import Replay
from govbus.audit_log.domain.sequencing import Leaf
from govbus.audit_log.handlers import Sequencer
from govbus.audit_log.keys import LogKeys
from govbus.audit_log.originals import Originals, Place
from govbus.audit_log.outside import CopyPlace
from govbus.audit_log.republished import RepublishedLog
from govbus.audit_log.standing import Standing
from govbus.audit_log.store import appending, holds, recovery, signing
from govbus.audit_log.store.closing import closing_of
from govbus.audit_log.store.tree import compact_at
from govbus.contracts.identity import fresh_id
from govbus.contracts.translog.checkpoint import Checkpoint, open_checkpoint
from govbus.contracts.translog.merkle import CompactRange, grow
from govbus.contracts.translog.note import NoteRejected

_STRETCH_COUNT: Final = 500
"""Entries stored in one transaction: some 0.1 s, far below the role's limit of 60 s."""

_EXAMINED_COUNT: Final = 2_000


@dataclass(frozen=True, slots=True)
class Missing:
    """What was found and proved; nothing is missing where `to_size` is `from_size`."""

    from_size: int
    to_size: int
    published_index: int
    replay: Replay
    notes: Mapping[int, Signed]
    topic_size: int
    newest: Checkpoint | None


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
        keys: LogKeys,
        topic: RepublishedLog,
        places: Sequence[CopyPlace],
        originals: Originals,
        clock: Callable[[], datetime],
    ) -> None:
        """Take where the log lies and where its copies do."""
        self._engine = engine
        self._keys = keys
        self._topic = topic
        self._places = places
        self._originals = originals
        self._clock = clock

    async def find(self) -> Missing:
        """Read everything outside and prove it; changes nothing.

        Raises:
            Inconsistent: there are two histories, or entries that no place outside holds.
            PlaceAway, KafkaError: a place cannot be read; the same call may succeed later.
        """
        async with self._engine.connect() as connection:
            head = (await appending.read_head(connection)).compact
            newest = await signing.newest_checkpoint(connection)
            cursor = await signing.read_cursor(connection, signing.TOPIC)
            await _examine(connection, newest.compact if newest else CompactRange(), head)
            notes = await self._notes_in_copies(connection, newest.compact.size if newest else 0, head)
        opened = {size: self._opened(signed) for size, signed in notes.items()}
        expected = {size: (opened[size].root, notes[size].where) for size in opened if size > head.size}
        replay = Replay(head, expected)
        start = min(cursor.next_index, head.size)
        topic_notes = await self._replay_topic(replay, start, head)
        beyond = max((size for size in opened if size > replay.size), default=None)
        if beyond is not None:
            found = missing_range(replay.size, beyond, opened[beyond].root, notes[beyond].where)
            raise Inconsistent(f"govbus.audit does not hold them all, so they cannot be recovered from it: {found}")
        proved = {**notes, **topic_notes}
        largest = max(proved, default=None)
        newest_outside = None if largest is None else self._opened(proved[largest])
        topic_size = max(topic_notes, default=0)
        return Missing(head.size, replay.size, start, replay, proved, topic_size, newest_outside)

    async def apply(self, missing: Missing) -> Recovered:
        """Store what was found, and an entry of the log's own that says so.

        Raises:
            Inconsistent: the topic or the log changed since `find`; what was stored until then is whole.
        """
        compact = await self._head()
        if compact.size != missing.from_size:
            raise Inconsistent(f"the log grew to {compact.size} meanwhile: stop whoever writes to it")
        stretch: list[Republished] = []
        async with aclosing(self._topic.read_from(missing.from_size)) as items:
            async for item in items:
                if isinstance(item, Republished) and compact.size + len(stretch) == item.index < missing.to_size:
                    stretch.append(item)
                if len(stretch) == _STRETCH_COUNT:
                    compact, stretch = await self._store(missing, compact, stretch), []
        compact = await self._store(missing, compact, stretch)
        if compact.size != missing.to_size:
            raise Inconsistent(f"govbus.audit ended at {compact.size} when it was read again")
        async with self._engine.begin() as connection:
            lost = ranges_of(
                await recovery.indexes_without_payload(connection, missing.published_index, missing.to_size)
            )
            actions = await recovery.actions_without_payload(connection, missing.published_index, missing.to_size)
            recovered = (missing.from_size, missing.to_size - 1)
            drafts = drafts_of_recovery(self._keys.origin, recovered, lost, actions, self._clock(), fresh_id)
            if await closing_of(connection) is None:  # a closed log takes no entry, not even about its recovery
                await _sequencer().enter(connection, drafts)
            await recovery.advance_published(connection, missing.to_size, missing.topic_size)
        count = sum(size > missing.from_size for size in missing.notes)
        return Recovered(missing.from_size, missing.to_size, count, lost, tuple(actions))

    async def _notes_in_copies(
        self, connection: AsyncConnection, signed_size: int, head: CompactRange
    ) -> dict[int, Signed]:
        """Return the notes in all places above the newest stored checkpoint; those the log covers are compared."""
        found: dict[int, Signed] = {}
        for place in self._places:
            async for size, note in place.notes(signed_size):
                signed = Signed(note, place.name)
                opened = self._opened(signed)
                if opened.size != size:
                    raise Inconsistent(f"the copy of size {size} in {place.name} is of size {opened.size}")
                if size in found:
                    check_same(size, self._opened(found[size]).root, opened.root, place.name)
                if size <= head.size:
                    check_same(size, (await compact_at(connection, size)).root, opened.root, place.name)
                found.setdefault(size, signed)
        return found

    async def _replay_topic(self, replay: Replay, start: int, head: CompactRange) -> dict[int, Signed]:
        """Take everything on the topic; return its checkpoints above `start`, each proved."""
        found: dict[int, Signed] = {}
        async with aclosing(self._topic.read_from(start)) as items, self._engine.connect() as connection:
            async for item in items:
                if isinstance(item, Republished):
                    if item.index >= head.size:
                        stated(item)
                        replay.take(item.index, item.entry)
                    elif item.index >= start:
                        await _compare(connection, item)
                    continue
                opened = self._opened(item)
                if opened.size > head.size:
                    replay.prove(opened, item.where)
                else:
                    root = (await compact_at(connection, opened.size)).root
                    check_same(opened.size, root, opened.root, item.where)
                if opened.size >= start:
                    found[opened.size] = item
        return found

    async def _store(self, missing: Missing, compact: CompactRange, stretch: Sequence[Republished]) -> CompactRange:
        """Store one stretch with the checkpoints in it, in one transaction; return the tree after it."""
        if not stretch:
            return compact
        leaves = await self._leaves(missing, stretch)
        async with self._engine.begin() as connection:
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

    def _opened(self, signed: Signed) -> Checkpoint:
        try:
            return open_checkpoint(signed.note, self._keys.believed).checkpoint
        except NoteRejected as error:
            raise Inconsistent(f"a checkpoint in {signed.where} is not of this log and its keys: {error}") from None


async def _examine(connection: AsyncConnection, signed: CompactRange, head: CompactRange) -> None:
    """Hash again what the restored database holds beyond its newest checkpoint: it is what follows that is proved."""
    tree = signed
    while tree.size < head.size:
        count = min(head.size - tree.size, _EXAMINED_COUNT)
        entries = await signing.stored_entries(connection, tree.size, count)
        if len(entries) != count:
            raise Inconsistent(
                f"entries are missing between {tree.size} and {tree.size + count} in the database itself"
            )
        tree = regrow(tree, entries, await signing.stored_tiles(connection, tree.size, tree.size + count))
    check_head(tree, head)


async def _compare(connection: AsyncConnection, item: Republished) -> None:
    [stored] = await signing.stored_entries(connection, item.index, 1)
    if stored.entry != item.entry:
        raise Inconsistent(
            f"entry {item.index} on govbus.audit is another one than the stored: there are two histories"
        )


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

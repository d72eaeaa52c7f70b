"""Reads from outside what a restored database lacks, and proves it against every checkpoint; changes nothing."""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from govbus.audit_log.domain.consistency import Inconsistent, check_head, check_same, missing_range, regrow
from govbus.audit_log.domain.recovery import Republished, Signed, stated
from govbus.audit_log.domain.replay import Replay
from govbus.audit_log.keys import LogKeys
from govbus.audit_log.outside import CopyPlace
from govbus.audit_log.republished import RepublishedLog
from govbus.audit_log.store import signing
from govbus.audit_log.store.appending import read_head
from govbus.audit_log.store.tree import compact_at
from govbus.contracts.translog.checkpoint import Checkpoint, open_checkpoint
from govbus.contracts.translog.merkle import CompactRange
from govbus.contracts.translog.note import NoteRejected

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


class Proving:
    """One look at everything outside."""

    def __init__(self, engine: AsyncEngine, keys: LogKeys, topic: RepublishedLog, places: Sequence[CopyPlace]) -> None:
        """Take where the log lies and where its copies do."""
        self._engine = engine
        self._keys = keys
        self._topic = topic
        self._places = places

    async def find(self) -> Missing:
        """Read everything outside and prove it; changes nothing.

        Raises:
            Inconsistent: there are two histories, or entries that no place outside holds.
            PlaceAway, KafkaError: a place cannot be read; the same call may succeed later.
        """
        async with self._engine.connect() as connection:
            head = (await read_head(connection)).compact
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

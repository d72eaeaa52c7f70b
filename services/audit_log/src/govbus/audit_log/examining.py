"""Examines the whole log: every byte hashed again, every checkpoint opened, every guard and every copy looked at."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from aiokafka.errors import KafkaError
from sqlalchemy.exc import DBAPIError, NoResultFound
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from govbus.audit_log.domain.cosigned import cosignature_faults
from govbus.audit_log.domain.examination import OnRecord, faults_of
from govbus.audit_log.domain.tree_walk import SignedRoot, StoredLeaf, TreeWalk
from govbus.audit_log.outside import CopyPlace, PlaceAway
from govbus.audit_log.published import PublishedCheckpoints
from govbus.audit_log.store import examination as store
from govbus.audit_log.store.appending import Head, read_head
from govbus.audit_log.store.examination import StoredCheckpointRow
from govbus.audit_log.store.guards import expected_guards, read_guards
from govbus.audit_log.store.hold_examination import hold_faults
from govbus.audit_log.store.witnesses import cosignatures_between
from govbus.contracts.translog.checkpoint import Checkpoint, open_checkpoint
from govbus.contracts.translog.entry import CLOSED
from govbus.contracts.translog.note import NoteRejected
from govbus.contracts.translog.vkey import VerificationKey
from govbus.eventing.error_words import describe

_STRETCH_COUNT: Final = 512
"""Entries read at once, a multiple of a tile's 256: 128 MiB if every payload were as large as one may be."""

_FAULTS_COUNT: Final = 1_000
"""Faults kept in words; the rest are counted."""

_COPIES_COUNT: Final = 1_000
"""Newest copies of one place that are opened; for older ones it is enough that the table has their size."""

_FOLLOWED: Final = "entry {} closed the log, and entries follow it"


@dataclass(frozen=True, slots=True)
class Examined:
    """What was looked at, the fingerprint of the guards, and everything that is wrong, in words."""

    size: int
    checkpoint_count: int
    guards_sha256: str
    faults: tuple[str, ...]
    notices: tuple[str, ...] = ()
    fault_count: int = 0


@dataclass(slots=True)
class _Found:
    faults: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    fault_count: int = 0
    checkpoint_count: int = 0

    def wrong(self, *faults: str) -> None:
        self.fault_count += len(faults)
        self.faults.extend(faults[: max(_FAULTS_COUNT - len(self.faults), 0)])


class Examination:
    """One examination; changes nothing, and may run beside the service, in memory that does not grow with the log."""

    def __init__(
        self,
        engine: AsyncEngine,
        keys: Sequence[VerificationKey],
        places: Sequence[CopyPlace],
        topic: PublishedCheckpoints | None,
        *,
        owner_guard: bool,
        progress: Callable[[int, int], None] = lambda _examined, _size: None,
    ) -> None:
        """Take what is compared; `owner_guard` says whether the event triggers must be there."""
        self._engine = engine
        self._keys = keys
        self._places = places
        self._topic = topic
        self._owner_guard = owner_guard
        self._progress = progress
        self._found = _Found()

    async def run(self) -> Examined:
        """Return what the log holds and what is wrong with it."""
        found = self._found
        async with self._connection() as connection:
            guards = await read_guards(connection)
        found.wrong(*guards.differences(expected_guards(with_owner_guard=self._owner_guard)), *guards.wrong)
        if not guards.stops_the_owner:
            found.notices.append("nothing stops the owner of the tables: no superuser installed the event triggers")
        size = 0
        try:
            async with self._connection() as connection:
                head = await read_head(connection)
            size = head.compact.size
            await self._read_through(head)
        except DBAPIError as error:
            found.wrong(f"the log cannot be read to its end: {describe(error)}")
        except NoResultFound:
            found.wrong("the log has no head")
        return Examined(
            size,
            found.checkpoint_count,
            guards.sha256,
            tuple(found.faults),
            tuple(found.notices),
            found.fault_count,
        )

    async def _read_through(self, head: Head) -> None:
        found, size = self._found, head.compact.size
        async with self._connection() as connection:
            record, faults, pending_count = await store.erasures_on_record(connection)
            found.wrong(*faults, *await hold_faults(connection))
        if pending_count:
            found.notices.append(f"{pending_count} erasures or prunings on record are not carried out yet, or held")
        await self._walk(head, record)
        async with self._connection() as connection:
            found.wrong(*await store.beyond_the_head(connection))
        for place in self._places:
            await self._look_at(place, size)
        await self._look_at_topic(size)

    async def _walk(self, head: Head, record: OnRecord) -> None:
        walk, size = TreeWalk(), head.compact.size
        for begin in range(0, size, _STRETCH_COUNT):
            end = min(begin + _STRETCH_COUNT, size)
            async with self._connection() as connection:
                rows = await store.stored_rows(connection, begin, end)
                tiles = await store.filled_tiles(connection, begin, end)
                checkpoints = await store.stored_checkpoints(connection, begin, end)
                second = await store.second_payloads(connection, begin, end)
                cosigned = await cosignatures_between(connection, begin, end)
            self._found.checkpoint_count += len(checkpoints)
            self._found.wrong(*(fault for row in checkpoints for fault in self._note_faults(row)))
            signed = [SignedRoot(row.size, row.root) for row in checkpoints]
            leaves = [StoredLeaf(row.index, row.entry, row.leaf_hash) for row in rows]
            self._found.wrong(*walk.stretch(end, leaves, tiles, signed))
            here = OnRecord(record.gone.within(begin, end), record.carried_out.within(begin, end))
            self._found.wrong(*(fault for row in rows for fault in faults_of(row, here)))
            self._found.wrong(*(f"payload {index} lies there a second time" for index in second))
            self._found.wrong(*(fault for line in cosigned for fault in cosignature_faults(line)))
            self._found.wrong(
                *(_FOLLOWED.format(row.index) for row in rows if row.kind == CLOSED and row.index + 1 < size)
            )
            self._progress(end, size)
            await asyncio.sleep(0)
        if not walk.is_lost and head.compact not in (walk.by_entries, walk.by_tiles):
            self._found.wrong(f"the head of the log at size {size} is not the tree of the stored entries")

    def _note_faults(self, row: StoredCheckpointRow) -> list[str]:
        try:
            signed = open_checkpoint(row.note, self._keys).checkpoint
        except NoteRejected as error:
            return [f"the checkpoint of size {row.size} is not signed by this log: {error}"]
        if signed.size != row.size:
            return [f"the checkpoint stored for size {row.size} is of size {signed.size}"]
        if signed.root != row.root:
            return [f"the checkpoint of size {row.size} was signed with another root than the table has"]
        return []

    async def _look_at(self, place: CopyPlace, size: int) -> None:
        """Compare the checkpoints that lie in a place with those of the table."""
        try:
            sizes = await place.sizes()
            newest = [await place.note(item) for item in sizes[-_COPIES_COUNT:]]
        except PlaceAway as error:
            self._found.notices.append(f"not compared: {error}")
            return
        await self._compare_sizes(sizes, size, place.name)
        for item, note in zip(sizes[-_COPIES_COUNT:], newest, strict=True):
            await self._compare_note(note, size, f"the copy of size {item} in {place.name}")

    async def _look_at_topic(self, size: int) -> None:
        if self._topic is None:
            self._found.notices.append("not compared: the topic govbus.audit, which the settings leave out")
            return
        try:
            note = await self._topic.newest()
        except (KafkaError, OSError) as error:
            self._found.notices.append(f"not compared: the topic govbus.audit ({type(error).__name__})")
            return
        if note is not None:
            await self._compare_note(note, size, "the newest checkpoint on govbus.audit")

    async def _compare_sizes(self, sizes: Sequence[int], head_size: int, where: str) -> None:
        for begin in range(0, len(sizes), _STRETCH_COUNT):
            part = [size for size in sizes[begin : begin + _STRETCH_COUNT] if size <= head_size]
            async with self._connection() as connection:
                stored = await store.signed_roots(connection, part)
            gone = [size for size in part if size not in stored]
            self._found.wrong(*(f"the checkpoint of size {size} lies in {where}, not in the table" for size in gone))

    async def _compare_note(self, note: str, head_size: int, where: str) -> None:
        signed = self._opened(note, where)
        if signed is None:
            return
        async with self._connection() as connection:
            newer = (await read_head(connection)).compact.size if signed.size > head_size else head_size
            stored = (await store.signed_roots(connection, [signed.size])).get(signed.size)
        if signed.size > newer:
            self._found.wrong(f"the log ends at {newer}, behind {where} of size {signed.size}")
        elif stored is not None and stored.root != signed.root:
            self._found.wrong(f"{where} has another root for size {signed.size}: there are two histories")

    def _opened(self, note: str, where: str) -> Checkpoint | None:
        try:
            return open_checkpoint(note, self._keys).checkpoint
        except NoteRejected as error:
            self._found.wrong(f"{where} is not signed by this log: {error}")
            return None

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection for a moment: no transaction lasts as long as the examination."""
        async with self._engine.connect() as connection:
            yield connection

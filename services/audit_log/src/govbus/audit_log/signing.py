"""Signs checkpoints: re-hashes what was stored since the last one, signs, stores, copies outside.

Never signs a tree that is inconsistent with one already signed: on any doubt the log stops and says why.
"""

import logging
import time
from collections.abc import Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Gauge
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from govbus.audit_log.domain.consistency import Inconsistent, check_head, check_same, regrow
from govbus.audit_log.keys import LogKeys
from govbus.audit_log.outside import Copies, Outside
from govbus.audit_log.standing import Standing
from govbus.audit_log.store import signing as store
from govbus.audit_log.store.appending import read_head
from govbus.audit_log.store.tree import compact_at
from govbus.contracts.translog.checkpoint import Checkpoint, open_checkpoint
from govbus.contracts.translog.merkle import CompactRange
from govbus.contracts.translog.note import NoteRejected

_log: Final = logging.getLogger(__name__)

_ENTRIES_COUNT: Final = 20_000
"""Entries hashed again per checkpoint: some 0.2 s and 100 MB at most, well below the transaction's limit."""


class Signer:
    """The one who signs; several processes may run one, a lock and an epoch let one sign at a time."""

    def __init__(
        self,
        engine: AsyncEngine,
        keys: LogKeys,
        copies: Copies,
        compared: Mapping[str, Outside],
        standing: Standing,
        registry: CollectorRegistry,
    ) -> None:
        """Take what signing needs; `compared` are the outside places, by name, that the log must not be behind."""
        self._engine = engine
        self._keys = keys
        self._copies = copies
        self._compared = compared
        self._standing = standing
        self._epoch: int | None = None
        self._signed: CompactRange | None = None
        # Size of the newest checkpoint. Behind govbus_log_size_entries for seconds: see the log for what stops signing.
        self._size = Gauge(
            "govbus_log_checkpoint_size_entries", "Entries under the newest checkpoint", registry=registry
        )
        # When the newest checkpoint was signed. Old while the log grows: signing stopped.
        self._signed_at = Gauge("govbus_log_checkpoint_signed_seconds", "Unix time of the newest", registry=registry)
        # 1 when two histories showed or the log is behind its copies. Page: nothing is signed or appended any more.
        self._stopped = Gauge("govbus_log_stopped", "Whether the log stopped", registry=registry)

    async def round(self) -> None:
        """Compare once, then sign whatever was stored since the last checkpoint.

        Raises:
            Exception: database or copies away; nothing was signed.
        """
        try:
            if not self._standing.is_compared:
                await self.compare()
            self._standing.require()
            while await self._sign_next():
                pass
        except Inconsistent as error:
            self._stopped.set(1)
            self._standing.stop(str(error))

    async def compare(self) -> None:
        """Check the stored log against its key, its newest checkpoint, and the newest one in every place outside.

        Raises:
            Inconsistent: the log is behind a copy, has another history, or was signed by another key.
        """
        outside = {where: await place.newest() for where, place in self._compared.items()}
        async with self._engine.connect() as connection:
            newest = await store.newest_checkpoint(connection)
            head = await read_head(connection)
            if newest is not None:
                signed = self._open(newest.note, "the newest stored checkpoint")
                check_same(newest.compact.size, newest.compact.root, signed.root, "the newest stored checkpoint")
                await _check_tree(connection, head.compact, signed, "the newest stored checkpoint")
            for where, note in outside.items():
                if note is not None:
                    await _check_tree(connection, head.compact, self._open(note, where), where)
        self._signed = newest.compact if newest else None
        self._standing.compared()

    async def copy_newest(self) -> None:
        """Copy the newest checkpoint outside, if it is not there yet.

        Raises:
            Exception: database or copies away; tried again in the next round.
        """
        self._standing.require()
        async with self._engine.begin() as connection:
            cursor = await store.lock_cursor(connection, store.FILES)
            newest = await store.newest_checkpoint(connection)
            if cursor is None or newest is None or newest.compact.size <= cursor.checkpoint_size:
                return
            try:
                await self._copies.put(newest.compact.size, newest.note)
            except Inconsistent as error:
                self._standing.stop(str(error))
                raise
            size = newest.compact.size
            await store.move_cursor(connection, store.FILES, store.Cursor(size, size))

    async def _sign_next(self) -> bool:
        """Sign one checkpoint; return whether entries were left for another."""
        async with self._engine.begin() as connection:
            if not await store.try_lead(connection):
                self._epoch = None
                return False
            head = await read_head(connection)
            newest = await store.newest_checkpoint(connection)
            base = newest.compact if newest else CompactRange()
            self._remember(newest)
            if head.compact.size == base.size:
                check_head(base, head.compact)
                return False
            if head.compact.size < base.size:
                raise Inconsistent(f"the head is at {head.compact.size}, behind the checkpoint of size {base.size}")
            if self._epoch is None or head.epoch != self._epoch:
                self._epoch = await store.take_epoch(connection)
            regrown = await self._regrow(connection, base, head.compact)
            note = self._keys.sign(regrown.size, regrown.root)
            await store.insert_checkpoint(connection, regrown, str(note), self._epoch)
        self._signed = regrown
        self._size.set(regrown.size)
        self._signed_at.set(time.time())
        return regrown.size < head.compact.size

    async def _regrow(self, connection: AsyncConnection, base: CompactRange, head: CompactRange) -> CompactRange:
        count = min(head.size - base.size, _ENTRIES_COUNT)
        entries = await store.stored_entries(connection, base.size, count)
        if len(entries) != count:
            raise Inconsistent(f"{count} entries from {base.size} on were sequenced, {len(entries)} are stored")
        tiles = await store.stored_tiles(connection, base.size, base.size + count)
        regrown = regrow(base, entries, tiles)
        check_head(regrown, head)
        return regrown

    def _remember(self, newest: store.StoredCheckpoint | None) -> None:
        """Compare the table with what this process signed or saw last: a table can be restored under it."""
        if self._signed is None:
            self._signed = newest.compact if newest else None
            return
        if newest is None or newest.compact.size < self._signed.size:
            raise Inconsistent(f"the checkpoint of size {self._signed.size} is gone")
        if newest.compact.size == self._signed.size:
            check_same(self._signed.size, newest.compact.root, self._signed.root, "the newest stored checkpoint")
        self._signed = newest.compact
        self._size.set(newest.compact.size)
        self._signed_at.set(newest.signed_at_seconds)

    def _open(self, note: str, where: str) -> Checkpoint:
        try:
            return open_checkpoint(note, self._keys.believed).checkpoint
        except NoteRejected as error:
            raise Inconsistent(
                f"{where} is not of this log and its keys ({error}): restore the log's own key file, or name the key "
                "that signed it in GOVBUS_AUDIT_LOG_RETIRED_VKEYS"
            ) from None


async def _check_tree(connection: AsyncConnection, head: CompactRange, signed: Checkpoint, where: str) -> None:
    if signed.size > head.size:
        raise Inconsistent(
            f"the log ends at {head.size}, behind {where} of size {signed.size}: restore a newer backup; "
            "nothing is sequenced or signed before"
        )
    check_same(signed.size, (await compact_at(connection, signed.size)).root, signed.root, where)

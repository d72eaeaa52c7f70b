"""Signs checkpoints: re-hashes what was stored since the last one, signs, stores.

Never signs a tree that is inconsistent with one already signed: on any doubt the log stops and says why.
"""

import time
from typing import Final

from prometheus_client import CollectorRegistry, Gauge
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from govbus.audit_log.comparing import Comparison
from govbus.audit_log.domain.consistency import Inconsistent, check_head, check_same, regrow
from govbus.audit_log.keys import LogKeys
from govbus.audit_log.standing import Standing
from govbus.audit_log.store import signing as store
from govbus.audit_log.store.appending import read_head
from govbus.contracts.translog.merkle import CompactRange

_ENTRIES_COUNT: Final = 20_000
"""Entries hashed again per checkpoint: some 0.2 s and 100 MB at most, well below the transaction's limit."""


class Signer:
    """The one who signs; several processes may run one, a lock and an epoch let one sign at a time."""

    def __init__(
        self,
        engine: AsyncEngine,
        keys: LogKeys,
        comparison: Comparison,
        standing: Standing,
        registry: CollectorRegistry,
    ) -> None:
        """Take what signing needs."""
        self._engine = engine
        self._keys = keys
        self._comparison = comparison
        self._standing = standing
        self._epoch: int | None = None
        self._signed: CompactRange | None = None
        # Size of the newest checkpoint. Behind govbus_log_size_entries for seconds: see the log for what stops signing.
        self._size = Gauge(
            "govbus_log_checkpoint_size_entries", "Entries under the newest checkpoint", registry=registry
        )
        # When the newest checkpoint was signed. Old while the log grows: signing stopped.
        self._signed_at = Gauge("govbus_log_checkpoint_signed_seconds", "Unix time of the newest", registry=registry)

    async def round(self) -> None:
        """Compare once, then sign whatever was stored since the last checkpoint.

        Raises:
            Exception: database or places outside away; nothing was signed.
        """
        try:
            if not self._standing.is_compared:
                self._signed = await self._comparison.compare()
            self._standing.require()
            while await self._sign_next():
                pass
        except Inconsistent as error:
            self._standing.stop(str(error))

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

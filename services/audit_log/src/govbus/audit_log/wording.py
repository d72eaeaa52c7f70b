"""Indexes the words of open payloads behind the head of the log: appending waits for nothing of it.

A lagging index only makes full text find the newest entries later. Deleting a payload deletes its words with it.
"""

import asyncio
import time
from datetime import date
from typing import Final

from prometheus_client import CollectorRegistry, Gauge
from sqlalchemy.ext.asyncio import AsyncEngine

from govbus.audit_log.domain.words import searchable_text
from govbus.audit_log.store import words as store

_STRETCH_COUNT: Final = 500
"""Entries of one transaction: some 50 ms, so that an erasure never waits long for the rows it takes away."""


class WordIndex:
    """Keeps the index of words; several processes may, the locked cursor lets one at a time."""

    def __init__(self, engine: AsyncEngine, share_ratio: float, registry: CollectorRegistry) -> None:
        """Spend at most `share_ratio` of the time on it: the rest belongs to what is being appended."""
        self._engine = engine
        self._pause_per_work = 1 / share_ratio - 1
        # Entries whose words are not found yet. Growing for long: more is logged than is indexed; raise the share.
        self._lag = Gauge("govbus_log_words_lag_entries", "Entries not in the index of words", registry=registry)

    async def round(self) -> None:
        """Index until the end of the log.

        Raises:
            Exception: the database is away, or a payload was deleted meanwhile; what was committed stays.
        """
        begun = time.monotonic()
        while await self._next():
            await asyncio.sleep((time.monotonic() - begun) * self._pause_per_work)
            begun = time.monotonic()

    async def _next(self) -> bool:
        """Index one stretch; return whether there is more."""
        async with self._engine.begin() as connection:
            lag_count = await store.lag_count(connection)
            self._lag.set(lag_count)
            found = await store.lock_unindexed(connection) if lag_count else None
            if found is None:
                return False
            start, end = found[0], min(found[1], found[0] + _STRETCH_COUNT)
            payloads = await store.open_payloads(connection, start, end)
            texts: list[tuple[int, date, str]] = []
            for item in payloads:
                if text := searchable_text(item.payload):
                    texts.append((item.index, item.logged_on, text))
                await asyncio.sleep(0)  # others have their turn between two payloads
            if texts:
                await store.index_words(connection, texts)
            await store.move_words_cursor(connection, end)
        return end < found[1]

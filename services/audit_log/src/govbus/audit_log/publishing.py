"""Publishes the log to `govbus.audit`: entries in index order, then the checkpoint that covers them.

The log's tables are the outbox: a stored cursor says what was acknowledged. After a crash some records come twice,
never out of order, and their index tells.
"""

import asyncio
import logging
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid4

from prometheus_client import CollectorRegistry, Counter, Gauge
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from govbus.audit_log.domain.publication import Publishable, published_checkpoint, published_entry, published_gap
from govbus.audit_log.settings import Settings
from govbus.audit_log.standing import Standing
from govbus.audit_log.store import signing as store
from govbus.audit_log.store.entries import entries_to_publish
from govbus.audit_log.topic_writer import TopicWriter
from govbus.contracts.envelope import Event
from govbus.eventing.error_words import describe

_log: Final = logging.getLogger(__name__)
_PATIENCE_SECONDS: Final = 3.0
"""A process takes over from another one when the topic stood still for so long; one that ended gave it back at once."""

_RELEASE_SECONDS: Final = 2.0


class Publisher:
    """One process publishes: whose name stands in the row, whose lock it holds, whose producer is the newest."""

    def __init__(
        self, settings: Settings, engine: AsyncEngine, standing: Standing, registry: CollectorRegistry
    ) -> None:
        """Take what publishing needs; nothing connects before `run`."""
        self._settings = settings
        self._engine = engine
        self._standing = standing
        self._writer = TopicWriter(settings)
        self._holder: UUID | None = None
        # Entries acknowledged by Kafka; may count a resend twice.
        self._published = Counter("govbus_log_published_total", "Entries published", registry=registry)
        # Entries under a checkpoint that are not published yet. Growing: broker away, or the topic refuses.
        self._lag = Gauge("govbus_log_publish_lag_entries", "Signed entries not published yet", registry=registry)

    async def run(self) -> None:
        """Publish whatever gets signed, until cancelled.

        Raises:
            Exception: broker or database away; the cursor stands behind what was acknowledged before.
        """
        try:
            while True:
                self._standing.require()
                if not await self._publish_next():
                    await asyncio.sleep(self._settings.audit_log_checkpoint_interval_seconds)
        finally:
            await self._close()

    async def _publish_next(self) -> bool:
        """Publish one stretch below the next checkpoint, with it when the stretch reaches it."""
        async with self._engine.begin() as connection:
            cursor = await store.lock_topic(connection)
            target = await store.next_checkpoint(connection, cursor.checkpoint_size) if cursor else None
            if cursor is None or target is None:
                self._lag.set(0)
                return False
            if cursor.holder != self._holder or not self._writer.is_open:
                return await self._take_over(connection, cursor, target)
            size = target.compact.size
            # After a recovery the topic may have entries beyond a checkpoint that it lacks: then the checkpoint alone.
            end = max(cursor.next_index, min(size, cursor.next_index + self._settings.audit_log_publish_count))
            entries = await entries_to_publish(connection, cursor.next_index, end)
            origin = self._settings.audit_log_origin
            events = [event for entry in entries for event in _events_of(origin, entry)]
            if end >= size:
                signed_at = datetime.fromtimestamp(target.signed_at_seconds, UTC)
                events.append(published_checkpoint(origin, size, target.compact.root, target.note, signed_at))
            async with asyncio.timeout(self._settings.relay_deadline_seconds):
                await self._writer.send(events)
            moved = store.Cursor(end, size if end >= size else cursor.checkpoint_size)
            await store.move_cursor(connection, store.TOPIC, moved)
        self._published.inc(len(entries))
        self._lag.set(max(size - end, 0))
        return True

    async def _take_over(
        self, connection: AsyncConnection, topic: store.TopicCursor, target: store.StoredCheckpoint
    ) -> bool:
        """Become the one who publishes; return whether this process is.

        The name is committed before anything is sent under it. So a process that was frozen between the two finds
        either another name in the row, or that its producer was shut out by the records of whoever came after it.
        """
        still_seconds = min(topic.still_seconds, topic.now_seconds - target.signed_at_seconds)
        if topic.holder not in (None, self._holder) and still_seconds < _PATIENCE_SECONDS:
            return False
        async with asyncio.timeout(self._settings.relay_deadline_seconds):
            await self._writer.open()
        self._holder = uuid4()
        await store.hold_topic(connection, self._holder)
        return True

    async def _close(self) -> None:
        """Stop writing, and say so, that nobody has to wait."""
        await self._writer.close()
        holder, self._holder = self._holder, None
        if holder is None:
            return
        try:
            async with asyncio.timeout(_RELEASE_SECONDS), self._engine.begin() as connection:
                await store.release_topic(connection, holder)
        except Exception as error:  # noqa: BLE001 - then the next one waits for its patience
            _log.debug("the topic was not given back: %s", describe(error))


def _events_of(origin: str, entry: Publishable) -> list[Event]:
    """Return the entry's publication and, behind it, the gap that it reports."""
    gap = published_gap(origin, entry)
    return [published_entry(origin, entry)] if gap is None else [published_entry(origin, entry), gap]

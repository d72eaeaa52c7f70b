"""Publishes the log to `govbus.audit`: entries in index order, then the checkpoint that covers them.

The log's tables are the outbox: a stored cursor says what was acknowledged. After a crash some records come twice,
never out of order, and their index tells.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from aiokafka import AIOKafkaProducer
from prometheus_client import CollectorRegistry, Counter, Gauge
from sqlalchemy.ext.asyncio import AsyncEngine

from govbus.audit_log.domain.publication import Publishable, published_checkpoint, published_entry, published_gap
from govbus.audit_log.settings import Settings
from govbus.audit_log.standing import Standing
from govbus.audit_log.store import signing as store
from govbus.audit_log.store.entries import entries_to_publish
from govbus.contracts import topics
from govbus.contracts.envelope import Event
from govbus.eventing.kafka import new_producer, stop_producer
from govbus.eventing.records import encode

_log: Final = logging.getLogger(__name__)
_PARTITION: Final = 0
"""`govbus.audit` has one partition: entries are in one order."""


class Publisher:
    """The one who publishes; the locked cursor lets one process do so at a time."""

    def __init__(
        self, settings: Settings, engine: AsyncEngine, standing: Standing, registry: CollectorRegistry
    ) -> None:
        """Take what publishing needs; nothing connects before `run`."""
        self._settings = settings
        self._engine = engine
        self._standing = standing
        self._producer: AIOKafkaProducer | None = None
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

    async def _close(self) -> None:
        """Close the producer: an idempotent one cannot recover from an unknown outcome."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await stop_producer(producer)

    async def _publish_next(self) -> bool:
        """Publish one stretch below the next checkpoint, with it when the stretch reaches it."""
        async with self._engine.begin() as connection:
            cursor = await store.lock_cursor(connection, store.TOPIC)
            target = await store.next_checkpoint(connection, cursor.checkpoint_size) if cursor else None
            if cursor is None or target is None:
                self._lag.set(0)
                return False
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
                await self._send(events)
            moved = store.Cursor(end, size if end >= size else cursor.checkpoint_size)
            await store.move_cursor(connection, store.TOPIC, moved)
        self._published.inc(len(entries))
        self._lag.set(max(size - end, 0))
        return True

    async def _send(self, events: Sequence[Event]) -> None:
        """Send in order: a batch leaves only after the one before it was acknowledged."""
        producer = await self._live_producer()
        pending = [encode(event) for event in events]
        while pending:
            batch = producer.create_batch()
            taken_count = 0
            for key, value, headers in pending:
                if batch.append(key=key, value=value, timestamp=None, headers=list(headers)) is None:
                    break
                taken_count += 1
            if not taken_count:
                raise ValueError("an entry does not fit into a batch of the topic")
            batch.close()
            await (await producer.send_batch(batch, topics.AUDIT, partition=_PARTITION))
            pending = pending[taken_count:]

    async def _live_producer(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = new_producer(self._settings, "govbus.audit_log.publisher")
            try:
                await producer.start()
            except BaseException:
                await stop_producer(producer)
                raise
            self._producer = producer
        return self._producer


def _events_of(origin: str, entry: Publishable) -> list[Event]:
    """Return the entry's publication and, behind it, the gap that it reports."""
    gap = published_gap(origin, entry)
    return [published_entry(origin, entry)] if gap is None else [published_entry(origin, entry), gap]

"""Publishes the outbox: oldest first, in order per key, deleted after every record is acknowledged.

A crash, a timeout or a frozen relay costs a resend in order, never a loss and never a reordering of first arrivals.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, NamedTuple

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import DefaultPartitioner
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from govbus.eventing.consumer import Backoff
from govbus.eventing.database import driver_of
from govbus.eventing.error_words import describe
from govbus.eventing.kafka import new_producer, stop_producer
from govbus.eventing.metrics import Metrics
from govbus.eventing.outbox import CHANNEL, unpack_headers
from govbus.eventing.settings import ServiceSettings

_log: Final = logging.getLogger(__name__)

_LEAD: Final = (
    "SELECT pg_try_advisory_xact_lock(hashtextextended('eventing_relay', 0)), "
    "set_config('synchronous_commit', 'off', true)"
)
"""A deletion that a crash of the machine takes back costs a resend in order: nobody waits for it to reach the disk."""

_OLDEST: Final = (
    "SELECT id, topic, key, value, headers, extract(epoch FROM created_at)::float8 "
    "FROM eventing_outbox ORDER BY id LIMIT $1"
)
_DELETE: Final = "DELETE FROM eventing_outbox WHERE id = ANY($1::bigint[])"
_PARTITIONER: Final = DefaultPartitioner()
_LISTENER_STOP_SECONDS: Final = 2.0


class _Row(NamedTuple):
    id: int
    topic: str
    key: bytes
    value: bytes
    packed_headers: bytes
    created_epoch_seconds: float


class Relay:
    """The publisher of one service's outbox; several processes may run one, a lock lets one lead per batch."""

    def __init__(self, service: str, settings: ServiceSettings, engine: AsyncEngine, metrics: Metrics) -> None:
        """Take what publishing needs; `run` does it until cancelled."""
        self._service = service
        self._settings = settings
        self._engine = engine
        self._metrics = metrics
        self._backoff = Backoff(settings.retry_initial_seconds, settings.retry_max_seconds)
        self._producer: AIOKafkaProducer | None = None
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Say that rows were committed by this process."""
        self._wake.set()

    async def run(self) -> None:
        """Publish until cancelled."""
        listener = asyncio.create_task(self._listen())
        tries_count = 0
        try:
            while True:
                try:
                    published_count = await self.publish_once()
                    tries_count = 0
                except Exception as error:  # noqa: BLE001 - whatever it was, the rows are still there
                    tries_count += 1
                    self._metrics.relay_failed()
                    _log.warning("the outbox is published again: %s", describe(error))
                    await self._drop_producer()
                    await asyncio.sleep(self._backoff.delay_seconds(tries_count))
                    continue
                if published_count < self._settings.relay_batch_count:
                    await self._rest()
        finally:
            listener.cancel()
            await asyncio.gather(listener, return_exceptions=True)
            await self._drop_producer()

    async def publish_once(self) -> int:
        """Publish and delete the oldest rows and return how many; 0 when there are none or another relay leads.

        Raises:
            Exception: the broker or the database failed; no row was deleted, some may have been published.
        """
        async with self._engine.begin() as connection:
            if not (await connection.exec_driver_sql(_LEAD)).scalar():
                return 0
            rows = await self._oldest(connection)
            if not rows:
                return 0
            async with asyncio.timeout(self._settings.relay_deadline_seconds):
                await self._publish(rows)
            await connection.exec_driver_sql(_DELETE, ([row.id for row in rows],))
        self._metrics.relay_delay(time.time() - rows[0].created_epoch_seconds)
        for topic, count in Counter(row.topic for row in rows).items():
            self._metrics.published(topic, count)
        return len(rows)

    async def _oldest(self, connection: AsyncConnection) -> list[_Row]:
        """Return the oldest rows, read by asyncpg itself: a row of SQLAlchemy costs as much as sending it."""
        own = await driver_of(connection)
        return [_Row(*row) for row in await own.fetch(_OLDEST, self._settings.relay_batch_count)]

    async def _publish(self, rows: Sequence[_Row]) -> None:
        producer = await self._live_producer()
        partitions = {topic: sorted(await producer.partitions_for(topic)) for topic in {row.topic for row in rows}}
        places: dict[tuple[str, bytes], int] = {}
        queues: dict[tuple[str, int], list[_Row]] = {}
        for row in rows:
            named = (row.topic, row.key)
            if named not in places:  # the hash is plain Python, and the rows of a batch share few keys
                places[named] = _PARTITIONER(row.key, partitions[row.topic], partitions[row.topic])
            queues.setdefault((row.topic, places[named]), []).append(row)
        async with asyncio.TaskGroup() as group:
            sends = [
                group.create_task(_send_in_order(producer, topic, partition, queue))
                for (topic, partition), queue in queues.items()
            ]
        if any(send.cancelled() for send in sends):
            raise ConnectionError("a send was cancelled: nobody acknowledged it")  # a group takes that for success

    async def _live_producer(self) -> AIOKafkaProducer:
        if self._producer is None:
            producer = new_producer(self._settings, f"govbus.{self._service}.relay")
            try:
                await producer.start()
            except BaseException:
                await stop_producer(producer)
                raise
            self._producer = producer
        return self._producer

    async def _drop_producer(self) -> None:
        """Close the producer: an idempotent one cannot recover from an unknown outcome."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await stop_producer(producer)

    async def _rest(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settings.relay_poll_seconds):
                await self._wake.wait()
                await asyncio.sleep(self._settings.relay_gather_seconds)
        self._wake.clear()

    async def _listen(self) -> None:
        """Wake on notifications of other processes; polling is the backstop while the connection is away."""
        url = make_url(self._settings.postgres_url.get_secret_value()).set(drivername="postgresql")
        dsn = url.render_as_string(hide_password=False)
        while True:
            try:
                connection = await asyncpg.connect(dsn)
                ended = asyncio.Event()
                connection.add_termination_listener(lambda _, ended=ended: ended.set())
                try:
                    await connection.add_listener(CHANNEL, lambda *_: self._wake.set())
                    await ended.wait()
                finally:
                    await connection.close(timeout=_LISTENER_STOP_SECONDS)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                _log.debug("not listening: %s", describe(error))
                await asyncio.sleep(self._settings.relay_poll_seconds)


async def _send_in_order(producer: AIOKafkaProducer, topic: str, partition: int, rows: Sequence[_Row]) -> None:
    """Send the rows of one partition; a batch leaves only after the one before it was acknowledged."""
    pending = list(rows)
    while pending:
        batch = producer.create_batch()
        taken_count = 0
        for row in pending:
            headers = list(unpack_headers(row.packed_headers))
            if batch.append(key=row.key, value=row.value, timestamp=None, headers=headers) is None:
                break
            taken_count += 1
        if not taken_count:
            raise ValueError(f"outbox row {pending[0].id} does not fit into a batch")
        batch.close()
        await (await producer.send_batch(batch, topic, partition=partition))
        pending = pending[taken_count:]

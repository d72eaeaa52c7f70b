"""Writes to `govbus.audit`, in order, and shuts out every process that did so before."""

from collections.abc import Sequence
from typing import Final

from aiokafka import AIOKafkaProducer

from govbus.audit_log.settings import Settings
from govbus.contracts import topics
from govbus.contracts.envelope import Event
from govbus.eventing.fencing import start_fenced
from govbus.eventing.kafka import stop_producer
from govbus.eventing.records import encode

FENCING_ID: Final = "govbus.audit_log.publisher"
_PARTITION: Final = 0
"""`govbus.audit` has one partition: entries are in one order."""


class TopicWriter:
    """One producer at a time; after its first record no earlier one of any process writes anything more."""

    def __init__(self, settings: Settings) -> None:
        """Take how Kafka is reached; nothing connects before `open`."""
        self._settings = settings
        self._producer: AIOKafkaProducer | None = None

    @property
    def is_open(self) -> bool:
        """Whether `send` may be called."""
        return self._producer is not None

    async def open(self) -> None:
        """Begin anew, as the newest writer.

        Raises:
            KafkaError: the broker is away.
        """
        await self.close()
        self._producer = await start_fenced(self._settings, FENCING_ID)

    async def send(self, events: Sequence[Event]) -> None:
        """Send in order: a batch leaves only after the one before it was acknowledged.

        Raises:
            ProducerFenced: another process writes now.
            KafkaError: not acknowledged; whether it was written is unknown, so `open` comes next.
        """
        if self._producer is None:
            raise ConnectionError("not open")
        pending = [encode(event) for event in events]
        while pending:
            batch = self._producer.create_batch()
            taken_count = 0
            for key, value, headers in pending:
                if batch.append(key=key, value=value, timestamp=None, headers=list(headers)) is None:
                    break
                taken_count += 1
            if not taken_count:
                raise ValueError("an entry does not fit into a batch of the topic")
            batch.close()
            await (await self._producer.send_batch(batch, topics.AUDIT, partition=_PARTITION))
            pending = pending[taken_count:]

    async def close(self) -> None:
        """Close the producer: an idempotent one cannot recover from an unknown outcome."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await stop_producer(producer)

"""Reads again the records that entries were made of, where Kafka still has them."""

from collections.abc import Iterable, Mapping
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from govbus.audit_log.domain.drafts import Draft
from govbus.audit_log.handlers import read_draft
from govbus.audit_log.settings import Settings
from govbus.contracts.translog.entry import KafkaPlace
from govbus.eventing.consumer import raw_record
from govbus.eventing.kafka import connection_settings

Place = tuple[str, int, int]
"""Topic, partition, offset."""

_POLL_MS: Final = 1_000


class Originals:
    """A consumer without a group; `close` gives back its connection."""

    def __init__(self, settings: Settings) -> None:
        """Take how Kafka is reached; nothing connects before it must."""
        self._settings = settings
        self._consumer: AIOKafkaConsumer | None = None

    async def find(self, places: Iterable[KafkaPlace]) -> Mapping[Place, Draft]:
        """Return the drafts of the records that still stand at these places.

        Raises:
            KafkaError: the broker is away.
        """
        wanted: dict[TopicPartition, set[int]] = {}
        for place in places:
            wanted.setdefault(TopicPartition(place.topic, place.partition), set()).add(place.offset)
        found: dict[Place, Draft] = {}
        for partition, offsets in wanted.items():
            found |= await self._read(partition, offsets)
        return found

    async def close(self) -> None:
        """Stop reading."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await consumer.stop()

    async def _read(self, partition: TopicPartition, offsets: set[int]) -> dict[Place, Draft]:
        consumer = await self._started()
        consumer.assign([partition])
        begin = (await consumer.beginning_offsets([partition]))[partition]
        end = min((await consumer.end_offsets([partition]))[partition], max(offsets) + 1)
        position = max(begin, min(offsets))
        found: dict[Place, Draft] = {}
        consumer.seek(partition, position)
        while position < end:
            batch = (await consumer.getmany(partition, timeout_ms=_POLL_MS)).get(partition, ())
            for record in batch:
                if record.offset in offsets:
                    found[(partition.topic, partition.partition, record.offset)] = read_draft(raw_record(record))
            position = await consumer.position(partition)
        return found

    async def _started(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            consumer = AIOKafkaConsumer(
                client_id="govbus.audit_log.originals",
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                **connection_settings(self._settings),
            )
            try:
                await consumer.start()
            except BaseException:
                await consumer.stop()
                raise
            self._consumer = consumer
        return self._consumer

"""Reads back the newest checkpoint on `govbus.audit`: an outside copy that a restored database may be behind."""

from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from govbus.audit_log.settings import Settings
from govbus.contracts import topics
from govbus.contracts.catalogue import ContractBroken, read
from govbus.contracts.conclusions.log import CheckpointPublished
from govbus.eventing.consumer import raw_record
from govbus.eventing.kafka import connection_settings
from govbus.eventing.records import Undecodable, decode

_PARTITION: Final = TopicPartition(topics.AUDIT, 0)
_STRETCH_COUNT: Final = 500
"""First look at so many of the last records; a checkpoint follows every few hundred entries."""

_POLL_MS: Final = 1000


class PublishedCheckpoints:
    """The checkpoints on the topic, newest first."""

    name: Final = "a checkpoint on govbus.audit"

    def __init__(self, settings: Settings) -> None:
        """Take how Kafka is reached; nothing connects before `newest`."""
        self._settings = settings

    async def newest(self, from_size: int = 0) -> str | None:  # noqa: ARG002 - the newest is at the end, whatever its size
        """Return the note of the newest published checkpoint, None when the topic has none.

        Raises:
            KafkaError: the broker is away; the same call may succeed later.
        """
        consumer = AIOKafkaConsumer(
            client_id="govbus.audit_log.compare",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            **connection_settings(self._settings),
        )
        try:
            await consumer.start()
            consumer.assign([_PARTITION])
            begin = (await consumer.beginning_offsets([_PARTITION]))[_PARTITION]
            end = (await consumer.end_offsets([_PARTITION]))[_PARTITION]
            stretch_count = _STRETCH_COUNT
            while end > begin:
                start = max(begin, end - stretch_count)
                found = await _last_checkpoint(consumer, start, end)
                if found is not None:
                    return found
                end, stretch_count = start, stretch_count * 2
        finally:
            await consumer.stop()
        return None


async def _last_checkpoint(consumer: AIOKafkaConsumer, start: int, end: int) -> str | None:
    """Return the last checkpoint in records [start, end)."""
    consumer.seek(_PARTITION, start)
    note: str | None = None
    while await consumer.position(_PARTITION) < end:
        batches = await consumer.getmany(_PARTITION, timeout_ms=_POLL_MS)
        for record in batches.get(_PARTITION, ()):
            if record.offset < end:
                note = _note(record) or note
    return note


def _note(record: object) -> str | None:
    try:
        payload = read(decode(raw_record(record)))
    except (Undecodable, ContractBroken):
        return None
    return payload.checkpoint if isinstance(payload, CheckpointPublished) else None

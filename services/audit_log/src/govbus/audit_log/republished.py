"""Reads the log back from `govbus.audit`, entry by entry, in the order it was published."""

import base64
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from govbus.audit_log.domain.consistency import Inconsistent
from govbus.audit_log.domain.recovery import Republished, Signed
from govbus.audit_log.settings import Settings
from govbus.contracts import topics
from govbus.contracts.catalogue import ContractBroken, read
from govbus.contracts.conclusions.log import CheckpointPublished, EntryPublished
from govbus.contracts.envelope import Event
from govbus.eventing.consumer import raw_record
from govbus.eventing.kafka import connection_settings
from govbus.eventing.records import Undecodable, decode

PLACE: Final = topics.AUDIT
_PARTITION: Final = TopicPartition(topics.AUDIT, 0)
_POLL_MS: Final = 1_000


class RepublishedLog:
    """What the topic holds; reads without a group, so it disturbs nobody."""

    def __init__(self, settings: Settings) -> None:
        """Take how Kafka is reached; nothing connects before `read_from`."""
        self._settings = settings

    async def read_from(self, index: int) -> AsyncGenerator[Republished | Signed, None]:
        """Yield entries from `index` on and checkpoints, to the end of the topic as it is now.

        An entry stands at an offset of at least its index, so earlier records are skipped. That does not hold on a
        topic that was made anew: it is read from its beginning. An entry before `index` may come all the same.

        Raises:
            KafkaError: the broker is away.
            Inconsistent: a record that is not of the log.
        """
        consumer = AIOKafkaConsumer(
            client_id="govbus.audit_log.recover",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            **connection_settings(self._settings),
        )
        try:
            await consumer.start()
            consumer.assign([_PARTITION])
            begin = (await consumer.beginning_offsets([_PARTITION]))[_PARTITION]
            end = (await consumer.end_offsets([_PARTITION]))[_PARTITION]
            start = max(begin, index)
            if start > begin:
                first_index = await _first_index(consumer, start, end)
                start = begin if first_index is None or first_index > index else start
            async for record in _records(consumer, start, end):
                item = _item(record)
                if item is not None:
                    yield item
        finally:
            await consumer.stop()


async def _first_index(consumer: AIOKafkaConsumer, start: int, end: int) -> int | None:
    """Return the index of the first entry from an offset on, None where there is none."""
    async for record in _records(consumer, start, end):
        item = _item(record)
        if isinstance(item, Republished):
            return item.index
    return None


async def _records(consumer: AIOKafkaConsumer, start: int, end: int) -> AsyncIterator[ConsumerRecord[bytes, bytes]]:
    consumer.seek(_PARTITION, start)
    while await consumer.position(_PARTITION) < end:
        for record in (await consumer.getmany(_PARTITION, timeout_ms=_POLL_MS)).get(_PARTITION, ()):
            if record.offset < end:
                yield record


def _item(record: ConsumerRecord[bytes, bytes]) -> Republished | Signed | None:
    try:
        event = decode(raw_record(record))
        payload = read(event)
    except (Undecodable, ContractBroken) as error:
        raise Inconsistent(f"record {record.offset} of {PLACE} was not written by the log: {error}") from None
    if isinstance(payload, CheckpointPublished):
        return Signed(payload.checkpoint, PLACE, event.time)
    return _entry(payload, event) if isinstance(payload, EntryPublished) else None


def _entry(payload: EntryPublished, event: Event) -> Republished:
    return Republished(
        payload.index,
        base64.b64decode(payload.entry),
        None if payload.payload is None else base64.b64decode(payload.payload),
        None if payload.attributes is None else base64.b64decode(payload.attributes),
        None if payload.commitment_key is None else base64.b64decode(payload.commitment_key),
        event.time,
        None if event.correlationid == event.id else event.correlationid,
    )

"""The least that a durable audit log must do: `getmany`, COPY into the log's own tables and indexes, commit.

And what most services do instead: a FastStream handler that adds one ORM object and commits, per event.
"""

import asyncio
import hashlib
import multiprocessing
import time
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka import TopicPartition as FastStreamPartition
from faststream.kafka.annotations import KafkaMessage
from faststream.security import SASLScram256
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import registry

from govbus.audit_log import tables

Offsets = Mapping[tuple[str, int], int]

_FETCH_COUNT: Final = 2000
_POLL_MS: Final = 100
_KEY: Final = bytes(32)
_ENTRY_COLUMNS: Final = (
    "idx", "kind", "entry", "leaf_hash", "identity", "id", "source", "type", "subject", "known_at", "topic",
    "partition", "kafka_offset", "correlation_id", "causation_id", "classification", "logged_on",
)  # fmt: skip
_PAYLOAD_COLUMNS: Final = ("idx", "logged_on", "key", "attributes", "payload", "actor")


def drain(kafka: Mapping[str, Any], dsn: str, offsets: Offsets, first_index: int, records_count: int) -> float:
    """Read so many records from `offsets` on and COPY them; return records per second.

    In a process of its own, timed from the first fetch to the last commit, the first fetch left out of the count.
    """
    return _aside(_drain, dict(kafka), dsn, dict(offsets), first_index, records_count)


def handle_one_by_one(
    kafka: Mapping[str, Any], dsn: str, place: tuple[str, int], offset: int, first_index: int, records_count: int
) -> float:
    """Give so many records of one partition to a handler that commits each; return records per second."""
    return _aside(_handle, dict(kafka), dsn, place, offset, first_index, records_count)


def _aside(work: Callable[..., Coroutine[Any, Any, float]], *values: Any) -> float:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_run, work, values).result()


def _run(work: Callable[..., Coroutine[Any, Any, float]], values: tuple[Any, ...]) -> float:
    return asyncio.run(work(*values))


async def _drain(kafka: dict[str, Any], dsn: str, offsets: Offsets, first_index: int, records_count: int) -> float:
    consumer = AIOKafkaConsumer(enable_auto_commit=False, **kafka)
    connection = await asyncpg.connect(dsn)
    await consumer.start()
    try:
        consumer.assign([TopicPartition(*place) for place in offsets])
        for place, offset in offsets.items():
            consumer.seek(TopicPartition(*place), offset)
        taken_count = first_count = await _take(consumer, connection, first_index)
        begun = time.perf_counter()
        while taken_count < records_count:
            taken_count += await _take(consumer, connection, first_index + taken_count)
        return (taken_count - first_count) / (time.perf_counter() - begun)
    finally:
        await consumer.stop()
        await connection.close()


async def _take(consumer: AIOKafkaConsumer, connection: asyncpg.Connection, index: int) -> int:
    """Take one fetch and return how many records it had."""
    fetched = await consumer.getmany(timeout_ms=_POLL_MS, max_records=_FETCH_COUNT)
    rows = [
        _rows(index + place, record)
        for place, record in enumerate(record for records in fetched.values() for record in records)
    ]
    if rows:
        async with connection.transaction():
            await connection.copy_records_to_table("entry", columns=_ENTRY_COLUMNS, records=[row[0] for row in rows])
            await connection.copy_records_to_table(
                "payload", columns=_PAYLOAD_COLUMNS, records=[row[1] for row in rows]
            )
    return len(rows)


def _rows(index: int, record: ConsumerRecord[bytes, bytes]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Return both rows of a record; its header values stand for the entry and for the attributes."""
    found = {name: value.decode() for name, value in record.headers}
    kept = "\n".join([f"{name}: {value}" for name, value in found.items()]).encode()
    known_at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
    day = known_at.date()
    entry = (
        index, "event", kept, hashlib.sha256(b"\x00" + kept).digest(),
        hashlib.sha256(found["ce_id"].encode()).digest()[:16],
        found["ce_id"], found["ce_source"], found["ce_type"], found["ce_subject"], known_at,
        record.topic, record.partition, record.offset, found.get("ce_correlationid"), found.get("ce_causationid"),
        "internal", day,
    )  # fmt: skip
    return entry, (index, day, _KEY, kept, record.value, found.get("ce_authid"))


async def _handle(
    kafka: dict[str, Any], dsn: str, place: tuple[str, int], offset: int, first_index: int, records_count: int
) -> float:
    mapped = registry()
    row_class = type("EntryRow", (), {})
    payload_class = type("PayloadRow", (), {})
    mapped.map_imperatively(row_class, tables.entry)
    mapped.map_imperatively(payload_class, tables.payload)
    engine = create_async_engine(dsn)
    session_of = async_sessionmaker(engine)
    broker = KafkaBroker(
        kafka["bootstrap_servers"],
        security=SASLScram256(kafka["sasl_plain_username"], kafka["sasl_plain_password"]),
        logger=None,
    )
    times: list[float] = []
    done = asyncio.Event()

    @broker.subscriber(
        partitions=[FastStreamPartition(*place)], ack_policy=AckPolicy.MANUAL, auto_offset_reset="earliest"
    )
    async def on_event(_: dict[str, Any], message: KafkaMessage) -> None:
        record: Any = message.raw_message
        if record.offset < offset or done.is_set():
            return
        entry, payload = _rows(first_index + record.offset, record)
        async with session_of() as session:
            session.add(_made(row_class, _ENTRY_COLUMNS, entry))
            session.add(_made(payload_class, _PAYLOAD_COLUMNS, payload))
            await session.commit()
        times.append(time.perf_counter())
        if len(times) == records_count:
            done.set()

    await broker.start()
    try:
        await done.wait()
    finally:
        await broker.stop()
        await engine.dispose()
    return (records_count - 1) / (times[-1] - times[0])


def _made(row_class: type, names: tuple[str, ...], values: tuple[Any, ...]) -> Any:
    made = row_class()
    for name, value in zip(names, values, strict=True):
        setattr(made, name, value)
    return made

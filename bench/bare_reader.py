"""The least that a durable reader of Kafka must do: `getmany`, COPY into a table, commit."""

import asyncio
import multiprocessing
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from typing import Any, Final

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

_TABLE: Final = "CREATE TABLE IF NOT EXISTS bench_record (position bigserial PRIMARY KEY, value bytea NOT NULL)"
_FETCH_COUNT: Final = 500
_POLL_MS: Final = 100


def drain(kafka: Mapping[str, Any], dsn: str, offsets: Mapping[tuple[str, int], int], records_count: int) -> float:
    """Read so many records from `offsets` on in a process of its own; return records per second.

    Timed from the first fetch that brought records to the last commit, the first fetch left out of the count.
    """
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_drain, dict(kafka), dsn, dict(offsets), records_count).result()


def _drain(kafka: dict[str, Any], dsn: str, offsets: dict[tuple[str, int], int], records_count: int) -> float:
    return asyncio.run(_read(kafka, dsn, offsets, records_count))


async def _read(kafka: dict[str, Any], dsn: str, offsets: dict[tuple[str, int], int], records_count: int) -> float:
    consumer = AIOKafkaConsumer(enable_auto_commit=False, **kafka)
    connection = await asyncpg.connect(dsn)
    await connection.execute(_TABLE)
    await consumer.start()
    try:
        consumer.assign([TopicPartition(*place) for place in offsets])
        for place, offset in offsets.items():
            consumer.seek(TopicPartition(*place), offset)
        taken_count = first_count = await _take(consumer, connection)
        begun = time.perf_counter()
        while taken_count < records_count:
            taken_count += await _take(consumer, connection)
        return (taken_count - first_count) / (time.perf_counter() - begun)
    finally:
        await consumer.stop()
        await connection.close()


async def _take(consumer: AIOKafkaConsumer, connection: asyncpg.Connection) -> int:
    """Take one fetch and return how many records it had."""
    fetched = await consumer.getmany(timeout_ms=_POLL_MS, max_records=_FETCH_COUNT)
    rows = [(record.value,) for records in fetched.values() for record in records]
    if rows:
        async with connection.transaction():
            await connection.copy_records_to_table("bench_record", columns=["value"], records=rows)
    return len(rows)

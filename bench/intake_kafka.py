"""Intake over Kafka against a bare `getmany`, COPY and commit of the same records, which wait before either begins.

Both stand on the same PostgreSQL with syncing on and take turns; intake's relay publishes meanwhile. Intake is held
still while a turn's records are written and while the bare reader reads them; its own time runs from the first records
that it has taken to the last, as its count of accepted events in the database says. One turn before warms both up.
"""

import asyncio
import os
import signal
import statistics
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Final

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from sqlalchemy.engine import make_url

from bench.bare_reader import drain
from bench.processor_time import load, per_event, used_seconds
from bench.running_intake import RunningIntake, running_intake
from bench.said import events
from govbus.contracts import topics

TOPIC: Final = topics.intake_topic("demo")
RECORDS_COUNT: Final = 12_000
ROUNDS_COUNT: Final = 3
FLOOR: Final = 0.3
MOONSHOT: Final = 0.6
LOOK_SECONDS: Final = 0.005
WAIT_SECONDS: Final = 180.0

_HEADERS: Final = [("content-type", b"application/cloudevents+json")]
_ACCEPTED: Final = "SELECT coalesce(sum(accepted_count), 0)::bigint FROM source_activity WHERE source_name = 'demo'"
_IS_WAITING: Final = "SELECT EXISTS (SELECT FROM eventing_outbox)"

Offsets = dict[tuple[str, int], int]


def main() -> int:
    """Print both sides and their ratio; return 1 below the floor."""
    bare, ours = [], []
    with running_intake() as intake:
        _warm(intake)
        for _ in range(ROUNDS_COUNT):
            with _held_still(intake.pid):
                offsets = asyncio.run(_write(intake))
                bare.append(drain(intake.kafka, intake.superuser_dsn, offsets, RECORDS_COUNT))
                before_count = asyncio.run(_accepted_count(intake))
            used_before = used_seconds(intake)
            ours.append(asyncio.run(_watch(intake, before_count)))
            asyncio.run(_until_sent(intake))
            _say(f"processor time: {per_event(used_before, used_seconds(intake), RECORDS_COUNT)}; {load()}")
    ratio = statistics.median(ours) / statistics.median(bare)
    for name, rates in (("bare getmany, COPY and commit", bare), ("intake", ours)):
        _say(f"{name:30} {statistics.median(rates):9.0f} events/s   {', '.join(f'{rate:.0f}' for rate in rates)}")
    _say(f"ratio {ratio:.3f}     floor {FLOOR}, moonshot {MOONSHOT}")
    return 0 if ratio >= FLOOR else 1


def _warm(intake: RunningIntake) -> None:
    """Let intake take records in once, so that no process is started and nothing is imported in what is measured."""
    before_count = asyncio.run(_accepted_count(intake))
    asyncio.run(_write(intake))
    asyncio.run(_watch(intake, before_count))
    asyncio.run(_until_sent(intake))


@contextmanager
def _held_still(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def _write(intake: RunningIntake) -> Offsets:
    """Write a turn's records in structured mode and return where they begin."""
    offsets = await _ends(intake)
    producer = AIOKafkaProducer(linger_ms=20, max_batch_size=128 * 1024, **intake.kafka)
    await producer.start()
    try:
        sent = [
            await producer.send(TOPIC, body, key=str(number % 100).encode(), headers=_HEADERS)
            for number, body in enumerate(islice(events(uuid.uuid4().hex), RECORDS_COUNT))
        ]
        await asyncio.gather(*sent)
    finally:
        await producer.stop()
    return offsets


async def _ends(intake: RunningIntake) -> Offsets:
    consumer = AIOKafkaConsumer(TOPIC, enable_auto_commit=False, **intake.kafka)
    await consumer.start()
    try:
        partitions = [TopicPartition(TOPIC, number) for number in consumer.partitions_for_topic(TOPIC) or ()]
        ends = await consumer.end_offsets(partitions)
    finally:
        await consumer.stop()
    return {(partition.topic, partition.partition): offset for partition, offset in ends.items()}


async def _accepted_count(intake: RunningIntake) -> int:
    connection = await _connect(intake)
    try:
        return int(await connection.fetchval(_ACCEPTED))
    finally:
        await connection.close()


async def _watch(intake: RunningIntake, before_count: int) -> float:
    """Return how many events a second intake accepted, from the first that it is seen to have to the last."""
    connection = await _connect(intake)
    try:
        first_count, begun = before_count, time.perf_counter()
        deadline = begun + WAIT_SECONDS
        while (count := int(await connection.fetchval(_ACCEPTED))) < before_count + RECORDS_COUNT:
            if first_count == before_count and count > before_count:
                first_count, begun = count, time.perf_counter()
            if time.perf_counter() > deadline:
                raise SystemExit(f"intake accepted {count - before_count} of {RECORDS_COUNT} in {WAIT_SECONDS:.0f} s")
            await asyncio.sleep(LOOK_SECONDS)
        return (count - first_count) / (time.perf_counter() - begun)
    finally:
        await connection.close()


async def _until_sent(intake: RunningIntake) -> None:
    """Wait until the relay has published everything."""
    connection = await _connect(intake)
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            while await connection.fetchval(_IS_WAITING):  # noqa: ASYNC110 - another process's doing
                await asyncio.sleep(LOOK_SECONDS)
    finally:
        await connection.close()


async def _connect(intake: RunningIntake) -> asyncpg.Connection:
    url = make_url(intake.intake_dsn).set(drivername="postgresql")
    return await asyncpg.connect(url.render_as_string(hide_password=False))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())

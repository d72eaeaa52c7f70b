"""Knows when nothing is under way: everybody ready, outboxes empty, everything read, logged, published, told."""

import asyncio
import time
from typing import Final

import asyncpg
from aiokafka.errors import KafkaError

from govbus.contracts.topics import AUDIT, LOGGED
from system.feeding_kafka import TOPIC
from system.live_stack import LiveStack
from system.reading_topics import Place, end_offsets

TOPICS: Final = (*LOGGED, AUDIT, TOPIC)
_OUTBOX: Final = "SELECT count(*) FROM eventing_outbox"
_PARKED: Final = 'SELECT topic, partition, "offset", reason, detail FROM eventing_parked'
_OFFSETS: Final = "SELECT topic, partition, next_offset FROM eventing_offset"
_PENDING: Final = "SELECT count(*) FROM notification WHERE state = 'pending'"
_UNPUBLISHED: Final = "SELECT size - (SELECT checkpoint_size FROM place_cursor WHERE place = 'topic') FROM log_head"
_STATEFUL: Final = ("intake", "inventory", "risk", "oversight", "audit_log", "notifier")
_DOWN: Final = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)


async def wait_until_quiet(stack: LiveStack, most_seconds: float) -> None:
    """Return when two looks in a row found nothing under way and the same ends of all topics."""
    deadline = time.monotonic() + most_seconds
    last_ends: dict[Place, int] = {}
    busy = "nobody looked"
    while time.monotonic() < deadline:
        busy = await stack.not_ready()
        if not busy:
            try:
                ends = await end_offsets(stack.kafka(), TOPICS)
            except KafkaError as error:
                ends, busy = {}, f"Kafka: {type(error).__name__}"
            busy = busy or await _under_way(stack, ends) or ("" if ends == last_ends else "topics still grow")
            last_ends = ends
        if not busy:
            return
        await asyncio.sleep(0.5)
    raise AssertionError(f"not quiet after {most_seconds:.0f} s: {busy}")


async def parked(stack: LiveStack) -> list[str]:
    """Return what any service has parked, in words."""
    return [
        f"{service} parked {row[0]}/{row[1]}@{row[2]}: {row[3]}: {row[4]}"
        for service in _STATEFUL
        for row in await _ask(stack, service, _PARKED)
    ]


async def duplicates_count(stack: LiveStack) -> int:
    """Return how many records the log counted as repeats."""
    found: int = (await _ask(stack, "audit_log", "SELECT duplicate_count FROM log_head"))[0][0]
    return found


async def _under_way(stack: LiveStack, ends: dict[Place, int]) -> str:
    try:
        for service in _STATEFUL:
            waiting = (await _ask(stack, service, _OUTBOX))[0][0]
            if waiting:
                return f"{waiting} events in the outbox of {service}"
            if behind := _behind(await _ask(stack, service, _OFFSETS), ends):
                return f"{service} has read {behind}"
        if pending := (await _ask(stack, "notifier", _PENDING))[0][0]:
            return f"{pending} notifications pending"
        if unpublished := (await _ask(stack, "audit_log", _UNPUBLISHED))[0][0]:
            return f"{unpublished} entries not published"
    except _DOWN as error:
        return f"the database: {type(error).__name__}"
    return ""


def _behind(rows: list[asyncpg.Record], ends: dict[Place, int]) -> str:
    """Return where reading stands behind the end; a service has a row for every partition that it reads."""
    if not rows:
        return "nothing yet"
    read = {(row[0], row[1]): row[2] for row in rows}
    found = [
        f"{topic}/{number} up to {at} of {ends[topic, number]}"
        for (topic, number), at in read.items()
        if at < ends[topic, number]
    ]
    return ", ".join(found)


async def _ask(stack: LiveStack, service: str, statement: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(stack.dsn(service), timeout=5)
    try:
        found: list[asyncpg.Record] = await connection.fetch(statement)
        return found
    finally:
        await connection.close()

"""The audit log's whole ingest against a bare `getmany`, COPY and commit into the same tables and indexes.

Both read the same records, which wait before either begins, into equal databases of one PostgreSQL with syncing on,
and take turns. The log signs and publishes meanwhile. Its time runs from the first records that its head holds to the
last. Then: how long an event waits for a published checkpoint at a tenth and at nine tenths of that rate.
"""

import argparse
import asyncio
import statistics
import sys
import time
import uuid
from typing import Any, Final

import asyncpg

from bench.bare_log_reader import drain, handle_one_by_one
from bench.logged_records import ends, write, write_at_rate
from bench.prefilled_log import prefill
from bench.publication_delay import delays_ms
from bench.running_log import FLOOR_DATABASE, SERVICE, LogServers, log_servers, running_log
from govbus.contracts import topics

TOPIC: Final = topics.FACTS
RECORDS_COUNT: Final = 20_000
ROUNDS_COUNT: Final = 3
ONE_BY_ONE_COUNT: Final = 300
RATE_SECONDS: Final = 10.0
FLOOR: Final = 0.5
MOONSHOT: Final = 0.7
ONE_BY_ONE_FLOOR: Final = 20.0
IDLE_MEBIBYTES: Final = 120.0
LARGE_COUNT: Final = 5_000_000
IDLE_SECONDS: Final = 2.0
LOOK_SECONDS: Final = 0.01
WAIT_SECONDS: Final = 300.0

_SIZE: Final = "SELECT size FROM log_head"
_PUBLISHED: Final = "SELECT checkpoint_size FROM place_cursor WHERE place = 'topic'"

_UNSIGNED: Final = "SELECT h.size > coalesce(max(c.size), 0) FROM log_head h, checkpoint c GROUP BY h.size"


def main() -> int:
    """Print every figure; return 1 when a floor or the limit of memory is missed."""
    options = _options()
    with log_servers() as servers:
        rounds = [_round(servers) for _ in range(options.rounds)]
        bare, ours, memory = (statistics.median(column) for column in zip(*rounds, strict=True))
        one_by_one = _one_by_one(servers)
        ratio, lead = ours / bare, ours / one_by_one
        _say(f"bare getmany, COPY, commit  {bare:9.0f} events/s   {_each(rounds, 0)}")
        _say(f"audit log                   {ours:9.0f} events/s   {_each(rounds, 1)}")
        _say(f"FastStream, ORM, commit     {one_by_one:9.0f} events/s")
        _say(f"ratio {ratio:.3f}   floor {FLOOR}, moonshot {MOONSHOT};   {lead:.0f} x one by one, at least 20")
        _say(f"idle memory {memory:.0f} MiB   at most {IDLE_MEBIBYTES:.0f}")
        delays = _say_delays(servers, ours)
        if options.large:
            _say_large(servers, ours, delays)
    return 0 if ratio >= FLOOR and lead >= ONE_BY_ONE_FLOOR and memory <= IDLE_MEBIBYTES else 1


def _say_delays(servers: LogServers, rate: float) -> float:
    """Print how long events wait at two shares of the rate; return p99 at the larger one, in milliseconds."""
    p99 = 0.0
    for share, limit_ms in ((0.1, 500), (0.9, 2000)):
        p50, p99 = _delay(servers, rate * share)
        _say(f"event to published at {share} of the rate: p50 {p50:.0f} ms, p99 {p99:.0f} ms, limit {limit_ms}")
    return p99


def _say_large(servers: LogServers, rate: float, p99: float) -> None:
    """Make the log large, measure again and print how much slower it is; at most 1.2 times."""
    prefill(servers, LARGE_COUNT)
    with running_log(servers):
        asyncio.run(_await_signed(servers))
    rates = [_round(servers)[1] for _ in range(ROUNDS_COUNT)]
    _say(f"at {LARGE_COUNT} entries: {statistics.median(rates):.0f} events/s, {rate / statistics.median(rates):.2f} x")
    large_p99 = _say_delays(servers, rate)
    _say(f"at {LARGE_COUNT} entries: p99 {large_p99 / p99:.2f} x")


def _options() -> Any:
    parser = argparse.ArgumentParser()
    parser.add_argument("--large", action="store_true", help=f"again at {LARGE_COUNT} entries; takes half an hour")
    parser.add_argument("--rounds", type=int, default=ROUNDS_COUNT)
    return parser.parse_args()


def _round(servers: LogServers) -> tuple[float, float, float]:
    """Return the rate of the bare side, that of the log, and the log's memory before it had work, in MiB."""
    with running_log(servers) as log:
        time.sleep(IDLE_SECONDS)
        memory = log.resident_mebibytes()
    offsets = asyncio.run(ends(servers.aiokafka(SERVICE), TOPIC))
    asyncio.run(write(servers.aiokafka("intake"), TOPIC, uuid.uuid4().hex, RECORDS_COUNT))
    floor = servers.admin_dsn(FLOOR_DATABASE)
    first_index = asyncio.run(_size(servers))
    bare = drain(servers.aiokafka(SERVICE), floor, offsets, first_index, RECORDS_COUNT)
    with running_log(servers) as log:
        before_seconds = log.processor_seconds()
        ours, published = asyncio.run(_watch(servers, first_index + RECORDS_COUNT))
        used = (log.processor_seconds() - before_seconds) / RECORDS_COUNT
    _say(f"  bare {bare:.0f}/s, log {ours:.0f}/s, published {published:.0f}/s, {used * 1e6:.0f} us processor an event")
    return bare, ours, memory


async def _size(servers: LogServers) -> int:
    connection = await asyncpg.connect(servers.admin_dsn())
    try:
        return int(await connection.fetchval(_SIZE))
    finally:
        await connection.close()


async def _watch(servers: LogServers, wanted_size: int) -> tuple[float, float]:
    """Return how many events a second the log sequenced, and how many it published, from the first seen to the last."""
    connection = await asyncpg.connect(servers.admin_dsn())
    try:
        before = first = int(await connection.fetchval(_SIZE))
        begun = time.perf_counter()
        deadline = begun + WAIT_SECONDS
        while (size := int(await connection.fetchval(_SIZE))) < wanted_size:
            if first == before and size > before:
                first, begun = size, time.perf_counter()
            if time.perf_counter() > deadline:
                raise SystemExit(f"the log has {size} of {wanted_size} entries after {WAIT_SECONDS:.0f} s")
            await asyncio.sleep(LOOK_SECONDS)
        sequenced = (size - first) / (time.perf_counter() - begun)
        while int(await connection.fetchval(_PUBLISHED)) < wanted_size:  # noqa: ASYNC110 - another process's work
            await asyncio.sleep(LOOK_SECONDS)
        return sequenced, (size - first) / (time.perf_counter() - begun)
    finally:
        await connection.close()


async def _await_signed(servers: LogServers) -> None:
    connection = await asyncpg.connect(servers.admin_dsn())
    try:
        while await connection.fetchval(_UNSIGNED):  # noqa: ASYNC110 - another process's work
            await asyncio.sleep(1)
    finally:
        await connection.close()


def _one_by_one(servers: LogServers) -> float:
    """Return the rate of a handler with one ORM commit per event, on records that the log does not wait for."""
    offsets = asyncio.run(ends(servers.aiokafka(SERVICE), topics.RISK))
    asyncio.run(write(servers.aiokafka("risk"), topics.RISK, uuid.uuid4().hex, ONE_BY_ONE_COUNT, partition=0))
    dsn = servers.admin_dsn(FLOOR_DATABASE).replace("postgresql:", "postgresql+asyncpg:")
    place = (topics.RISK, 0)
    return handle_one_by_one(servers.aiokafka(SERVICE), dsn, place, offsets[place], 10**9, ONE_BY_ONE_COUNT)


def _delay(servers: LogServers, rate: float) -> tuple[float, float]:
    """Return median and p99 of the milliseconds from an event on its topic to its published checkpoint."""
    with running_log(servers):
        time.sleep(IDLE_SECONDS)
        run, kafka = uuid.uuid4().hex, servers.aiokafka("intake")
        count = asyncio.run(write_at_rate(kafka, TOPIC, run, rate, RATE_SECONDS))
        found = asyncio.run(delays_ms(servers.aiokafka("local"), run, count, WAIT_SECONDS))
    return statistics.median(found), statistics.quantiles(found, n=100)[-1]


def _each(rounds: list[tuple[float, float, float]], column: int) -> str:
    return ", ".join(f"{one[column]:.0f}" for one in rounds)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

"""Reading a log of a million entries: the proof of any of them against one indexed read, in turns; search and trace.

Both are the store's own functions on one connection; indexes are random, and nothing is kept between two of them.
"""

import asyncio
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from bench.prefilled_log import grow_to
from govbus.audit_log.domain.search import Wanted
from govbus.audit_log.store.entries import entry_at
from govbus.audit_log.store.search import find_entries
from govbus.audit_log.store.trace import trace_of
from govbus.audit_log.store.tree import compact_at, prove
from govbus.contracts.translog.merkle import leaf_hash
from govbus.contracts.translog.paths import inclusion_plan, verify_inclusion
from govbus.local.databases import ServiceRoles, provision_databases, role_names
from govbus.local.migrations import migrate
from govbus.local.postgres import PostgresServer
from govbus.local.secret_files import Passwords
from govbus.local.servers import access_to_postgres

LIMIT_RATIO: Final = 3.0
SIZE: Final = 1_000_000
PROOFS_COUNT: Final = 2_000
SEARCHES_COUNT: Final = 100
PAGE_COUNT: Final = 100
CHAIN_COUNT: Final = 10
"""Events of one chain of causes."""

CHAINED_COUNT: Final = 1_000

SERVICE: Final = "audit_log"
DATABASE: Final = "govbus_audit_log"
CHECKOUT: Final = Path(__file__).parents[1]

_CHAINS: Final = """
    INSERT INTO entry (idx, kind, entry, leaf_hash, identity, id, source, type, subject, known_at, topic, partition,
                       kafka_offset, correlation_id, causation_id, classification, logged_on)
    SELECT n, 'event', raw, sha256('\\x00'::bytea || raw), substring(sha256(n::text::bytea), 1, 16),
           'chain-' || n, '//govbus/risk', 'dev.govbus.rare.v1', 'model/chain/m', now(), 'govbus.risk', 0, n,
           'correlation-' || n / $3, CASE WHEN n % $3 > 0 THEN 'chain-' || n - 1 END, 'internal', current_date
    FROM (SELECT n, convert_to(format('{"made":%s}', n), 'UTF8') AS raw
          FROM generate_series($1::bigint, $2::bigint - 1) AS n) AS made
    """
_WORDS: Final = """
    INSERT INTO payload_words (idx, logged_on, words)
    SELECT idx, logged_on, array_to_tsvector(ARRAY['common', 'word' || idx % 5000]) FROM payload
    """
_SEARCHES: Final[Mapping[str, Callable[[int], Wanted]]] = {
    "one subject": lambda n: Wanted(subject=f"model/demo/bench-{n % 300}", from_index=n),
    "subjects below a prefix": lambda n: Wanted(subject="model/demo/*", from_index=n),
    "subjects below a prefix, all at the end": lambda _: Wanted(subject="model/chain/*"),
    "a pattern of types, all at the end": lambda _: Wanted(type="dev.*.rare.*"),
    "since an hour ago, all at the end": lambda _: Wanted(since=datetime.now(UTC) - timedelta(hours=1)),
    "a word that one in 5,000 has": lambda n: Wanted(text=f"word{n % 5000}"),
    "a word that all have": lambda n: Wanted(text="common", from_index=n),
}


def main() -> int:
    """Print medians and 99th percentiles; return 1 when a proof takes longer than its limit allows."""
    folder = Path(tempfile.mkdtemp(prefix="govbus-bench-read-"))
    passwords = Passwords(folder / "passwords.json")
    server = PostgresServer(folder / "pg", passwords.of("postgres"))
    try:
        server.start()
        access = access_to_postgres(server)
        roles = role_names((SERVICE,))
        passwords.ensure(roles)
        asyncio.run(provision_databases(access.admin_dsn, (SERVICE,), {role: passwords.of(role) for role in roles}))
        owner, runtime = ServiceRoles(SERVICE).owner, ServiceRoles(SERVICE).runtime
        migrate(CHECKOUT / "services" / SERVICE / "migrations", access.dsn(owner, passwords.of(owner), DATABASE))
        begun = time.monotonic()
        asyncio.run(_fill(access.dsn("postgres", passwords.of("postgres"), DATABASE, "postgresql")))
        _say(f"{SIZE:,} entries made in {time.monotonic() - begun:.0f} s")
        return asyncio.run(_measure(access.dsn(runtime, passwords.of(runtime), DATABASE)))
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def _fill(dsn: str) -> None:
    await grow_to(dsn, SIZE)
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(_CHAINS, SIZE, SIZE + CHAINED_COUNT, CHAIN_COUNT)
        await connection.execute(_WORDS)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


async def _measure(dsn: str) -> int:
    async with _connection(dsn, "AUTOCOMMIT") as connection:
        ratio = await _proofs(connection)
    async with _connection(dsn, "READ COMMITTED") as connection:
        for name, wanted in _SEARCHES.items():
            await _page(connection, name, wanted)
        spent: list[float] = []
        for _ in range(SEARCHES_COUNT):
            asked = f"chain-{_chosen(SIZE, SIZE + CHAINED_COUNT)}"
            async with connection.begin():
                spent.append(await _seconds(partial(trace_of, connection, asked, None, SIZE + CHAINED_COUNT)))
        _say_times(f"trace of a chain of {CHAIN_COUNT}", spent)
    return 0 if ratio <= LIMIT_RATIO else 1


async def _proofs(connection: AsyncConnection) -> float:
    """Return how many times as long a proof takes as an indexed read, by their medians."""
    root = (await compact_at(connection, SIZE)).root
    reads: list[float] = []
    proofs: list[float] = []
    for _ in range(PROOFS_COUNT):
        index = _chosen(0, SIZE)
        reads.append(await _seconds(partial(entry_at, connection, index)))
        proofs.append(await _seconds(partial(_prove, connection, index)))
    index = _chosen(0, SIZE)
    found, proof = await entry_at(connection, index), await _prove(connection, index)
    assert found is not None
    verify_inclusion(leaf_hash(found.entry), index, SIZE, proof, root)
    ratio = statistics.median(proofs) / statistics.median(reads)
    _say_times("one indexed read", reads)
    _say_times("proof of one entry", proofs)
    _say(f"ratio of the medians {ratio:.2f}, limit {LIMIT_RATIO}: {'held' if ratio <= LIMIT_RATIO else 'MISSED'}")
    return ratio


async def _prove(connection: AsyncConnection, index: int) -> tuple[bytes, ...]:
    return await prove(connection, inclusion_plan(index, SIZE))


async def _page(connection: AsyncConnection, name: str, wanted: Callable[[int], Wanted]) -> None:
    spent: list[float] = []
    for _ in range(SEARCHES_COUNT):
        asked = wanted(_chosen(0, SIZE))
        async with connection.begin():
            spent.append(await _seconds(partial(find_entries, connection, asked, PAGE_COUNT)))
    _say_times(f"page of {PAGE_COUNT}: {name}", spent)


async def _seconds(work: Callable[[], Awaitable[Any]]) -> float:
    begun = time.perf_counter()
    await work()
    return time.perf_counter() - begun


@asynccontextmanager
async def _connection(dsn: str, isolation: Literal["AUTOCOMMIT", "READ COMMITTED"]) -> AsyncIterator[AsyncConnection]:
    engine = create_async_engine(dsn, isolation_level=isolation)
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        await engine.dispose()


def _chosen(start: int, end: int) -> int:
    return random.randrange(start, end)  # noqa: S311 - which entries are read is no secret


def _say_times(name: str, spent: list[float]) -> None:
    ordered = sorted(spent)
    p99 = ordered[int(len(ordered) * 0.99)]
    _say(f"{name:56} p50 {statistics.median(ordered) * 1e3:7.2f} ms   p99 {p99 * 1e3:7.2f} ms")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

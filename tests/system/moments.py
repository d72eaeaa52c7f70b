"""When to strike: what a service is doing in PostgreSQL, as its own role may see it."""

import asyncio
import time
from typing import Final

import asyncpg

from system.live_stack import LiveStack

_MINE: Final = (
    "SELECT count(*) FILTER (WHERE backend_xid IS NOT NULL), "
    "count(*) FILTER (WHERE state = 'idle in transaction' AND query ~ $1) "
    "FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()"
)
_OPEN: Final = (
    "SELECT pid || '@' || xact_start, state, wait_event, left(query, 60) "
    "FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
)
PUBLISHING: Final = "created_at.* FROM eventing_outbox ORDER BY|FROM entry e LEFT JOIN payload.* ORDER BY e.idx"
"""What a transaction last ran that waits for Kafka's acknowledgement: of the outbox's rows, or of the log's entries."""

_POLL_SECONDS: Final = 0.001
_CONNECT_SECONDS: Final = 2.0
_PUBLISHING_RATIO: Final = 0.6
_DOWN: Final = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)


class Watcher:
    """Looks at one service's transactions."""

    def __init__(self, stack: LiveStack, service: str) -> None:
        """Watch through the service's own role."""
        self._dsn = stack.dsn(service)

    async def wait_until_busy(self, *, publishing: bool, most_seconds: float) -> str:
        """Return `writing` or `publishing` as soon as a transaction is found so; empty when none was in time.

        `publishing` waits for nothing but that for most of the time; otherwise whatever comes first.
        """
        began = time.monotonic()
        deadline, content_from = began + most_seconds, began + most_seconds * (_PUBLISHING_RATIO if publishing else 0)
        try:
            connection = await asyncpg.connect(self._dsn, timeout=_CONNECT_SECONDS)
        except _DOWN:
            return ""
        try:
            while time.monotonic() < deadline:
                writing_count, publishing_count = await connection.fetchrow(_MINE, PUBLISHING)
                if publishing_count:
                    return "publishing"
                if writing_count and time.monotonic() >= content_from:
                    return "writing"
                await asyncio.sleep(_POLL_SECONDS)
        except _DOWN:
            return ""
        finally:
            connection.terminate()
        return ""

    async def open_transactions(self) -> dict[str, str]:
        """Return the transactions that the service holds open: which one, and what PostgreSQL knows of it."""
        connection = await asyncpg.connect(self._dsn, timeout=_CONNECT_SECONDS)
        try:
            return {row[0]: " ".join(map(str, row[1:])) for row in await connection.fetch(_OPEN)}
        finally:
            await connection.close()

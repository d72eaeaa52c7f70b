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
PUBLISHING: Final = "created_at.* FROM eventing_outbox ORDER BY|FROM entry e LEFT JOIN payload.* ORDER BY e.idx"
"""What a transaction last ran that waits for Kafka's acknowledgement: of the outbox's rows, or of the log's entries."""

_POLL_SECONDS: Final = 0.001
_CONNECT_SECONDS: Final = 2.0
_DOWN: Final = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)


class Watcher:
    """Looks at one service's transactions."""

    def __init__(self, stack: LiveStack, service: str) -> None:
        """Watch through the service's own role."""
        self._dsn = stack.dsn(service)

    async def wait_until_busy(self, *, publishing: bool, most_seconds: float) -> str:
        """Return `writing` or `publishing` as soon as a transaction is found so; empty when none was in time.

        `publishing` waits for nothing but that; otherwise whatever comes first.
        """
        deadline = time.monotonic() + most_seconds
        try:
            connection = await asyncpg.connect(self._dsn, timeout=_CONNECT_SECONDS)
        except _DOWN:
            return ""
        try:
            while time.monotonic() < deadline:
                writing_count, publishing_count = await connection.fetchrow(_MINE, PUBLISHING)
                if publishing_count:
                    return "publishing"
                if writing_count and not publishing:
                    return "writing"
                await asyncio.sleep(_POLL_SECONDS)
        except _DOWN:
            return ""
        finally:
            connection.terminate()
        return ""

    async def open_transactions_count(self) -> int:
        """Return how many transactions the service holds open."""
        connection = await asyncpg.connect(self._dsn, timeout=_CONNECT_SECONDS)
        try:
            found: int = await connection.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid() "
                "AND xact_start IS NOT NULL"
            )
            return found
        finally:
            await connection.close()

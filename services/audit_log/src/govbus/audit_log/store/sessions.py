"""Sessions of this service's own role on its own database, as PostgreSQL sees them."""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.audit_log.store.rows import rows

_END_FROZEN: Final = (
    # Materialized: PostgreSQL orders conditions by cost, and would end a session before it asked how long it waits.
    "WITH frozen AS MATERIALIZED ("
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user"
    " AND state = 'active' AND wait_event = 'ClientRead'"
    " AND current_setting('idle_in_transaction_session_timeout') <> '0'"
    " AND query_start < now() - current_setting('idle_in_transaction_session_timeout')::interval"
    ") SELECT pid FROM frozen WHERE pg_terminate_backend(pid)"
)


async def end_frozen(connection: AsyncConnection) -> list[int]:
    """End sessions that have waited too long for the rest of a statement; return the ids of their backends.

    A client that freezes inside a COPY is no idle one: PostgreSQL heeds neither `idle_in_transaction_session_timeout`
    nor `statement_timeout` while it waits for rows, so the head would stay locked. Its limit is that of an idle one.
    """
    return [row[0] for row in await rows(connection, _END_FROZEN)]

"""Alembic environment shared by all services: `migrations/env.py` calls `run()`."""

import asyncio
from typing import Final

from alembic import context
from sqlalchemy import Connection, pool
from sqlalchemy.ext.asyncio import create_async_engine

_LOCK_STATEMENT: Final = "SELECT pg_advisory_xact_lock(hashtextextended('govbus_migrations', 0))"


def run() -> None:
    """Upgrade the database named by alembic's `sqlalchemy.url` (the owner's), one transaction for all steps.

    Two starters at once are serialised by an advisory lock.
    """
    asyncio.run(_upgrade(context.config.get_main_option("sqlalchemy.url") or ""))


async def _upgrade(url: str) -> None:
    engine = create_async_engine(url, poolclass=pool.NullPool)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_run_on)
    finally:
        await engine.dispose()


def _run_on(connection: Connection) -> None:
    connection.exec_driver_sql(_LOCK_STATEMENT)
    context.configure(connection=connection, target_metadata=None, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()

"""Connections of the pool: believed for a moment after their last use, asked after a rest, replaced when dead."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from backends.running import RunningPostgres, aside
from govbus.eventing import database
from govbus.eventing.settings import ServiceSettings


@pytest.fixture
async def pooled(probe_settings: ServiceSettings) -> AsyncIterator[AsyncEngine]:
    """A service's own engine."""
    engine = database.new_engine(probe_settings)
    yield engine
    await engine.dispose()


async def backend_of(engine: AsyncEngine) -> int:
    async with engine.begin() as connection:
        return int((await connection.exec_driver_sql("SELECT pg_backend_pid()")).scalar_one())


async def terminate(postgres: RunningPostgres, backend: int) -> None:
    admin = await asyncpg.connect(postgres.access.admin_dsn)
    await admin.execute("SELECT pg_terminate_backend($1, 5000)", backend)
    await admin.close()


async def test_a_connection_used_a_moment_ago_is_used_again(pooled: AsyncEngine) -> None:
    assert await backend_of(pooled) == await backend_of(pooled)


async def test_a_connection_that_was_closed_is_replaced_before_it_is_used(
    pooled: AsyncEngine, postgres: RunningPostgres
) -> None:
    backend = await backend_of(pooled)
    await terminate(postgres, backend)
    await asyncio.sleep(0.1)  # the socket's end is noticed by the event loop
    assert await backend_of(pooled) != backend


async def test_a_connection_that_rested_is_asked_before_it_is_used(
    pooled: AsyncEngine, postgres: RunningPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = await backend_of(pooled)
    aside(lambda: asyncio.run(terminate(postgres, backend)))  # the event loop of the test notices nothing
    monkeypatch.setattr(database, "_TRUSTED_SECONDS", 0.0)
    assert await backend_of(pooled) != backend


async def test_a_read_without_transaction_leaves_the_connection_as_it_was(pooled: AsyncEngine) -> None:
    async with database.without_transaction(pooled).connect() as connection:
        assert (await connection.exec_driver_sql("SELECT pg_current_xact_id_if_assigned()")).scalar() is None
        first, second = [
            (await connection.exec_driver_sql("SELECT pg_current_xact_id()")).scalar_one() for _ in range(2)
        ]
    assert first != second
    async with pooled.begin() as connection:
        first, second = [
            (await connection.exec_driver_sql("SELECT pg_current_xact_id()")).scalar_one() for _ in range(2)
        ]
    assert first == second

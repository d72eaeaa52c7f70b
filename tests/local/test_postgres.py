"""The database separation: one service's credentials open its own database and nothing else."""

import asyncpg
import pytest

from backends.running import RunningPostgres


def plain(dsn: str) -> str:
    """Return the URL as asyncpg takes it."""
    return dsn.replace("postgresql+asyncpg://", "postgresql://")


async def test_a_service_opens_its_own_database(postgres: RunningPostgres) -> None:
    connection = await asyncpg.connect(plain(postgres.dsn("govbus_risk", "govbus_risk")))
    assert await connection.fetchval("SELECT current_user") == "govbus_risk"
    await connection.close()


@pytest.mark.parametrize("database", ["govbus_intake", "govbus_audit_log", "postgres", "template1"])
async def test_a_service_opens_no_other_database(postgres: RunningPostgres, database: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(plain(postgres.dsn("govbus_risk", database)))


async def test_a_services_password_is_not_the_superusers(postgres: RunningPostgres) -> None:
    own = plain(postgres.dsn("govbus_risk", "govbus_risk"))
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(own.replace("//govbus_risk:", "//postgres:"))
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(own.replace("//govbus_risk:", "//govbus_risk_owner:"))


async def test_a_runtime_role_makes_no_tables(postgres: RunningPostgres) -> None:
    connection = await asyncpg.connect(plain(postgres.dsn("govbus_risk", "govbus_risk")))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("CREATE TABLE own_table (id integer)")
    await connection.close()


async def test_a_session_that_holds_a_transaction_is_limited(postgres: RunningPostgres) -> None:
    connection = await asyncpg.connect(plain(postgres.dsn("govbus_risk", "govbus_risk")))
    limits = {
        name: await connection.fetchval("SELECT current_setting($1)", name)
        for name in ("idle_in_transaction_session_timeout", "lock_timeout", "transaction_timeout")
    }
    await connection.close()
    assert limits == {
        "idle_in_transaction_session_timeout": "10s",
        "lock_timeout": "5s",
        "transaction_timeout": "1min",
    }


async def test_what_was_committed_outlives_a_killed_server(postgres: RunningPostgres) -> None:
    if postgres.server is None:
        pytest.skip("this PostgreSQL is not ours to kill")
    owner = plain(postgres.dsn("govbus_risk_owner", "govbus_risk"))
    connection = await asyncpg.connect(owner)
    await connection.execute("CREATE TABLE outlives (id integer); INSERT INTO outlives VALUES (1)")
    postgres.server.kill()
    postgres.restart()
    connection = await asyncpg.connect(owner)
    assert await connection.fetchval("SELECT count(*) FROM outlives") == 1
    await connection.execute("DROP TABLE outlives")
    await connection.close()

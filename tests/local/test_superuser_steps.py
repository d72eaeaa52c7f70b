"""What a superuser does around migrations: the guard goes, the owner may change tables, the guard comes back."""

import uuid
from pathlib import Path

import asyncpg
import pytest

from backends.running import CHECKOUT, RunningPostgres
from govbus.local.superuser_steps import AFTER, BEFORE, has_superuser_steps, take_superuser_step

CHANGE = "ALTER TABLE entry ADD COLUMN more text"


async def _as_owner(postgres: RunningPostgres, dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(postgres.owner_dsn(dsn).replace("+asyncpg", ""))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def test_the_owner_changes_the_log_s_tables_only_between_the_two_steps(postgres: RunningPostgres) -> None:
    dsn = postgres.create_service_database("audit_log")
    database = dsn.partition("?")[0].rpartition("/")[2]
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await _as_owner(postgres, dsn, CHANGE)
        assert await take_superuser_step(postgres.access.admin_dsn, database, CHECKOUT, "audit_log", BEFORE)
        await _as_owner(postgres, dsn, CHANGE)
        assert await take_superuser_step(postgres.access.admin_dsn, database, CHECKOUT, "audit_log", AFTER)
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match=r"column entry\.more"):
            await _as_owner(postgres, dsn, "ALTER TABLE entry DROP COLUMN more")
        await _as_owner(postgres, dsn, "SELECT payload_prepare('2031-05-05')")
    finally:
        postgres.drop_database(dsn)


async def test_an_administrator_who_is_no_superuser_changes_nothing(postgres: RunningPostgres) -> None:
    name, password = f"builder_{uuid.uuid4().hex[:8]}", uuid.uuid4().hex
    admin = await asyncpg.connect(postgres.access.admin_dsn)
    await admin.execute(f"CREATE ROLE {name} LOGIN CREATEROLE CREATEDB PASSWORD '{password}'")
    await admin.execute(f"GRANT CONNECT ON DATABASE postgres TO {name}")
    dsn = postgres.access.dsn(name, password, "postgres", "postgresql")
    try:
        assert not await take_superuser_step(dsn, "postgres", CHECKOUT, "audit_log", AFTER)
        assert not await admin.fetchval("SELECT count(*) FROM pg_namespace WHERE nspname = 'log_guard'")
    finally:
        await admin.execute(f"DROP OWNED BY {name}")
        await admin.execute(f"DROP ROLE {name}")
        await admin.close()


def test_only_a_service_that_brings_steps_has_them(tmp_path: Path) -> None:
    assert has_superuser_steps(CHECKOUT, "audit_log")
    assert not has_superuser_steps(CHECKOUT, "risk")
    assert not has_superuser_steps(tmp_path, "audit_log")

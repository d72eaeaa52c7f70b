"""An intake that ran before keeps what it had: its platforms go on signing as they were registered."""

import asyncio
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from backends.running import CHECKOUT, RunningPostgres, aside
from govbus.local.databases import ServiceRoles
from govbus.local.migrations import migrate, migration_folder

ROLES = ServiceRoles("intake")
SEALED = bytes(range(60))


@pytest.fixture
def empty_database(postgres: RunningPostgres) -> Iterator[str]:
    """A database of intake's owner without tables: its name."""
    name = f"govbus_intake_{uuid.uuid4().hex[:12]}"
    aside(lambda: asyncio.run(postgres._execute(f'CREATE DATABASE "{name}" OWNER "{ROLES.owner}"')))
    yield name
    postgres.drop_database(postgres.dsn(ROLES.runtime, name))


def first_revision_only(folder: Path, target: Path) -> Path:
    """Return a copy of the migrations as they were in the beginning."""
    (target / "versions").mkdir(parents=True)
    shutil.copy(folder / "env.py", target)
    shutil.copy(folder / "versions" / "0001_intake.py", target / "versions")
    return target


async def run(dsn: str, statement: str, *values: object) -> list[asyncpg.Record]:
    """Run one statement as the owner."""
    connection = await asyncpg.connect(dsn)
    try:
        return list(await connection.fetch(statement, *values))
    finally:
        await connection.close()


def test_secrets_of_before_are_good_until_they_are_changed(
    postgres: RunningPostgres, empty_database: str, tmp_path: Path
) -> None:
    folder = migration_folder(CHECKOUT, "intake")
    assert folder is not None
    plain_dsn = postgres.dsn(ROLES.owner, empty_database, "postgresql")
    aside(lambda: migrate(first_revision_only(folder, tmp_path / "m"), postgres.dsn(ROLES.owner, empty_database)))
    insert = (
        "INSERT INTO source (name, uri, namespace, signature_scheme, signature_secret, replay_window_seconds, "
        "registered_at, registered_by) VALUES ($1, $2, 'retail', $3, $4, 60, now(), 'alice')"
    )
    aside(lambda: asyncio.run(run(plain_dsn, insert, "signing", "//signing", "github", SEALED)))
    aside(lambda: asyncio.run(run(plain_dsn, insert, "silent", "//silent", None, None)))
    aside(lambda: migrate(folder, postgres.dsn(ROLES.owner, empty_database)))
    query = "SELECT source_name, sealed_secret, created_by, expires_at FROM signature_key"
    kept = aside(lambda: asyncio.run(run(plain_dsn, query)))
    assert [tuple(row) for row in kept] == [("signing", SEALED, "alice", None)]

"""Keys of single facts, as they were before keys belonged to persons, still open what they sealed."""

import importlib.util
from collections.abc import Callable
from datetime import UTC, datetime
from types import ModuleType
from uuid import UUID

from sqlalchemy.ext.asyncio import create_async_engine

from backends.running import CHECKOUT, RunningPostgres
from govbus.intake.store import person_keys

MIGRATION = CHECKOUT / "services" / "intake" / "migrations" / "versions" / "0003_person_keys.py"
BEFORE = (
    "DROP TABLE person_key",
    """
    CREATE TABLE person_key (
        id uuid PRIMARY KEY, source_name text NOT NULL, identity bytea NOT NULL UNIQUE, sealed_secret bytea,
        created_at timestamptz NOT NULL, erased_at timestamptz,
        CONSTRAINT person_key_identity_size CHECK (octet_length(identity) = 16),
        CONSTRAINT person_key_erased CHECK ((sealed_secret IS NULL) = (erased_at IS NOT NULL)))
    """,
    "GRANT SELECT, INSERT ON person_key TO govbus_intake",
)
IDENTITY = bytes(range(16))
KEY_ID = "01a20aaa-daa0-7949-9b27-bf072cd6d8c3"
MADE_AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def migration() -> ModuleType:
    """Return the migration as a module."""
    spec = importlib.util.spec_from_file_location("person_keys_migration", MIGRATION)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


async def test_the_key_of_a_fact_is_found_under_the_facts_position(
    postgres: RunningPostgres, service_database: Callable[[str], str]
) -> None:
    dsn = service_database("intake")
    owner = create_async_engine(postgres.owner_dsn(dsn))
    async with owner.begin() as connection:
        for statement in BEFORE:
            await connection.exec_driver_sql(statement)
        await connection.exec_driver_sql(
            "INSERT INTO person_key VALUES ($1, 'mlflow', $2, $3, $4)", (UUID(KEY_ID), IDENTITY, b"sealed", MADE_AT)
        )
        for statement in migration()._STATEMENTS:  # alembic's own run would begin at revision 0001
            await connection.exec_driver_sql(statement)
    await owner.dispose()
    engine = create_async_engine(dsn)
    person = f"fact-{IDENTITY.hex()}"
    async with engine.begin() as connection:
        (kept,) = await person_keys.live(connection, [person])
        assert (kept.id, kept.person, kept.sealed_secret) == (KEY_ID, person, b"sealed")
        assert await person_keys.erase(connection, person, MADE_AT) == [KEY_ID]
        assert await person_keys.live(connection, [person]) == []
    await engine.dispose()

"""The migrated database is what `tables.py` says."""

from collections.abc import Callable

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from govbus.intake.tables import metadata


def differences(connection: Connection) -> list[object]:
    """Return what autogenerate would change, eventing's own tables left out."""
    options = {"include_name": lambda name, kind, _: kind != "table" or name in metadata.tables}
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


async def test_the_migrated_database_has_the_tables_and_checks_that_are_declared(
    service_database: Callable[[str], str],
) -> None:
    engine = create_async_engine(service_database("intake"))
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
        found = await connection.execute(
            text("SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid::regclass::text = ANY(:names)"),
            {"names": list(metadata.tables)},
        )
        checks = {row[0] for row in found}
    await engine.dispose()
    declared = {str(one.name) for table in metadata.tables.values() for one in table.constraints if one.name}
    assert checks == declared

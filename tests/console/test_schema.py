"""The migrated database is what the tables say, and the runtime role may do no more than it needs."""

from collections.abc import Callable

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection
from sqlalchemy.ext.asyncio import create_async_engine

from govbus.console.tables import metadata


def _is_ours(_: object, name: str | None, *__: object) -> bool:
    return not (name or "").startswith(("eventing_", "govbus_migration", "alembic"))


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"include_object": _is_ours})
    return list(compare_metadata(context, metadata))


def _checks(connection: Connection) -> set[str]:
    rows = connection.exec_driver_sql(
        "SELECT conname FROM pg_constraint WHERE contype = 'c' AND connamespace::regnamespace::text = 'public'"
    )
    return {str(row.conname) for row in rows if not str(row.conname).startswith("eventing_")}


def _granted(connection: Connection) -> dict[str, str]:
    rows = connection.exec_driver_sql(
        "SELECT table_name AS name, string_agg(privilege_type, ',' ORDER BY privilege_type) AS privileges "
        "FROM information_schema.role_table_grants WHERE grantee = current_user GROUP BY 1"
    )
    return {str(row.name): str(row.privileges) for row in rows if row.name in metadata.tables}


async def test_the_migrated_database_is_the_one_that_the_tables_describe(
    service_database: Callable[[str], str],
) -> None:
    engine = create_async_engine(service_database("console"))
    async with engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
        stated = {
            str(constraint.name)
            for table in metadata.tables.values()
            for constraint in table.constraints
            if isinstance(constraint, CheckConstraint)
        }
        assert await connection.run_sync(_checks) == stated
    await engine.dispose()


async def test_the_runtime_role_may_do_no_more_than_it_needs(service_database: Callable[[str], str]) -> None:
    engine = create_async_engine(service_database("console"))
    async with engine.connect() as connection:
        granted = await connection.run_sync(_granted)
    await engine.dispose()
    assert granted == {"session": "DELETE,INSERT,SELECT"}

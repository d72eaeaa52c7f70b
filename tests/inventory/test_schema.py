"""The migrated database is what the tables say, and its constraints refuse what must not be."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData
from sqlalchemy.exc import IntegrityError, ProgrammingError

from govbus.eventing import tables as eventing_tables
from govbus.eventing.service import Service
from govbus.inventory.tables import metadata
from inventory.delivering import Desk, registered, said


async def test_migrated_database_is_the_one_that_the_tables_describe(service: Service) -> None:
    whole = MetaData()
    for table in metadata.tables.values():
        table.to_metadata(whole)
    eventing_tables.attach(whole)

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"include_object": _is_ours})
        return list(compare_metadata(context, whole))

    async with service.engine.connect() as connection:
        assert await connection.run_sync(differences) == []


def _is_ours(_: object, name: str | None, *__: object) -> bool:
    return not (name or "").startswith(("eventing_parked_", "eventing_inbox_2", "govbus_migration", "alembic"))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE record SET kind = 'model_version'",
        "UPDATE record SET classification = 'secret'",
        "UPDATE record SET fields = '[]'",
        "UPDATE record SET number = 0",
    ],
)
async def test_bad_state_cannot_be_written(desk: Desk, statement: str) -> None:
    await desk.deliver(said(registered()))
    with pytest.raises(IntegrityError):
        async with desk.service.engine.begin() as connection:
            await connection.exec_driver_sql(statement)


@pytest.mark.parametrize(
    "statement", ["UPDATE record_state SET number = 7", "DROP TABLE record", "CREATE TABLE mine (id integer)"]
)
async def test_runtime_role_may_neither_rewrite_history_nor_own_anything(desk: Desk, statement: str) -> None:
    with pytest.raises(ProgrammingError):
        async with desk.service.engine.begin() as connection:
            await connection.exec_driver_sql(statement)

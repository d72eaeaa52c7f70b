"""The migrated database is what the tables say, and the runtime role may do no more than it needs."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData

from govbus.eventing import tables as eventing_tables
from govbus.eventing.service import Service
from govbus.oversight.tables import metadata


async def test_the_migrated_database_is_the_one_that_the_tables_describe(service: Service) -> None:
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


async def test_the_runtime_role_may_append_history_and_nothing_else(service: Service) -> None:
    async with service.engine.connect() as connection:
        rows = await connection.exec_driver_sql(
            "SELECT table_name AS name, string_agg(privilege_type, ',' ORDER BY privilege_type) AS privileges "
            "FROM information_schema.role_table_grants WHERE grantee = current_user "
            "AND table_name IN ('incident', 'incident_history', 'idempotent_answer') GROUP BY 1"
        )
        granted = {str(row.name): str(row.privileges) for row in rows}
    assert granted == {
        "incident": "INSERT,SELECT,UPDATE",
        "incident_history": "INSERT,SELECT",
        "idempotent_answer": "DELETE,INSERT,SELECT",
    }

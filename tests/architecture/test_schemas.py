"""Every migrated database is the one its tables describe, and its runtime role may do what is listed here, no more."""

import importlib
from collections.abc import Callable

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection, ForeignKeyConstraint, MetaData
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.schema import SchemaItem

from backends.running import RunningPostgres

SERVICES = ("audit_log", "console", "intake", "inventory", "notifier", "oversight", "risk")

MAY = {
    "audit_log": {
        "checkpoint": "INSERT SELECT",
        "cosignature": "INSERT SELECT",
        "entry": "INSERT SELECT",
        "erasure": "INSERT SELECT",
        "erasure_request": "INSERT SELECT UPDATE(confirmed_at) UPDATE(confirmed_by) UPDATE(entry_index)",
        "erasure_scope": "INSERT SELECT",
        "evidence_pack": "DELETE INSERT SELECT UPDATE",
        "fsck_run": "INSERT SELECT",
        "hold": "INSERT SELECT UPDATE(lift_asked_at) UPDATE(lift_asked_by) UPDATE(lift_reason) UPDATE(lifted_at) "
        "UPDATE(lifted_by)",
        "hold_scope": "INSERT SELECT",
        "kpi_sample": "DELETE INSERT SELECT",
        "kpi_snapshot": "DELETE INSERT SELECT",
        "log_head": "SELECT UPDATE",
        "payload": "INSERT SELECT",
        "payload_words": "INSERT SELECT",
        "place_cursor": "INSERT(place) SELECT UPDATE",
        "tile": "INSERT SELECT",
        "witness_quorum": "SELECT UPDATE",
        "words_cursor": "SELECT UPDATE",
    },
    "console": {
        "session": "DELETE INSERT SELECT",
    },
    "intake": {
        "accepted": "INSERT SELECT",
        "credential": "INSERT SELECT UPDATE",
        "delivery": "INSERT SELECT",
        "fact_place": "INSERT SELECT",
        "handshake": "INSERT SELECT UPDATE",
        "idempotent_request": "DELETE INSERT SELECT",
        "person_key": "INSERT SELECT UPDATE(erased_at) UPDATE(sealed_secret)",
        "refusal_count": "DELETE INSERT SELECT UPDATE",
        "rejected": "INSERT SELECT UPDATE",
        "signature_key": "INSERT SELECT UPDATE",
        "source": "INSERT SELECT UPDATE(body_bytes) UPDATE(event_bytes) UPDATE(events_per_second) "
        "UPDATE(expected_interval_seconds) UPDATE(expected_since) UPDATE(kafka) UPDATE(mapping) UPDATE(removed_at) "
        "UPDATE(removed_by) UPDATE(replay_window_seconds) UPDATE(types)",
        "source_activity": "INSERT SELECT UPDATE",
        "source_change": "INSERT SELECT",
        "source_counter": "INSERT SELECT UPDATE",
        "source_gap": "DELETE INSERT SELECT UPDATE",
        "source_gap_range": "DELETE INSERT SELECT",
        "source_silence": "DELETE INSERT SELECT",
    },
    "inventory": {
        "deployment": "DELETE INSERT SELECT",
        "record": "DELETE INSERT SELECT UPDATE",
        "record_state": "DELETE INSERT SELECT",
    },
    "notifier": {
        "attempt": "INSERT SELECT",
        "notification": "INSERT SELECT UPDATE",
        "subject_tier": "INSERT SELECT UPDATE",
    },
    "oversight": {
        "idempotent_answer": "DELETE INSERT SELECT",
        "incident": "INSERT SELECT UPDATE",
        "incident_history": "INSERT SELECT",
    },
    "risk": {
        "activation": "INSERT SELECT",
        "bundle": "INSERT SELECT",
        "decision": "INSERT SELECT UPDATE(log_index) UPDATE(log_origin) UPDATE(log_size)",
        "incident": "DELETE INSERT SELECT UPDATE",
        "score": "DELETE INSERT SELECT UPDATE",
        "subject": "DELETE INSERT SELECT UPDATE",
        "version": "DELETE INSERT SELECT UPDATE",
    },
}


def tables_of(service: str) -> MetaData:
    """Return a service's own tables, without eventing's."""
    whole: MetaData = importlib.import_module(f"govbus.{service}.tables").metadata
    own = MetaData()
    for name, table in whole.tables.items():
        if not name.startswith("eventing_"):
            table.to_metadata(own)
    return own


def differences(connection: Connection, stated: MetaData) -> list[object]:
    """Return what autogenerate would change; PostgreSQL's copies of a foreign key, one per partition, are left out."""

    def is_compared(item: SchemaItem, *_: object) -> bool:
        targets = item.elements if isinstance(item, ForeignKeyConstraint) else ()
        return all(target.target_fullname.partition(".")[0] in stated.tables for target in targets)

    options = {
        "include_name": lambda name, kind, _: kind != "table" or name in stated.tables,
        "include_object": is_compared,
    }
    return list(compare_metadata(MigrationContext.configure(connection, opts=options), stated))


def checks(connection: Connection, stated: MetaData) -> set[str]:
    """Return the CHECK constraints of the tables, which autogenerate does not compare."""
    rows = connection.exec_driver_sql(
        "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid::regclass::text = ANY($1::text[])",
        (list(stated.tables),),
    )
    return {str(row.conname) for row in rows}


def granted(connection: Connection) -> dict[str, str]:
    """Return what the role that asks may do with each table, and with single columns where that is all it may."""
    rows = connection.exec_driver_sql(
        "WITH whole AS (SELECT table_name, privilege_type FROM information_schema.role_table_grants "
        "WHERE grantee = current_user AND table_schema = 'public'), "
        "part AS (SELECT table_name, privilege_type || '(' || column_name || ')' FROM "
        "information_schema.role_column_grants WHERE grantee = current_user AND table_schema = 'public' "
        "AND (table_name, privilege_type) NOT IN (SELECT table_name, privilege_type FROM whole)) "
        "SELECT table_name AS name, string_agg(privilege_type, ' ' ORDER BY privilege_type) AS privileges "
        "FROM (TABLE whole UNION ALL TABLE part) AS may WHERE table_name NOT LIKE 'eventing%' GROUP BY 1"
    )
    return {str(row.name): str(row.privileges) for row in rows}


@pytest.mark.parametrize("service", SERVICES)
async def test_the_migrated_database_is_the_one_that_the_tables_describe(
    service_database: Callable[[str], str], service: str
) -> None:
    stated = tables_of(service)
    engine = create_async_engine(service_database(service))
    async with engine.connect() as connection:
        found = await connection.run_sync(differences, stated)
        live = await connection.run_sync(checks, stated)
    await engine.dispose()
    assert found == []
    assert live == {
        str(constraint.name)
        for table in stated.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }


@pytest.mark.parametrize("service", SERVICES)
async def test_the_runtime_role_may_do_no_more_than_is_listed(
    service_database: Callable[[str], str], service: str
) -> None:
    engine = create_async_engine(service_database(service))
    async with engine.connect() as connection:
        found = await connection.run_sync(granted)
    await engine.dispose()
    assert found == MAY[service]


@pytest.mark.parametrize("right", ["DELETE", "UPDATE (planted)"])
async def test_a_planted_column_and_a_planted_right_are_noticed(
    postgres: RunningPostgres, service_database: Callable[[str], str], right: str
) -> None:
    dsn = service_database("risk")
    stated = tables_of("risk")
    owner = create_async_engine(postgres.owner_dsn(dsn))
    async with owner.begin() as connection:
        await connection.exec_driver_sql("ALTER TABLE decision ADD COLUMN planted integer")
        await connection.exec_driver_sql(f"GRANT {right} ON decision TO govbus_risk")
    await owner.dispose()
    engine = create_async_engine(dsn)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences, stated) != []
        assert await connection.run_sync(granted) != MAY["risk"]
    await engine.dispose()

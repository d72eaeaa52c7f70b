"""Rights and triggers: each violation is planted and seen refused."""

import asyncpg
import pytest
from sqlalchemy import inspect
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.schema import CreateTable

from audit_log.desk import Desk, event
from backends.running import RunningPostgres
from govbus.audit_log.months import prepare_months
from govbus.audit_log.tables import metadata

APPEND_ONLY = ("entry", "tile", "checkpoint")
VIOLATIONS = (
    *(
        f"UPDATE {table} SET {column} = {column}"
        for table, column in zip(APPEND_ONLY, ("kind", "root", "root"), strict=True)
    ),
    *(f"DELETE FROM {table}" for table in APPEND_ONLY),
    *(f"TRUNCATE {table}" for table in (*APPEND_ONLY, "log_head", "place_cursor", "payload", "payload_default")),
    "UPDATE payload SET payload = ''",
    "DELETE FROM log_head",
    "UPDATE log_head SET size = 0, subtrees = ''",
    "UPDATE log_head SET subtrees = sha256('forged')",
    "UPDATE log_head SET epoch = epoch - 1",
    "DELETE FROM place_cursor",
    "UPDATE place_cursor SET next_index = 0, checkpoint_size = 0 WHERE place = 'topic'",
)


async def _connect(dsn: str) -> "asyncpg.Connection[asyncpg.Record]":
    return await asyncpg.connect(dsn.replace("+asyncpg", ""))


async def _fill(desk: Desk) -> None:
    await desk.enter(*(event(str(number)) for number in range(257)))
    await desk.sign()
    async with desk.service.transaction() as (connection, _):
        await connection.exec_driver_sql("UPDATE place_cursor SET next_index = 5, checkpoint_size = 3")


@pytest.mark.parametrize("statement", VIOLATIONS)
async def test_even_the_owner_in_replica_mode_changes_nothing(
    desk: Desk, postgres: RunningPostgres, log_dsn: str, statement: str
) -> None:
    await _fill(desk)
    for role in ("owner", "superuser"):
        database = log_dsn.rpartition("?")[0].rpartition("/")[2] or log_dsn.rpartition("/")[2]
        if role == "owner":
            connection = await _connect(postgres.owner_dsn(log_dsn))
        else:
            connection = await asyncpg.connect(postgres.access.admin_dsn, database=database)
            await connection.execute("SET session_replication_role = replica")
        try:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
        finally:
            await connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        *VIOLATIONS,
        "DELETE FROM payload",
        "DROP TABLE entry",
        "ALTER TABLE entry DISABLE TRIGGER ALL",
        "CREATE TABLE mine (x int)",
        "INSERT INTO log_head VALUES (2, 0, '', 0, 0)",
    ],
)
async def test_the_service_s_role_may_only_insert_and_move_forward(desk: Desk, log_dsn: str, statement: str) -> None:
    await _fill(desk)
    connection = await _connect(log_dsn)
    try:
        with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.CheckViolationError)):
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_the_eraser_deletes_payloads_and_nothing_else(
    desk: Desk, postgres: RunningPostgres, log_dsn: str
) -> None:
    await _fill(desk)
    database = log_dsn.rpartition("?")[0].rpartition("/")[2] or log_dsn.rpartition("/")[2]
    connection = await _connect(postgres.dsn("govbus_audit_log_eraser", database))
    try:
        assert await connection.execute("DELETE FROM payload WHERE idx = 7") == "DELETE 1"
        for statement in ("DELETE FROM entry", "SELECT count(*) FROM entry", "UPDATE payload SET actor = NULL"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()
    entry = (await desk.get("/v1/log/entries/7", "auditor")).json()
    assert entry["payload_withheld"] == "erased"
    assert (await desk.get("/v1/log/entries/7/proof")).status_code == 200


@pytest.mark.parametrize(
    "statement",
    [
        (
            "INSERT INTO entry SELECT 900, kind, entry, leaf_hash, identity, id, source, type, subject, known_at, topic,"
            " partition, 900, correlation_id, causation_id, classification, logged_on FROM entry WHERE idx = 0"
        ),
        (
            "INSERT INTO entry SELECT 900, 'unparseable', entry, leaf_hash, NULL, id, source, type, subject, known_at,"
            " topic, partition, kafka_offset, correlation_id, causation_id, classification, logged_on FROM entry WHERE idx = 0"
        ),
        (
            "INSERT INTO entry SELECT 900, 'unparseable', 'forged', leaf_hash, NULL, id, source, type, subject, known_at,"
            " topic, partition, 900, correlation_id, causation_id, classification, logged_on FROM entry WHERE idx = 0"
        ),
        "INSERT INTO checkpoint SELECT size, root, subtrees, note, epoch FROM checkpoint",
    ],
    ids=["identity-twice", "record-twice", "foreign-leaf-hash", "checkpoint-twice"],
)
async def test_a_bad_state_cannot_be_stored(desk: Desk, log_dsn: str, statement: str) -> None:
    await _fill(desk)
    connection = await _connect(log_dsn)
    try:
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_the_coming_months_have_partitions(desk: Desk) -> None:
    await prepare_months(desk.service.engine)
    await prepare_months(desk.service.engine)
    [(count,)] = await desk.rows("SELECT count(*) FROM pg_inherits WHERE inhparent = 'payload'::regclass")
    assert count == 4


async def test_the_tables_are_as_declared(log_dsn: str) -> None:
    engine = create_async_engine(log_dsn)
    async with engine.connect() as connection:
        for table in metadata.sorted_tables:
            found = await connection.run_sync(lambda sync, name=table.name: inspect(sync).get_columns(name))
            live = {column["name"]: (column["type"].compile(engine.dialect), column["nullable"]) for column in found}
            assert live == {
                column.name: (column.type.compile(engine.dialect), column.nullable) for column in table.columns
            }
            checks = await connection.run_sync(lambda sync, name=table.name: inspect(sync).get_check_constraints(name))
            declared = {name for name in _names(table) if f"CONSTRAINT {name} CHECK" in str(CreateTable(table))}
            assert {check["name"] for check in checks} == declared
            indexes = await connection.run_sync(lambda sync, name=table.name: inspect(sync).get_indexes(name))
            unique = {index["name"] for index in indexes if not index.get("duplicates_constraint")}
            assert unique == {index.name for index in table.indexes}
    await engine.dispose()


def _names(table: object) -> set[str]:
    return {str(constraint.name) for constraint in table.constraints}  # type: ignore[attr-defined]

"""Rights and triggers: each violation is planted and seen refused."""

import asyncpg
import pytest
from sqlalchemy import CheckConstraint, Connection, inspect
from sqlalchemy.ext.asyncio import create_async_engine

from audit_log.desk import Desk, event
from backends.running import RunningPostgres
from govbus.audit_log.months import prepare_months
from govbus.audit_log.tables import metadata

APPEND_ONLY = ("entry", "tile", "checkpoint")
VIOLATIONS = (
    "UPDATE entry SET kind = kind",
    "UPDATE tile SET root = root",
    "UPDATE checkpoint SET root = root",
    "DELETE FROM entry",
    "DELETE FROM tile",
    "DELETE FROM checkpoint",
    *("TRUNCATE " + table + " CASCADE" for table in (*APPEND_ONLY, "log_head", "place_cursor", "payload")),
    "TRUNCATE payload_default CASCADE",
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


ENTRY_COPY = (
    "INSERT INTO entry SELECT 900, {kind}, {entry}, leaf_hash, {identity}, id, source, type, subject, known_at, topic,"
    " partition, {offset}, correlation_id, causation_id, classification, logged_on FROM entry WHERE idx = 0"
)


@pytest.mark.parametrize(
    "statement",
    [
        ENTRY_COPY.format(kind="kind", entry="entry", identity="identity", offset=900),
        ENTRY_COPY.format(kind="'unparseable'", entry="entry", identity="NULL", offset="kafka_offset"),
        ENTRY_COPY.format(kind="'unparseable'", entry="'forged'", identity="NULL", offset=900),
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
        await connection.run_sync(_compare)
    await engine.dispose()


def _compare(connection: Connection) -> None:
    live = inspect(connection)
    for table in metadata.sorted_tables:
        columns = {
            column["name"]: (column["type"].compile(connection.dialect), column["nullable"])
            for column in live.get_columns(table.name)
        }
        assert columns == {
            column.name: (column.type.compile(connection.dialect), column.nullable) for column in table.columns
        }
        checks = {check["name"] for check in live.get_check_constraints(table.name)}
        assert checks == {item.name for item in table.constraints if isinstance(item, CheckConstraint)}
        indexes = {item["name"] for item in live.get_indexes(table.name) if not item.get("duplicates_constraint")}
        assert indexes == {index.name for index in table.indexes}

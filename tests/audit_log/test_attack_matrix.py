"""Attack and role: refused by what, or found by fsck as what. `make attacks` prints the table."""

import asyncio
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from audit_log.attacks import ATTACKS, ERASER, HARMLESS, OWNER, ROLES, RUNTIME, Attack
from audit_log.desk import Desk, event
from audit_log.guarded import database_of, eraser_dsn, guarded_desk
from backends.running import RunningPostgres, aside
from govbus.audit_log.examining import Examination, Examined
from govbus.audit_log.keys import load_keys
from govbus.contracts.translog.vkey import VerificationKey


@dataclass(frozen=True, slots=True)
class Target:
    """A filled log that nobody serves, and the keys it is signed with."""

    postgres: RunningPostgres
    dsn: str
    keys: tuple[VerificationKey, ...]

    async def connect(self, role: str, database: str) -> "asyncpg.Connection[asyncpg.Record]":
        """Return a connection of a role."""
        dsn = self.dsn.replace(database_of(self.dsn), database)
        if role == RUNTIME:
            return await asyncpg.connect(dsn.replace("+asyncpg", ""))
        if role == ERASER:
            return await asyncpg.connect(eraser_dsn(self.postgres, dsn).replace("+asyncpg", ""))
        if role == OWNER:
            return await asyncpg.connect(self.postgres.owner_dsn(dsn).replace("+asyncpg", ""))
        return await asyncpg.connect(self.postgres.access.admin_dsn, database=database)


@pytest.fixture(scope="module")
def target(postgres: RunningPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A signed log of 257 records, one hold and one erasure."""
    folder, dsn = tmp_path_factory.mktemp("attacked"), postgres.create_service_database("audit_log")
    desk_settings = aside(lambda: asyncio.run(_fill(postgres, dsn, folder)))
    yield Target(postgres, dsn, desk_settings)
    postgres.drop_database(dsn)


async def _fill(postgres: RunningPostgres, dsn: str, folder: Path) -> tuple[VerificationKey, ...]:
    desk = guarded_desk(postgres, dsn, folder)
    await desk.sign()
    await desk.enter(*(event(str(number)) for number in range(257)))
    await desk.sign()
    await desk.send("POST", "/v1/holds", "auditor", body={"subject": "model/retail/held", "reason": "r"})
    await _erase_one(desk)
    await desk.sign()
    keys = tuple(load_keys(desk.settings).believed)
    await desk.close()
    return keys


async def _erase_one(desk: Desk) -> None:
    asked = await desk.send("POST", "/v1/log/erasures", "admin", name="adam", body={"indexes": [3], "reason": "r"})
    done = await desk.send("POST", f"/v1/log/erasures/{asked.json()['id']}/confirm", "auditor", name="vera")
    assert done.status_code == 200


@pytest.fixture(scope="module")
def table() -> Iterator[dict[tuple[str, str], str]]:
    """Collects the cells and prints them at the end."""
    cells: dict[tuple[str, str], str] = {}
    yield cells
    lines = [["attack", *ROLES]]
    lines += [[attack.name, *(cells.get((attack.name, role), "-") for role in ROLES)] for attack in ATTACKS]
    widths = [max(len(line[column]) for line in lines) + 2 for column in range(len(lines[0]))]
    for line in lines:
        print("".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())  # noqa: T201


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name.replace(" ", "-"))
async def test_an_attack_is_refused_or_found(target: Target, table: dict[tuple[str, str], str], attack: Attack) -> None:
    database = database_of(target.dsn)
    for role in ROLES:
        refusal = await _try(target, attack, role, database)
        if role not in attack.by:
            assert refusal, f"{attack.name} is not refused to {role}"
            table[attack.name, role] = f"refused: {refusal}"
            continue
        assert refusal is None, f"{attack.name} as {role}: {refusal}"
        table[attack.name, role] = await _found(target, attack, role)


async def _try(target: Target, attack: Attack, role: str, database: str) -> str | None:
    """Return in words who refuses, None when it went through; nothing stays."""
    connection = await target.connect(role, database)
    try:
        transaction = connection.transaction()
        await transaction.start()
        try:
            for statement in await _statements(connection, attack, database):
                await connection.execute(statement)
        except asyncpg.PostgresError as error:
            return _who_refuses(error)
        finally:
            await transaction.rollback()
    finally:
        await connection.close()
    return None


async def _found(target: Target, attack: Attack, role: str) -> str:
    """Do it to a copy and return what fsck finds."""
    database = f"attacked_{uuid.uuid4().hex[:12]}"
    admin = await asyncpg.connect(target.postgres.access.admin_dsn)
    await admin.execute(
        f"CREATE DATABASE {database} TEMPLATE {database_of(target.dsn)} OWNER govbus_audit_log_owner STRATEGY FILE_COPY"
    )
    for granted in ("govbus_audit_log", "govbus_audit_log_eraser"):
        await admin.execute(f"GRANT CONNECT ON DATABASE {database} TO {granted}")
    try:
        connection = await target.connect(role, database)
        async with connection.transaction():
            for statement in await _statements(connection, attack, database):
                await connection.execute(statement)
        await connection.close()
        found = await _examine(target, database)
    finally:
        if attack.undo:
            await admin.execute(attack.undo)
        await admin.execute(f"DROP DATABASE {database} WITH (FORCE)")
        await admin.close()
    if attack.found == HARMLESS:
        assert found.faults == ()
        return "changes nothing"
    assert any(attack.found in fault for fault in found.faults), found.faults
    return f"found: {attack.found}"


async def _examine(target: Target, database: str) -> Examined:
    engine = create_async_engine(target.dsn.replace(database_of(target.dsn), database))
    found = await Examination(engine, target.keys, [], None, owner_guard=True).run()
    await engine.dispose()
    return found


async def _statements(connection: "asyncpg.Connection[asyncpg.Record]", attack: Attack, database: str) -> list[str]:
    part = await connection.fetchval(
        "SELECT c.relname FROM pg_class c WHERE c.relname = 'payload_' || to_char(date '2026-11-23', 'YYYYMM')"
    )
    return [
        statement.replace("{database}", database).replace("{part}", part or "payload_default")
        for statement in attack.statements
    ]


def _who_refuses(error: asyncpg.PostgresError) -> str:
    words = str(error)
    if "is append-only" in words and ("ddl_command_end" in words or "rewriting" in words):
        return "event trigger"
    if isinstance(error, asyncpg.InsufficientPrivilegeError):
        refused_by_right = ("permission denied", "must be", "must have", "no privilege", "Only roles", "SUPERUSER")
        return "no right" if any(word in words for word in refused_by_right) else "trigger"
    if isinstance(error, asyncpg.DivisionByZeroError):
        return "no right, nothing was granted"
    return type(error).__name__.removesuffix("Error")


async def test_the_log_that_is_attacked_is_sound(target: Target) -> None:
    found = await _examine(target, database_of(target.dsn))
    assert (found.faults, found.size) == ((), 259)

"""A log whose eraser works, and the two people that an erasure needs."""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import httpx2

from audit_log.desk import Desk, settings
from backends.running import RunningPostgres

ERASER = "govbus_audit_log_eraser"


def database_of(dsn: str) -> str:
    """Return the name of the database behind a URL."""
    return (dsn.rpartition("?")[0] or dsn).rpartition("/")[2]


def eraser_dsn(postgres: RunningPostgres, dsn: str) -> str:
    """Return the eraser's URL of the same database."""
    return postgres.dsn(ERASER, database_of(dsn))


def guarded_desk(postgres: RunningPostgres, dsn: str, folder: Path, **changes: Any) -> Desk:
    """Return a log that may erase; not compared yet."""
    return Desk(settings(dsn, folder, audit_log_eraser_postgres_url=eraser_dsn(postgres, dsn), **changes))


async def connect(dsn: str) -> "asyncpg.Connection[asyncpg.Record]":
    """Return a bare connection."""
    return await asyncpg.connect(dsn.replace("+asyncpg", ""))


async def as_superuser(postgres: RunningPostgres, dsn: str) -> "asyncpg.Connection[asyncpg.Record]":
    """Return a superuser's connection to the database behind a URL."""
    return await asyncpg.connect(postgres.access.admin_dsn, database=database_of(dsn))


async def ask(desk: Desk, name: str = "adam", **wanted: Any) -> httpx2.Response:
    """Ask for an erasure as an administrator."""
    return await desk.send("POST", "/v1/log/erasures", "admin", name=name, body={"reason": "asked for", **wanted})


async def confirm(desk: Desk, id_: str, name: str = "vera") -> httpx2.Response:
    """Confirm it as an auditor."""
    return await desk.send("POST", f"/v1/log/erasures/{id_}/confirm", "auditor", name=name)


async def erased(desk: Desk, **wanted: Any) -> httpx2.Response:
    """Ask and confirm; return the second answer."""
    asked = await ask(desk, **wanted)
    assert asked.status_code == 202, asked.text
    return await confirm(desk, asked.json()["id"])


async def waits_for_a_lock(connection: "asyncpg.Connection[asyncpg.Record]", deadline_seconds: float = 5) -> None:
    """Return when some other session of this database waits for an advisory lock."""
    async with asyncio.timeout(deadline_seconds):
        while not await connection.fetchval(  # noqa: ASYNC110 - another session's state
            "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
            " WHERE d.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted"
        ):
            await asyncio.sleep(0.02)

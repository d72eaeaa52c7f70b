"""Evidence packs that were asked for: who may make the next, what became of it, what must be made anew or go."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.audit_log.domain.classification import PUBLISHED
from govbus.audit_log.domain.made_pack import MadePack
from govbus.audit_log.store.rows import rows

_ASK: Final = (
    "INSERT INTO evidence_pack (id, subject, framework, size, confidential, asked_by, asked_at, state)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, 'asked') ON CONFLICT (id) DO UPDATE"
    " SET state = 'asked', error = NULL, attempts_count = 0, asked_by = excluded.asked_by, asked_at = excluded.asked_at"
    " WHERE evidence_pack.state = 'failed'"
)
_FIND: Final = (
    "SELECT id, subject, framework, size, confidential, asked_by, asked_at, state, attempts_count, made_at, sha256,"
    " bytes_count, entries_count, error FROM evidence_pack WHERE id = $1"
)
_WAITING: Final = "SELECT count(*) FROM evidence_pack WHERE state IN ('asked', 'making')"
_CLAIM: Final = (
    "UPDATE evidence_pack SET state = 'making', claimed_at = now(), attempts_count = attempts_count + 1 WHERE id ="
    " (SELECT id FROM evidence_pack WHERE state = 'asked' OR (state = 'making' AND claimed_at < now() - $1::interval)"
    " ORDER BY asked_at, id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id"
)
_READY: Final = (
    "UPDATE evidence_pack SET state = 'ready', made_at = now(), sha256 = $2, bytes_count = $3, entries_count = $4,"
    " disclosed = $5, claimed_at = NULL WHERE id = $1 AND state = 'making'"
)
_FAILED: Final = (
    "UPDATE evidence_pack SET state = 'failed', error = $2, claimed_at = NULL WHERE id = $1 AND state = 'making'"
)
_AGAIN: Final = (
    "UPDATE evidence_pack SET state = 'asked', made_at = NULL, sha256 = NULL, bytes_count = NULL,"
    " entries_count = NULL, disclosed = NULL, claimed_at = NULL WHERE id = ANY($1::text[])"
)
_STALE: Final = (
    "SELECT id FROM evidence_pack WHERE state = 'ready' AND ($1::text IS NULL OR id = $1) AND cardinality(disclosed) >"
    " (SELECT count(*) FROM unnest(disclosed) AS d(idx) WHERE EXISTS (SELECT FROM payload p WHERE p.idx = d.idx))"
    " FOR UPDATE SKIP LOCKED"
)
_EXPIRE: Final = (
    "DELETE FROM evidence_pack WHERE state IN ('ready', 'failed')"
    " AND coalesce(made_at, asked_at) < now() - $1::interval RETURNING id"
)
_CLOSED: Final = (
    "SELECT e.idx FROM evidence_pack k CROSS JOIN unnest(k.disclosed) AS d(idx) JOIN entry e ON e.idx = d.idx"
    " WHERE k.id = $1 AND e.classification <> ALL ($2::text[]) ORDER BY e.idx"
)


@dataclass(frozen=True, slots=True)
class StoredPack:
    """One pack: what was asked for, and how far it is."""

    id: str
    subject: str
    framework: str | None
    size: int
    confidential: bool
    asked_by: str
    asked_at: datetime
    state: str
    attempts_count: int
    made_at: datetime | None
    sha256: bytes | None
    bytes_count: int | None
    entries_count: int | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedPack:
    """What is asked for; the id follows from everything that the contents depend on."""

    id: str
    subject: str
    framework: str | None
    size: int
    confidential: bool


async def ask(connection: AsyncConnection, asked: AskedPack, by: str, at: datetime) -> None:
    """Have a pack made; one that is there or on its way stays, one that failed is tried again."""
    values = (asked.id, asked.subject, asked.framework, asked.size, asked.confidential, by, at)
    await connection.exec_driver_sql(_ASK, values)


async def find(connection: AsyncConnection, pack_id: str) -> StoredPack | None:
    """Return a pack, None when it was never asked for or its time is over."""
    return _pack(await rows(connection, _FIND, (pack_id,)))


async def waiting_count(connection: AsyncConnection) -> int:
    """Return how many packs are still to be made."""
    return int((await rows(connection, _WAITING))[0][0])


async def claim(connection: AsyncConnection, lease: timedelta) -> StoredPack | None:
    """Return the next pack to make, claimed for `lease`: longer than it takes, as who claims it may die."""
    claimed = await rows(connection, _CLAIM, (lease,))
    return await find(connection, claimed[0][0]) if claimed else None


async def set_ready(connection: AsyncConnection, pack_id: str, made: MadePack) -> None:
    """Say that a pack lies in its place."""
    values = (pack_id, bytes.fromhex(made.sha256), made.bytes_count, made.entries_count, list(made.disclosed))
    await connection.exec_driver_sql(_READY, values)


async def set_failed(connection: AsyncConnection, pack_id: str, error: str) -> None:
    """Say that a pack cannot be made, and why."""
    await connection.exec_driver_sql(_FAILED, (pack_id, error))


async def make_again(connection: AsyncConnection, pack_ids: list[str]) -> None:
    """Have packs made anew."""
    await connection.exec_driver_sql(_AGAIN, (pack_ids,))


async def stale(connection: AsyncConnection, pack_id: str | None = None) -> list[str]:
    """Return the packs (or whether this one) that still hold a payload which is gone from the log."""
    return [row[0] for row in await rows(connection, _STALE, (pack_id,))]


async def expire(connection: AsyncConnection, after: timedelta) -> list[str]:
    """Forget packs that are older, and return them."""
    return [row[0] for row in await rows(connection, _EXPIRE, (after,))]


async def closed_in(connection: AsyncConnection, pack_id: str) -> list[int]:
    """Return the entries whose payload is in a pack and is not open."""
    return [row[0] for row in await rows(connection, _CLOSED, (pack_id, list(PUBLISHED)))]


def _pack(found: list[tuple[Any, ...]]) -> StoredPack | None:
    for row in found:
        return StoredPack(*row)
    return None

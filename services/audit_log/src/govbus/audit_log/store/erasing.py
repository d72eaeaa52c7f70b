"""Erasures as they lie in the database, and the one call by which the eraser carries them out."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.audit_log.domain.erasures import Erasure
from govbus.audit_log.store.rows import one_row, rows

_INSERT: Final = "INSERT INTO erasure (entry_index, kind) VALUES ($1, $2)"
_INSERT_SCOPE: Final = (
    "INSERT INTO erasure_scope (entry_index, first_index, last_index, types, before) VALUES ($1, $2, $3, $4, $5)"
)
_PENDING: Final = "SELECT entry_index FROM erasure WHERE done_at IS NULL ORDER BY entry_index"
_DONE: Final = "SELECT done_at FROM erasure WHERE entry_index = $1"
_ERASE: Final = "SELECT erased_count, left_count FROM payload_erase($1, $2)"
_INDEXES: Final = (
    "SELECT e.idx, e.classification FROM entry e JOIN payload p ON p.idx = e.idx AND p.logged_on = e.logged_on"
    " WHERE e.kind IN ('event', 'unparseable', 'duplicate_refused', 'access') AND {} ORDER BY e.idx LIMIT $2"
)
_BY: Final = {
    "indexes": _INDEXES.format("e.idx = ANY($1::bigint[])"),
    "subject": _INDEXES.format("e.subject = $1"),
    "actor": _INDEXES.format("p.actor = $1"),
    "range": _INDEXES.format("e.idx BETWEEN ($1::bigint[])[1] AND ($1::bigint[])[2]"),
}
_FIELDS: Final = "id, asked::text, reason, asked_by, asked_at, confirmed_by, confirmed_at, entry_index"
_ASK: Final = "INSERT INTO erasure_request (id, asked, reason, asked_by, asked_at) VALUES ($1, $2::jsonb, $3, $4, $5)"
_CONFIRM: Final = "UPDATE erasure_request SET confirmed_by = $2, confirmed_at = $3, entry_index = $4 WHERE id = $1"
_ONE: Final = f"SELECT {_FIELDS} FROM erasure_request WHERE id = $1"  # noqa: S608 - names of columns
_PAGE: Final = f"SELECT {_FIELDS} FROM erasure_request WHERE id > $1 ORDER BY id LIMIT $2"  # noqa: S608 - the same


@dataclass(frozen=True, slots=True)
class ErasureRequest:
    """What somebody asked to have erased, by what, and who confirmed it."""

    id: str
    by: str
    wanted: Any
    reason: str
    asked_by: str
    asked_at: datetime
    confirmed_by: str | None
    confirmed_at: datetime | None
    entry_index: int | None


async def found_payloads(connection: AsyncConnection, by: str, wanted: Any, limit_count: int) -> list[tuple[int, str]]:
    """Return index and classification of up to so many payloads that are there and may be asked for."""
    return [(row[0], row[1]) for row in await rows(connection, _BY[by], (wanted, limit_count))]


async def put_on_record(connection: AsyncConnection, entry_index: int, erasure: Erasure) -> None:
    """Store what an entry takes away, in the transaction that appends the entry."""
    await connection.exec_driver_sql(_INSERT, (entry_index, erasure.kind))
    types = None if erasure.types is None else list(erasure.types)
    scopes = [(entry_index, first, last, types, erasure.before) for first, last in erasure.ranges]
    await connection.exec_driver_sql(_INSERT_SCOPE, scopes)


async def pending(connection: AsyncConnection) -> list[int]:
    """Return the entries whose payloads are not all gone: interrupted, or held meanwhile."""
    return [row[0] for row in await rows(connection, _PENDING)]


async def is_done(connection: AsyncConnection, entry_index: int) -> bool:
    """Return whether nothing is left of what an entry takes away."""
    return bool((await one_row(connection, _DONE, (entry_index,)))[0])


async def erase(connection: AsyncConnection, entry_index: int, limit_count: int) -> tuple[int, int]:
    """Delete up to so many payloads; return how many went and how many are left. The eraser's connection alone may."""
    row = await one_row(connection, _ERASE, (entry_index, limit_count))
    return row[0], row[1]


async def ask(connection: AsyncConnection, request: ErasureRequest) -> None:
    """Keep a request."""
    asked = json.dumps({request.by: request.wanted})
    await connection.exec_driver_sql(_ASK, (request.id, asked, request.reason, request.asked_by, request.asked_at))


async def confirm(connection: AsyncConnection, id_: str, by: str, at: datetime, entry_index: int) -> None:
    """Keep who confirmed; refused by a constraint when the same person asked."""
    await connection.exec_driver_sql(_CONFIRM, (id_, by, at, entry_index))


async def request_of(connection: AsyncConnection, id_: str, *, locked: bool = False) -> ErasureRequest | None:
    """Return a request, None when there is none."""
    found = await rows(connection, _ONE + (" FOR UPDATE" if locked else ""), (id_,))
    return _request(found[0]) if found else None


async def page_of_requests(connection: AsyncConnection, after: str, count: int) -> list[ErasureRequest]:
    """Return requests by id, which is by time."""
    return [_request(row) for row in await rows(connection, _PAGE, (after, count))]


def _request(row: tuple[Any, ...]) -> ErasureRequest:
    [(by, wanted)] = json.loads(row[1]).items()
    return ErasureRequest(row[0], by, wanted, *row[2:])


@dataclass(frozen=True, slots=True)
class Candidates:
    """Payloads of one label that are older than the shortest time anything is kept."""

    label: str
    count: int
    oldest_on: date


_CANDIDATES: Final = (
    "SELECT coalesce(e.type, e.kind), count(*), min(p.logged_on) FROM payload p"
    " JOIN entry e ON e.idx = p.idx WHERE p.logged_on < $1"
    " AND e.kind IN ('event', 'unparseable', 'duplicate_refused', 'access') GROUP BY 1 ORDER BY 1"
)
_NEXT: Final = (
    "SELECT e.idx FROM payload p JOIN entry e ON e.idx = p.idx"
    " WHERE p.logged_on < $1 AND p.idx > $2 AND coalesce(e.type, e.kind) = ANY($3::text[])"
    " AND e.kind IN ('event', 'unparseable', 'duplicate_refused', 'access') AND payload_hold(e.idx) IS NULL"
    " AND NOT EXISTS (SELECT FROM erasure_scope s JOIN erasure r ON r.entry_index = s.entry_index"
    " WHERE r.done_at IS NULL AND e.idx BETWEEN s.first_index AND s.last_index)"
    " ORDER BY p.idx LIMIT $4"
)
_DUE: Final = (
    "SELECT count(*), count(payload_hold(e.idx)) FROM payload p JOIN entry e ON e.idx = p.idx"
    " WHERE p.logged_on < $1 AND coalesce(e.type, e.kind) = ANY($2::text[])"
    " AND e.kind IN ('event', 'unparseable', 'duplicate_refused', 'access')"
)


async def candidates(connection: AsyncConnection, before: date) -> list[Candidates]:
    """Return what is stored from before a day, by label."""
    return [Candidates(*row) for row in await rows(connection, _CANDIDATES, (before,))]


async def next_to_prune(
    connection: AsyncConnection, before: date, labels: tuple[str, ...], after: int, limit_count: int
) -> list[int]:
    """Return the next indexes to prune: not held, and not under an erasure that is still to be carried out."""
    return [row[0] for row in await rows(connection, _NEXT, (before, after, list(labels), limit_count))]


async def due_and_held(connection: AsyncConnection, before: date, labels: tuple[str, ...]) -> tuple[int, int]:
    """Return how many payloads of these labels are due, and how many of them a hold keeps."""
    row = await one_row(connection, _DUE, (before, list(labels)))
    return row[0], row[1]

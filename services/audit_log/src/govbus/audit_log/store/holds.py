"""Holds as they lie in the database; whoever places or checks one takes the same lock."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.audit_log.domain.holds import Hold, HoldScope, Release
from govbus.audit_log.domain.index_ranges import Range
from govbus.audit_log.store.rows import rows

_LOCK: Final = "SELECT payload_lock_holds()"
_INSERT: Final = (
    "INSERT INTO hold (id, origin, reason, placed_by, placed_at) VALUES ($1, $2, $3, $4, $5)"
    " ON CONFLICT (id) DO NOTHING RETURNING id"
)
_INSERT_SCOPE: Final = (
    "INSERT INTO hold_scope (hold_id, place, subject, identity, first_index, last_index)"
    " VALUES ($1, $2, $3, $4, $5, $6)"
)
_RELEASE: Final = (
    "UPDATE hold SET lift_asked_by = $2, lift_asked_at = $5, lift_reason = $3, lifted_by = $4, lifted_at = $5"
    " WHERE (id = $1 OR starts_with(id, $1 || '#')) AND lifted_at IS NULL"
)
_ASK: Final = "UPDATE hold SET lift_asked_by = $2, lift_reason = $3, lift_asked_at = $4 WHERE id = $1"
_LIFT: Final = "UPDATE hold SET lifted_by = $2, lifted_at = $3 WHERE id = $1"
_FIELDS: Final = (
    "id, origin, reason, placed_by, placed_at, lift_asked_by, lift_asked_at, lift_reason, lifted_by, lifted_at"
)
_ONE: Final = f"SELECT {_FIELDS} FROM hold WHERE id = $1 FOR UPDATE"  # noqa: S608 - names of columns
_PAGE: Final = (
    f"SELECT {_FIELDS} FROM hold WHERE id > $1 AND (NOT $2::boolean OR lifted_at IS NULL) ORDER BY id LIMIT $3"  # noqa: S608
)
_SCOPES: Final = (
    "SELECT hold_id, subject, identity, first_index, last_index FROM hold_scope WHERE hold_id = ANY($1::text[])"
    " ORDER BY hold_id, place"
)
_HELD: Final = (
    "SELECT hold, count(*) FROM (SELECT payload_hold(i) AS hold FROM unnest($1::bigint[], $2::bigint[]) AS r (a, b),"
    " generate_series(r.a, r.b) AS i) AS found WHERE hold IS NOT NULL GROUP BY 1 ORDER BY 1"
)


@dataclass(frozen=True, slots=True)
class StoredHold:
    """A hold with how far its lifting has come."""

    id: str
    origin: str
    reason: str
    placed_by: str
    placed_at: datetime
    lift_asked_by: str | None
    lift_asked_at: datetime | None
    lift_reason: str | None
    lifted_by: str | None
    lifted_at: datetime | None


async def lock_holds(connection: AsyncConnection) -> None:
    """Let no other transaction place a hold or erase until this one ends; taken after the head of the log."""
    await connection.exec_driver_sql(_LOCK)


async def place(connection: AsyncConnection, hold: Hold) -> bool:
    """Store a hold; False when one with this id is there already."""
    values = (hold.id, hold.origin, hold.reason, hold.placed_by, hold.placed_at)
    if not await rows(connection, _INSERT, values):
        return False
    scope = hold.scope
    parts: list[tuple[Any, ...]] = [(subject, None, None, None) for subject in scope.subjects]
    parts += [(None, identity, None, None) for identity in scope.identities]
    parts += [(None, None, first, last) for first, last in scope.ranges]
    await connection.exec_driver_sql(_INSERT_SCOPE, [(hold.id, number, *part) for number, part in enumerate(parts)])
    return True


async def fold(connection: AsyncConnection, orders: Sequence[Hold | Release]) -> None:
    """Do what events order, in their order; what orders a hold again adds to what it covers."""
    await lock_holds(connection)
    for order in orders:
        if isinstance(order, Release):
            await release(connection, order)
        elif not await place(connection, order):
            await place(connection, dataclasses.replace(order, id=f"{order.id}#{order.order_id}"))


async def release(connection: AsyncConnection, end: Release) -> None:
    """End a hold that events had placed, whatever they added to it; nothing when it has ended."""
    values = (end.hold_id, end.asked_by, end.reason, end.released_by, end.released_at)
    await connection.exec_driver_sql(_RELEASE, values)


async def ask_to_lift(connection: AsyncConnection, id_: str, by: str, reason: str, at: datetime) -> None:
    """Keep who asks for the lifting; the caller has the row."""
    await connection.exec_driver_sql(_ASK, (id_, by, reason, at))


async def lift(connection: AsyncConnection, id_: str, by: str, at: datetime) -> None:
    """Lift a hold; refused by a constraint when the same person asked."""
    await connection.exec_driver_sql(_LIFT, (id_, by, at))


async def locked_hold(connection: AsyncConnection, id_: str) -> StoredHold | None:
    """Return a hold, its row locked; None when there is none."""
    found = await rows(connection, _ONE, (id_,))
    return StoredHold(*found[0]) if found else None


async def page_of_holds(
    connection: AsyncConnection, after: str, count: int, *, in_force: bool
) -> list[tuple[StoredHold, HoldScope]]:
    """Return holds by id, with what they cover."""
    found = [StoredHold(*row) for row in await rows(connection, _PAGE, (after, in_force, count))]
    parts = await rows(connection, _SCOPES, ([hold.id for hold in found],))
    return [(hold, _scope([part[1:] for part in parts if part[0] == hold.id])) for hold in found]


async def holding(connection: AsyncConnection, ranges: tuple[Range, ...]) -> dict[str, int]:
    """Return which holds cover entries of these ranges, and how many each; an entry counts for its first hold."""
    firsts, lasts = [first for first, _ in ranges], [last for _, last in ranges]
    return {row[0]: row[1] for row in await rows(connection, _HELD, (firsts, lasts))}


def _scope(parts: list[tuple[Any, ...]]) -> HoldScope:
    return HoldScope(
        tuple(part[0] for part in parts if part[0] is not None),
        tuple(bytes(part[1]) for part in parts if part[1] is not None),
        tuple((part[2], part[3]) for part in parts if part[2] is not None),
    )

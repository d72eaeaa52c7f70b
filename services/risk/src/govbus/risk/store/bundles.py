"""Policy bundles by digest, and which of them is active in which mode."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import RowMapping, select
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.contracts.conclusions.policy import PolicyMode
from govbus.risk import tables


@dataclass(frozen=True, slots=True)
class Activation:
    """Which bundle has a mode, since when, by whom; `ordinal` counts all activations of both modes."""

    ordinal: int
    mode: PolicyMode
    digest: str
    activated_by: str


async def put(
    connection: AsyncConnection,
    *,
    digest: str,
    name: str,
    files: Mapping[str, str],
    rules_count: int,
    at: datetime,
    by: str,
) -> bool:
    """Store the bundle and return whether it is new; what a digest names never changes."""
    statement = insert(tables.bundle).values(
        digest=digest, name=name, files=dict(files), rules_count=rules_count, stored_at=at, stored_by=by
    )
    stored = await connection.execute(statement.on_conflict_do_nothing().returning(tables.bundle.c.digest))
    return stored.first() is not None


async def files_of(connection: AsyncConnection, digest: str) -> Mapping[str, str] | None:
    """Return the bundle's files, or None for one nobody stored."""
    found = await connection.execute(select(tables.bundle.c.files).where(tables.bundle.c.digest == digest))
    row = found.first()
    return None if row is None else row.files


async def rules_count_of(connection: AsyncConnection, digest: str) -> int | None:
    """Return how many rules the bundle has, or None for one nobody stored."""
    found = await connection.execute(select(tables.bundle.c.rules_count).where(tables.bundle.c.digest == digest))
    row = found.first()
    return None if row is None else row.rules_count


async def active(connection: AsyncConnection) -> dict[str, Activation]:
    """Return the newest activation of each mode."""
    row = tables.activation.c
    statement = select(row.ordinal, row.mode, row.digest, row.activated_by).ext(distinct_on(row.mode))
    found = await connection.execute(statement.order_by(row.mode, row.ordinal.desc()))
    return {item.mode: Activation(item.ordinal, item.mode, item.digest, item.activated_by) for item in found}


async def activate(
    connection: AsyncConnection, *, mode: PolicyMode, digest: str, at: datetime, by: str, event_id: str
) -> None:
    """Give the mode to the bundle from here on."""
    values = {"mode": mode, "digest": digest, "activated_at": at, "activated_by": by, "event_id": event_id}
    await connection.execute(insert(tables.activation).values(**values))


async def page(connection: AsyncConnection, after: tuple[str] | None, limit_count: int) -> Sequence[RowMapping]:
    """Return bundles without their files, by digest, behind the key `after`."""
    row = tables.bundle.c
    statement = select(row.digest, row.name, row.rules_count, row.stored_at, row.stored_by)
    if after:
        statement = statement.where(row.digest > after[0])
    return (await connection.execute(statement.order_by(row.digest).limit(limit_count))).mappings().all()

"""What platforms sign with: several keys of one source may be good at once while it changes over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, false, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.intake import tables
from govbus.intake.domain.schemes import NONE

_COLUMNS = tables.signature_key.c


@dataclass(frozen=True, slots=True)
class SignatureKey:
    """One key, sealed; good from `created_at` until `expires_at`, None until it is replaced."""

    id: UUID
    source_name: str
    sealed_secret: bytes
    created_at: datetime
    created_by: str
    expires_at: datetime | None = None


async def add(connection: AsyncConnection, key: SignatureKey) -> None:
    """Keep a key."""
    values = {
        "id": key.id,
        "source_name": key.source_name,
        "sealed_secret": key.sealed_secret,
        "created_at": key.created_at,
        "created_by": key.created_by,
        "expires_at": key.expires_at,
    }
    await connection.execute(insert(tables.signature_key).values(values))


async def expire_others(connection: AsyncConnection, source_name: str, kept: UUID, at: datetime) -> None:
    """Let every other key of the source end at `at`, unless it ends before."""
    statement = (
        update(tables.signature_key)
        .where(_COLUMNS.source_name == source_name, _COLUMNS.id != kept)
        .values(expires_at=func.least(_COLUMNS.expires_at, at))
    )
    await connection.execute(statement)


async def good(connection: AsyncConnection, source_names: Sequence[str], now: datetime) -> list[SignatureKey]:
    """Return the keys of these sources that are good now, newest first."""
    query = (
        select(tables.signature_key)
        .where(_COLUMNS.source_name.in_(source_names), _is_good(now))
        .order_by(_COLUMNS.created_at.desc(), _COLUMNS.id)
    )
    return [SignatureKey(**row._asdict()) for row in await connection.execute(query)]


async def unsigned_sources(connection: AsyncConnection) -> list[str]:
    """Return the names of the registered sources that take deliveries of anybody."""
    columns = tables.source.c
    query = select(columns.name).where(columns.signature_scheme == NONE, columns.removed_at.is_(None))
    return list((await connection.execute(query.order_by(columns.name))).scalars())


async def ending_sources(connection: AsyncConnection, before: datetime) -> list[str]:
    """Return the names of the registered sources of which no key is good at `before`, though there was one."""
    query = (
        select(_COLUMNS.source_name)
        .join(tables.source, tables.source.c.name == _COLUMNS.source_name)
        .where(tables.source.c.removed_at.is_(None))
        .group_by(_COLUMNS.source_name)
        .having(func.bool_and(func.coalesce(_COLUMNS.expires_at <= before, false())))
        .order_by(_COLUMNS.source_name)
    )
    return list((await connection.execute(query)).scalars())


def _is_good(now: datetime) -> ColumnElement[bool]:
    return or_(_COLUMNS.expires_at.is_(None), _COLUMNS.expires_at > now)

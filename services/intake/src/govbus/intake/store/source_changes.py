"""Who changed what about a platform, and when; rows are added and never altered."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.intake import tables


@dataclass(frozen=True, slots=True)
class Change:
    """One act on a platform's registration; `change` maps what was changed to its value before and after."""

    changed_at: datetime
    changed_by: str
    change: Mapping[str, Any]


async def add(connection: AsyncConnection, source_name: str, change: Change) -> None:
    """Put an act on record."""
    await connection.execute(
        insert(tables.source_change).values(
            source_name=source_name,
            changed_at=change.changed_at,
            changed_by=change.changed_by,
            change=dict(change.change),
        )
    )


async def newest(connection: AsyncConnection, source_name: str, limit: int) -> list[Change]:
    """Return the last acts on a platform's registration, newest first."""
    columns = tables.source_change.c
    query = (
        select(columns.changed_at, columns.changed_by, columns.change)
        .where(columns.source_name == source_name)
        .order_by(columns.ordinal.desc())
        .limit(limit)
    )
    return [Change(row.changed_at, row.changed_by, row.change) for row in await connection.execute(query)]


async def set_settings(connection: AsyncConnection, source_name: str, settings: Mapping[str, Any]) -> None:
    """Give a platform other settings, by their column."""
    statement = update(tables.source).where(tables.source.c.name == source_name).values(**settings)
    await connection.execute(statement)


async def remove(connection: AsyncConnection, source_name: str, by: str, at: datetime) -> None:
    """Take a platform's registration and all its credentials back; name and URI stay taken."""
    await set_settings(connection, source_name, {"removed_at": at, "removed_by": by})
    columns = tables.credential.c
    statement = (
        update(tables.credential)
        .where(columns.source_name == source_name, columns.revoked_at.is_(None))
        .values(revoked_at=at)
    )
    await connection.execute(statement)

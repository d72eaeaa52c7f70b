"""Keys of personal data, one per person; deleting a key erases what it sealed, everywhere."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.intake import tables

_LIVE: Final = (
    "SELECT id, person, sealed_secret, created_at, erased_at FROM person_key "
    "WHERE person = ANY($1::text[]) AND erased_at IS NULL"
)
_ADD: Final = (
    "INSERT INTO person_key (id, person, sealed_secret, created_at) "
    "SELECT id, person, sealed_secret, created_at FROM "
    "unnest($1::uuid[], $2::text[], $3::bytea[], $4::timestamptz[]) AS new (id, person, sealed_secret, created_at)"
)
_ERASE: Final = (
    "UPDATE person_key SET sealed_secret = NULL, erased_at = $2 WHERE person = $1 AND erased_at IS NULL RETURNING id"
)


@dataclass(frozen=True, slots=True)
class KeptKey:
    """A person's key, itself sealed under intake's key; an erased one is known by its id alone."""

    id: str
    person: str
    sealed_secret: bytes | None
    created_at: datetime
    erased_at: datetime | None = None


async def live(connection: AsyncConnection, persons: Iterable[str]) -> list[KeptKey]:
    """Return the keys that now seal what is said of these persons; the caller holds the persons' locks."""
    wanted = list(set(persons))
    return [_kept(row) for row in await connection.exec_driver_sql(_LIVE, (wanted,))] if wanted else []


async def add(connection: AsyncConnection, keys: Sequence[KeptKey]) -> None:
    """Keep new keys; the caller holds the persons' locks and knows that they have none."""
    if keys:
        columns = [(UUID(key.id), key.person, key.sealed_secret, key.created_at) for key in keys]
        await connection.exec_driver_sql(_ADD, tuple(list(column) for column in zip(*columns, strict=True)))


async def of_person(connection: AsyncConnection, person: str) -> list[KeptKey]:
    """Return every key a person ever had, oldest first; all but the last are erased."""
    columns = tables.person_key.c
    query = select(tables.person_key).where(columns.person == person).order_by(columns.created_at, columns.id)
    return [_kept(row) for row in await connection.execute(query)]


async def erase(connection: AsyncConnection, person: str, at: datetime) -> list[str]:
    """Delete the person's secret for good and return the ids of the keys that had one."""
    return [str(row[0]) for row in await connection.exec_driver_sql(_ERASE, (person, at))]


def _kept(row: Row[Any]) -> KeptKey:
    secret = bytes(row.sealed_secret) if row.sealed_secret is not None else None
    return KeptKey(str(row.id), row.person, secret, row.created_at, row.erased_at)

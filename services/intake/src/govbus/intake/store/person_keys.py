"""Keys of personal data, one per fact that holds any; deleting a key erases what it sealed, everywhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

_ADD: Final = (
    "INSERT INTO person_key (id, source_name, identity, sealed_secret, created_at) VALUES ($1, $2, $3, $4, $5)"
)


@dataclass(frozen=True, slots=True)
class SealedKey:
    """A person's key, itself sealed under intake's key."""

    id: str
    identity: bytes
    sealed_secret: bytes


async def add(connection: AsyncConnection, source_name: str, keys: Sequence[SealedKey], at: datetime) -> None:
    """Keep new keys."""
    if keys:
        rows = [(UUID(key.id), source_name, key.identity, key.sealed_secret, at) for key in keys]
        await connection.exec_driver_sql(_ADD, rows)

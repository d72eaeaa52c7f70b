"""The register of accepted identities and of mapped deliveries."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.eventing.database import fetch

_CLAIM: Final = (
    "WITH new AS (INSERT INTO accepted (identity, digest, source_name, recorded_at) "
    "SELECT identity, digest, $3::text, $4::timestamptz "
    "FROM unnest($1::bytea[], $2::bytea[]) AS told (identity, digest) ON CONFLICT DO NOTHING RETURNING identity) "
    "SELECT identity FROM unnest($1::bytea[]) AS told (identity) "
    "WHERE NOT EXISTS (SELECT FROM new WHERE new.identity = told.identity)"
)
_KNOWN: Final = "SELECT identity, digest FROM accepted WHERE identity = ANY($1::bytea[])"
_ADD: Final = (
    "INSERT INTO accepted (identity, digest, source_name, recorded_at) "
    "SELECT identity, digest, $3::text, $4::timestamptz FROM unnest($1::bytea[], $2::bytea[]) AS new (identity, digest)"
)
_PRIMARY_KEY: Final = "accepted_pkey"
_FIND: Final = "SELECT source_name, recorded_at FROM accepted WHERE identity = $1"
_KNOWN_DELIVERIES: Final = (
    "SELECT digest, identities FROM delivery WHERE source_name = $1 AND digest = ANY($2::bytea[])"
)
_ADD_DELIVERY: Final = (
    "INSERT INTO delivery (source_name, digest, carrier, identities, recorded_at) VALUES ($1, $2, $3, $4::bytea[], $5)"
)
_CARRIED: Final = "SELECT source_name, identities, recorded_at FROM delivery WHERE carrier = $1"


@dataclass(frozen=True, slots=True)
class Delivered:
    """A delivery that was taken before: what carried it, and the identities of its facts."""

    digest: bytes
    carrier: bytes | None
    identities: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Registered:
    """Where an identity came from, and when; `identities` are the facts that hold it."""

    source_name: str
    recorded_at: datetime
    identities: tuple[bytes, ...]


async def claim(
    connection: AsyncConnection, source_name: str, digests: Mapping[bytes, bytes], at: datetime
) -> Mapping[bytes, bytes]:
    """Register identities with their content digests; return those that were registered before, as they are.

    Waits for another transaction that registers one of them; sorted, so that two such do not wait for each other.
    """
    if not digests:
        return {}
    known = [row[0] for row in await fetch(connection, _CLAIM, _columns(source_name, digests, at))]
    return await known_digests(connection, known)


async def known_digests(connection: AsyncConnection, identities: Iterable[bytes]) -> Mapping[bytes, bytes]:
    """Return identity → content digest of those that were accepted before."""
    wanted = list(set(identities))
    if not wanted:
        return {}
    return {bytes(identity): bytes(digest) for identity, digest in await fetch(connection, _KNOWN, (wanted,))}


async def add(connection: AsyncConnection, source_name: str, digests: Mapping[bytes, bytes], at: datetime) -> None:
    """Register identities that `known_digests` did not know.

    Raises:
        IntegrityError: another transaction registered one meanwhile, see `was_raced`.
    """
    if digests:
        await connection.exec_driver_sql(_ADD, _columns(source_name, digests, at))


def was_raced(error: Exception) -> bool:
    """Return whether a failure says that an identity was registered by another transaction at the same time."""
    told = error.orig.__cause__ if isinstance(error, DBAPIError) and error.orig is not None else None
    return isinstance(told, asyncpg.UniqueViolationError) and told.constraint_name == _PRIMARY_KEY


async def known_deliveries(
    connection: AsyncConnection, source_name: str, digests: Iterable[bytes]
) -> Mapping[bytes, tuple[bytes, ...]]:
    """Return delivery digest → identities of its facts, for those that were taken before."""
    wanted = list(set(digests))
    if not wanted:
        return {}
    rows = await connection.exec_driver_sql(_KNOWN_DELIVERIES, (source_name, wanted))
    return {bytes(row.digest): tuple(bytes(identity) for identity in row.identities) for row in rows}


async def add_deliveries(
    connection: AsyncConnection, source_name: str, deliveries: Sequence[Delivered], at: datetime
) -> None:
    """Register deliveries that were taken."""
    if deliveries:
        rows = [(source_name, one.digest, one.carrier, list(one.identities), at) for one in deliveries]
        await connection.exec_driver_sql(_ADD_DELIVERY, rows)


async def find(connection: AsyncConnection, identity: bytes) -> Registered | None:
    """Return what is known of an identity: a fact of its own, or the CloudEvent that carried a mapped delivery."""
    row = (await connection.exec_driver_sql(_FIND, (identity,))).one_or_none()
    if row is not None:
        return Registered(row.source_name, row.recorded_at, (identity,))
    carried = (await connection.exec_driver_sql(_CARRIED, (identity,))).first()
    if carried is None:
        return None
    return Registered(carried.source_name, carried.recorded_at, tuple(bytes(one) for one in carried.identities))


def _columns(source_name: str, digests: Mapping[bytes, bytes], at: datetime) -> tuple[Any, ...]:
    told = sorted(digests.items())
    return [identity for identity, _ in told], [digest for _, digest in told], source_name, at

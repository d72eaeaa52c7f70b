"""Registered platforms, their credentials and what was seen of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.intake import tables
from govbus.intake.domain.credential import Credential
from govbus.intake.domain.limits import Limits
from govbus.intake.domain.source import Source

_SEEN: Final = (
    "INSERT INTO source_activity AS a (source_name, slot, accepted_count, duplicate_count, rejected_count, "
    "ignored_count, last_seen_at) VALUES ($1, pg_backend_pid() % 16, $2, $3, $4, $5, $6) "
    "ON CONFLICT (source_name, slot) DO UPDATE SET accepted_count = a.accepted_count + excluded.accepted_count, "
    "duplicate_count = a.duplicate_count + excluded.duplicate_count, "
    "rejected_count = a.rejected_count + excluded.rejected_count, "
    "ignored_count = a.ignored_count + excluded.ignored_count, "
    "last_seen_at = greatest(a.last_seen_at, excluded.last_seen_at)"
)


@dataclass(frozen=True, slots=True)
class Activity:
    """What was seen of a source."""

    accepted_count: int = 0
    duplicate_count: int = 0
    rejected_count: int = 0
    ignored_count: int = 0
    last_seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Registration:
    """A source with when and by whom it was registered; a removed one says nothing any more."""

    source: Source
    registered_at: datetime
    registered_by: str
    removed_at: datetime | None = None
    removed_by: str | None = None


async def add(connection: AsyncConnection, registration: Registration) -> None:
    """Register a platform.

    Raises:
        sqlalchemy.exc.IntegrityError: name or URI is taken.
    """
    source = registration.source
    values = {
        "name": source.name,
        "uri": source.uri,
        "namespace": source.namespace,
        "types": list(source.types) if source.types is not None else None,
        "mapping": source.mapping,
        "signature_scheme": source.signature_scheme,
        "signature_topics": list(source.signature_topics) or None,
        "confirms": source.confirms,
        "is_internal": source.is_internal,
        "events_per_second": source.limits.events_per_second,
        "body_bytes": source.limits.body_bytes,
        "event_bytes": source.limits.event_bytes,
        "replay_window_seconds": source.replay_window_seconds,
        "expected_interval_seconds": source.expected_interval_seconds,
        "kafka": source.kafka,
        "registered_at": registration.registered_at,
        "registered_by": registration.registered_by,
        "expected_since": registration.registered_at,
    }
    await connection.execute(insert(tables.source).values(values))


async def find(connection: AsyncConnection, name: str, *, lock: bool = False) -> Registration | None:
    """Return the platform registered as `name`, locked until the transaction ends when `lock`; no removed one."""
    query = select(tables.source).where(tables.source.c.name == name, tables.source.c.removed_at.is_(None))
    row = (await connection.execute(query.with_for_update() if lock else query)).one_or_none()
    return _registration(row) if row is not None else None


async def find_also_removed(connection: AsyncConnection, name: str) -> Registration | None:
    """Return the platform that is or was registered as `name`."""
    row = (await connection.execute(select(tables.source).where(tables.source.c.name == name))).one_or_none()
    return _registration(row) if row is not None else None


async def page(connection: AsyncConnection, after_name: str, limit: int) -> list[Registration]:
    """Return platforms by name, those after `after_name`."""
    query = select(tables.source).where(tables.source.c.name > after_name).order_by(tables.source.c.name).limit(limit)
    return [_registration(row) for row in await connection.execute(query)]


async def names_in(connection: AsyncConnection, namespace: str) -> list[str]:
    """Return the platforms that own a namespace together, removed ones too: its subjects are still theirs."""
    columns = tables.source.c
    query = select(columns.name).where(columns.namespace == namespace).order_by(columns.name)
    return list((await connection.execute(query)).scalars())


async def names_on_kafka(connection: AsyncConnection) -> list[str]:
    """Return the platforms that emit on a topic of their own."""
    columns = tables.source.c
    query = select(columns.name).where(columns.kafka, columns.removed_at.is_(None)).order_by(columns.name)
    return list((await connection.execute(query)).scalars())


async def registered_uris(connection: AsyncConnection, candidates: Iterable[str]) -> set[str]:
    """Return which of the URIs are registered by anybody."""
    query = select(tables.source.c.uri).where(tables.source.c.uri == func.any(list(set(candidates))))
    return set((await connection.execute(query)).scalars())


async def seen(connection: AsyncConnection, source_name: str, activity: Activity) -> None:
    """Add to a source's counts."""
    counts = (activity.accepted_count, activity.duplicate_count, activity.rejected_count, activity.ignored_count)
    await connection.exec_driver_sql(_SEEN, (source_name, *counts, activity.last_seen_at))


async def activity_of(connection: AsyncConnection, names: Sequence[str]) -> dict[str, Activity]:
    """Return what was seen of each source; one that never spoke is absent."""
    columns = tables.source_activity.c
    totals = [func.sum(column) for column in (columns.accepted_count, columns.duplicate_count)]
    totals += [func.sum(column) for column in (columns.rejected_count, columns.ignored_count)]
    query = (
        select(columns.source_name, *totals, func.max(columns.last_seen_at))
        .where(columns.source_name.in_(names))
        .group_by(columns.source_name)
    )
    return {
        row[0]: Activity(int(row[1]), int(row[2]), int(row[3]), int(row[4]), row[5])
        for row in await connection.execute(query)
    }


async def add_credential(
    connection: AsyncConnection, credential: Credential, token_digest: bytes, created_by: str
) -> None:
    """Keep the hash of a new token."""
    values = {
        "id": UUID(credential.id),
        "source_name": credential.source_name,
        "token_digest": token_digest,
        "created_at": credential.created_at,
        "created_by": created_by,
        "expires_at": credential.expires_at,
    }
    await connection.execute(insert(tables.credential).values(values))


async def find_credential(connection: AsyncConnection, token_digest: bytes) -> tuple[Credential, Source] | None:
    """Return the credential with this hash, good or not, and its source."""
    query = (
        select(tables.credential, tables.source)
        .join(tables.source, tables.source.c.name == tables.credential.c.source_name)
        .where(tables.credential.c.token_digest == token_digest, tables.source.c.removed_at.is_(None))
    )
    row = (await connection.execute(query)).one_or_none()
    return (_credential(row), _registration(row).source) if row is not None else None


async def credentials_of(connection: AsyncConnection, source_name: str) -> list[Credential]:
    """Return a source's credentials, oldest first."""
    query = (
        select(tables.credential)
        .where(tables.credential.c.source_name == source_name)
        .order_by(tables.credential.c.created_at)
    )
    return [_credential(row) for row in await connection.execute(query)]


async def revoke(connection: AsyncConnection, source_name: str, credential_id: UUID, at: datetime) -> bool:
    """Revoke a credential; whether there was one. Revoking twice keeps the first time."""
    columns = tables.credential.c
    statement = (
        update(tables.credential)
        .where(columns.id == credential_id, columns.source_name == source_name)
        .values(revoked_at=func.coalesce(columns.revoked_at, at))
        .returning(columns.id)
    )
    return (await connection.execute(statement)).one_or_none() is not None


def _registration(row: Row[Any]) -> Registration:
    source = Source(
        name=row.name,
        uri=row.uri,
        namespace=row.namespace,
        types=tuple(row.types) if row.types is not None else None,
        mapping=row.mapping,
        signature_scheme=row.signature_scheme,
        replay_window_seconds=row.replay_window_seconds,
        expected_interval_seconds=row.expected_interval_seconds,
        limits=Limits(row.events_per_second, row.body_bytes, row.event_bytes),
        signature_topics=tuple(row.signature_topics or ()),
        confirms=row.confirms,
        is_internal=row.is_internal,
        kafka=row.kafka,
    )
    return Registration(source, row.registered_at, row.registered_by, row.removed_at, row.removed_by)


def _credential(row: Row[Any]) -> Credential:
    return Credential(str(row.id), row.source_name, row.created_at, row.expires_at, row.revoked_at)

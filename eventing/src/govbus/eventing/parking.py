"""Records that could not be handled: set aside with their bytes, shown, and handled again when somebody says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.contracts.identity import computed_id
from govbus.eventing.outbox import pack_headers, unpack_headers
from govbus.eventing.records import RawRecord

_COLUMNS: Final = (
    'id, topic, partition, "offset", timestamp_ms, key, value, headers, reason, detail, holds_key, state, parked_at, '
    "settled_at, settled_by"
)
_INSERT: Final = (
    'INSERT INTO eventing_parked (id, topic, partition, "offset", timestamp_ms, key, value, headers, reason, detail, '
    "holds_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) "
    # A rebuild reads records again that were resumed or discarded: one that fails then is parked anew, not lost.
    "ON CONFLICT (id) DO UPDATE SET reason = excluded.reason, detail = excluded.detail, "
    "holds_key = excluded.holds_key, state = 'parked', parked_at = now(), settled_at = NULL, settled_by = NULL"
)
_HELD: Final = (
    "SELECT DISTINCT key FROM eventing_parked "
    "WHERE state = 'parked' AND holds_key AND topic = $1 AND key = ANY($2::bytea[])"
)
_ANY_PARKED: Final = (
    "SELECT 1 FROM eventing_parked WHERE state = 'parked' AND (key = $1 OR topic = ANY($2::text[])) LIMIT 1"
)
_SETTLE: Final = (
    "UPDATE eventing_parked SET state = $2, settled_at = now(), settled_by = $3 WHERE id = $1 AND state = 'parked'"
)
_QUEUE: Final = (
    f"SELECT {_COLUMNS} FROM eventing_parked WHERE state = 'parked' AND topic = $1 AND partition = $2 "  # noqa: S608
    'AND key IS NOT DISTINCT FROM $3::bytea AND (holds_key OR id = $4) ORDER BY "offset" LIMIT $5'
)
_PAGE: Final = (
    f"SELECT {_COLUMNS} FROM eventing_parked WHERE state = $1 AND ($2::uuid IS NULL OR "  # noqa: S608
    "(parked_at, id) > (SELECT parked_at, id FROM eventing_parked WHERE id = $2)) ORDER BY parked_at, id LIMIT $3"
)

BEHIND: Final = "behind_parked"
"""Reason of a record that waits because an earlier one of its key is parked."""


@dataclass(frozen=True, slots=True)
class Parked:
    """One record set aside: the record, why, and whether later records of its key wait behind it."""

    id: UUID
    record: RawRecord
    reason: str
    detail: str
    holds_key: bool
    state: str
    parked_at: datetime
    settled_at: datetime | None
    settled_by: str | None


def parked_id(service: str, record: RawRecord) -> UUID:
    """Return the id under which `service` parks a record: the same however often it is read."""
    place = f"{record.topic}/{record.partition}/{record.offset}".encode()
    return UUID(computed_id(service, "parked", place))


async def park(
    connection: AsyncConnection, id_: UUID, record: RawRecord, reason: str, detail: str, *, holds_key: bool
) -> None:
    """Keep the record's bytes with the reason, in the transaction that moves the offset behind it."""
    values = (id_, record.topic, record.partition, record.offset, record.timestamp_ms, record.key, record.value)
    packed = pack_headers(record.headers)
    await connection.exec_driver_sql(_INSERT, (*values, packed, reason, detail[:2000], holds_key))


async def held_keys(connection: AsyncConnection, topic: str, keys: Sequence[bytes]) -> set[bytes]:
    """Return those of `keys` whose records must wait behind a parked one."""
    return {bytes(row[0]) for row in await connection.exec_driver_sql(_HELD, (topic, list(keys)))}


async def has_parked(connection: AsyncConnection, subject: str, *topics: str) -> bool:
    """Return whether any record of the subject is parked, or any at all of `topics`.

    Then the service's state of the subject is behind. `topics` are those whose records speak of subjects in their data,
    under another key: which subject a parked one speaks of is not known.
    """
    return (await connection.exec_driver_sql(_ANY_PARKED, (subject.encode(), list(topics)))).first() is not None


async def settle(connection: AsyncConnection, id_: UUID, state: str, by: str) -> None:
    """Mark a parked record `resumed` or `discarded`, by whom."""
    await connection.exec_driver_sql(_SETTLE, (id_, state, by))


async def find_parked(connection: AsyncConnection, id_: UUID) -> Parked | None:
    """Return one parked record, whatever its state."""
    statement = f"SELECT {_COLUMNS} FROM eventing_parked WHERE id = $1"  # noqa: S608 - constant columns
    row = (await connection.exec_driver_sql(statement, (id_,))).first()
    return None if row is None else _parked(row)


async def queue_of(connection: AsyncConnection, head: Parked, limit_count: int) -> list[Parked]:
    """Return the first parked records of the head's key, in offset order; the caller holds the offset row's lock."""
    record = head.record
    values = (record.topic, record.partition, record.key, head.id, limit_count)
    found = await connection.exec_driver_sql(_QUEUE, values)
    return [_parked(row) for row in found]


async def list_parked(connection: AsyncConnection, state: str, after: UUID | None, limit_count: int) -> list[Parked]:
    """Return one page of records in `state`, oldest first, behind the id `after`."""
    return [_parked(row) for row in await connection.exec_driver_sql(_PAGE, (state, after, limit_count))]


def _parked(row: Row[tuple[object, ...]]) -> Parked:
    found = row._mapping  # noqa: SLF001 - SQLAlchemy's documented name
    record = RawRecord(
        found["topic"],
        found["partition"],
        found["offset"],
        found["timestamp_ms"],
        found["key"] if found["key"] is None else bytes(found["key"]),
        found["value"] if found["value"] is None else bytes(found["value"]),
        unpack_headers(bytes(found["headers"])),
    )
    return Parked(
        UUID(str(found["id"])),
        record,
        found["reason"],
        found["detail"],
        found["holds_key"],
        found["state"],
        found["parked_at"],
        found["settled_at"],
        found["settled_by"],
    )

"""The offset row of a partition: the fence against zombies and the only truth of what was read."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.eventing.database import fetch
from govbus.eventing.records import RawRecord

_CREATE: Final = (
    "INSERT INTO eventing_offset (topic, partition, next_offset) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
)
_READ: Final = (
    "SELECT next_offset, muted_below, last_fingerprint FROM eventing_offset WHERE topic = $1 AND partition = $2"
)
_ADVANCE: Final = (
    "UPDATE eventing_offset SET next_offset = $3, last_fingerprint = $4 WHERE topic = $1 AND partition = $2"
)
_LOCK_ALL: Final = (
    "SELECT topic, partition, next_offset FROM eventing_offset "
    "WHERE (topic, partition) IN (SELECT * FROM unnest($1::text[], $2::integer[])) ORDER BY topic, partition FOR UPDATE"
)
_ADVANCE_ALL: Final = (
    "UPDATE eventing_offset AS kept SET next_offset = moved.next_offset, last_fingerprint = moved.fingerprint "
    "FROM unnest($1::text[], $2::integer[], $3::bigint[], $4::bytea[]) AS moved (topic, partition, next_offset, "
    "fingerprint) WHERE kept.topic = moved.topic AND kept.partition = moved.partition"
)
_SKIP: Final = (
    "UPDATE eventing_offset SET next_offset = $3, last_fingerprint = NULL WHERE topic = $1 AND partition = $2"
)


@dataclass(frozen=True, slots=True)
class OffsetRow:
    """What is known of one partition: the next offset to handle and the fingerprint of the one before it.

    Below `muted_below` a rebuild handles records again without writing to the outbox.
    """

    next_offset: int
    muted_below: int
    last_fingerprint: bytes | None


async def read_offset(
    connection: AsyncConnection, topic: str, partition: int, *, lock: bool = False
) -> OffsetRow | None:
    """Return the partition's row, locked until the transaction ends when `lock`."""
    statement = _READ + (" FOR UPDATE" if lock else "")
    for next_offset, muted_below, fingerprint in await fetch(connection, statement, (topic, partition)):
        return OffsetRow(next_offset, muted_below, fingerprint and bytes(fingerprint))
    return None


async def create_offset(connection: AsyncConnection, topic: str, partition: int, first: int) -> None:
    """Start a partition that was never read at offset `first`; an existing row stays."""
    await connection.exec_driver_sql(_CREATE, (topic, partition, first))


async def advance_offset(connection: AsyncConnection, last: RawRecord) -> None:
    """Move the row behind `last`, keeping its fingerprint; the caller holds the row's lock."""
    values = (last.topic, last.partition, last.offset + 1, last.fingerprint())
    await connection.exec_driver_sql(_ADVANCE, values)


async def lock_offsets(connection: AsyncConnection, places: Collection[tuple[str, int]]) -> dict[tuple[str, int], int]:
    """Return the next offset of each (topic, partition) that has a row, locked in that order, in one round trip."""
    names = ([topic for topic, _ in places], [partition for _, partition in places])
    return {(row[0], row[1]): row[2] for row in await fetch(connection, _LOCK_ALL, names)}


async def advance_offsets(connection: AsyncConnection, lasts: Sequence[RawRecord]) -> None:
    """Move one row behind each of `lasts`; the caller holds the rows' locks."""
    columns = zip(*[(last.topic, last.partition, last.offset + 1, last.fingerprint()) for last in lasts], strict=True)
    await connection.exec_driver_sql(_ADVANCE_ALL, tuple(map(list, columns)))


async def skip_to(connection: AsyncConnection, topic: str, partition: int, offset: int) -> None:
    """Move the row to `offset` over records that are gone; the caller holds the row's lock."""
    await connection.exec_driver_sql(_SKIP, (topic, partition, offset))

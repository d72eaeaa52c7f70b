"""The offset row of a partition: the fence against zombies and the only truth of what was read."""

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

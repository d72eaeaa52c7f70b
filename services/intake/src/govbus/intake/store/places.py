"""Where accepted facts stand: Kafka partition and offset, and their index in the audit log."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

_ADD: Final = (
    'INSERT INTO fact_place (identity, partition, "offset", log_index) SELECT * FROM '
    "unnest($1::bytea[], $2::integer[], $3::bigint[], $4::bigint[]) ON CONFLICT (identity) DO NOTHING"
)
_FIND: Final = 'SELECT identity, partition, "offset", log_index FROM fact_place WHERE identity = ANY($1::bytea[])'


@dataclass(frozen=True, slots=True)
class Place:
    """Partition and offset on `govbus.facts`, and the index in the log."""

    partition: int
    offset: int
    log_index: int


async def add(connection: AsyncConnection, found: Sequence[tuple[bytes, Place]]) -> None:
    """Note where facts stand; the first place of each counts."""
    if found:
        rows = [(identity, place.partition, place.offset, place.log_index) for identity, place in found]
        await connection.exec_driver_sql(_ADD, tuple(list(column) for column in zip(*rows, strict=True)))


async def find(connection: AsyncConnection, identities: Iterable[bytes]) -> Mapping[bytes, Place]:
    """Return the places that are known so far."""
    rows = await connection.exec_driver_sql(_FIND, (list(identities),))
    return {bytes(row.identity): Place(row.partition, row.offset, row.log_index) for row in rows}

"""Where accepted facts stand: Kafka partition and offset, and their index in the audit log."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

_ADD: Final = (
    'INSERT INTO fact_place (identity, partition, "offset", log_index) VALUES ($1, $2, $3, $4) '
    "ON CONFLICT (identity) DO NOTHING"
)
_FIND: Final = 'SELECT identity, partition, "offset", log_index FROM fact_place WHERE identity = ANY($1::bytea[])'


@dataclass(frozen=True, slots=True)
class Place:
    """Partition and offset on `govbus.facts`, and the index in the log."""

    partition: int
    offset: int
    log_index: int


async def add(connection: AsyncConnection, identity: bytes, place: Place) -> None:
    """Note where a fact stands; the first place counts."""
    await connection.exec_driver_sql(_ADD, (identity, place.partition, place.offset, place.log_index))


async def find(connection: AsyncConnection, identities: Iterable[bytes]) -> Mapping[bytes, Place]:
    """Return the places that are known so far."""
    rows = await connection.exec_driver_sql(_FIND, (list(identities),))
    return {bytes(row.identity): Place(row.partition, row.offset, row.log_index) for row in rows}

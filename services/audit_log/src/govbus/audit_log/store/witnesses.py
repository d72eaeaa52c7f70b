"""Witnesses' cosignatures per checkpoint, and the size of the newest one that enough of them have seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.audit_log.domain.cosigned import StoredCosignature
from govbus.audit_log.store.rows import one_row, rows

_LAST: Final = (
    "SELECT w.witness, c.size, c.cosigned_at FROM unnest($1::text[]) AS w (witness)"
    " JOIN LATERAL (SELECT size, cosigned_at FROM cosignature WHERE witness = w.witness"
    " ORDER BY size DESC LIMIT 1) c ON true"
)
_WITNESSES: Final = "SELECT witness FROM cosignature WHERE size = $1"
_INSERT: Final = (
    "INSERT INTO cosignature (witness, size, line, cosigned_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
)
_BETWEEN: Final = (
    "SELECT s.size, c.note, s.witness, s.line FROM cosignature s JOIN checkpoint c ON c.size = s.size"
    " WHERE s.size > $1 AND s.size <= $2 ORDER BY s.size, s.witness"
)
_QUORUM: Final = "SELECT size, is_required FROM witness_quorum"
_MOVE: Final = (
    "UPDATE witness_quorum SET size = greatest(size, $1), is_required = $2 WHERE size < $1 OR is_required <> $2"
)


@dataclass(frozen=True, slots=True)
class LastCosigned:
    """The largest tree that a witness (by its vkey) has cosigned, and when it did."""

    witness: str
    size: int
    cosigned_at: datetime


@dataclass(frozen=True, slots=True)
class QuorumState:
    """Size of the largest tree that a quorum has cosigned; whether `published` waits for it."""

    size: int
    is_required: bool


async def last_cosigned(connection: AsyncConnection, witnesses: Sequence[str]) -> list[LastCosigned]:
    """Return how far each of these witnesses has come; one that cosigned nothing is left out."""
    return [LastCosigned(*row) for row in await rows(connection, _LAST, (list(witnesses),))]


async def witnesses_of(connection: AsyncConnection, size: int) -> set[str]:
    """Return the vkeys of the witnesses that cosigned the checkpoint of a size."""
    return {row[0] for row in await rows(connection, _WITNESSES, (size,))}


async def insert_cosignature(
    connection: AsyncConnection, witness: str, size: int, line: str, cosigned_at: datetime
) -> None:
    """Keep a verified signature line; the first of a witness and size stays."""
    await connection.exec_driver_sql(_INSERT, (witness, size, line, cosigned_at))


async def cosignatures_between(connection: AsyncConnection, begin: int, end: int) -> list[StoredCosignature]:
    """Return the cosignatures of checkpoints of sizes (begin, end]."""
    return [StoredCosignature(*row) for row in await rows(connection, _BETWEEN, (begin, end))]


async def read_quorum(connection: AsyncConnection) -> QuorumState:
    """Return what a quorum has seen."""
    return QuorumState(*await one_row(connection, _QUORUM))


async def move_quorum(connection: AsyncConnection, size: int, *, is_required: bool) -> None:
    """Say that a quorum has seen a tree of `size`, and whether `published` waits for that."""
    await connection.exec_driver_sql(_MOVE, (size, is_required))

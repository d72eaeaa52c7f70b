"""Finds the entries that belong to a subject: its own, those correlated, and what was said to be erased of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.audit_log.store.rows import rows

_OF_SUBJECTS: Final = (
    "SELECT e.idx, e.subject, e.classification FROM unnest($1::text[]) AS s(subject)"
    " CROSS JOIN LATERAL (SELECT idx, subject, classification FROM entry WHERE subject = s.subject AND idx < $2"
    " ORDER BY idx LIMIT $3) AS e"
)
_NAMING: Final = (
    "SELECT e.type, e.classification, p.payload FROM entry e"
    " JOIN payload p ON p.idx = e.idx AND p.logged_on = e.logged_on"
    " WHERE e.subject = ANY($1::text[]) AND e.type = ANY($2::text[]) AND e.idx < $3 AND e.kind = 'event'"
    " ORDER BY e.idx LIMIT $4"
)
_CHAINS: Final = (
    "SELECT DISTINCT coalesce(correlation_id, id) FROM entry"
    " WHERE subject = $1 AND idx < $2 AND kind = 'event' ORDER BY 1"
)
_OF_CHAINS: Final = (
    "SELECT c.chain, e.idx, e.subject, e.classification FROM unnest($1::text[]) AS c(chain)"
    " CROSS JOIN LATERAL (SELECT idx, subject, classification FROM entry WHERE correlation_id = c.chain AND idx < $2"
    " ORDER BY idx LIMIT $3) AS e"
)
_ROOTS_OF_CHAINS: Final = (
    "SELECT idx, subject, classification FROM entry WHERE id = ANY($1::text[]) AND idx < $2 AND kind = 'event'"
)
_ERASED: Final = (
    "SELECT i.idx, s.entry_index, (s.types IS NULL) FROM unnest($1::bigint[]) AS i(idx)"
    " JOIN erasure_scope s ON i.idx BETWEEN s.first_index AND s.last_index ORDER BY s.types IS NULL, s.entry_index DESC"
)
_OWN: Final = "SELECT idx, subject, classification FROM entry WHERE idx = ANY($1::bigint[]) AND idx < $2"


@dataclass(frozen=True, slots=True)
class Found:
    """One entry that was found, by what relates it."""

    index: int
    subject: str | None
    classification: str


@dataclass(frozen=True, slots=True)
class TakenAway:
    """The log's own entry that took a payload away: by an erasure, or by pruning when its time was over."""

    entry_index: int
    is_erasure: bool


async def entries_of(connection: AsyncConnection, subjects: Sequence[str], size: int, limit_count: int) -> list[Found]:
    """Return the entries about each of these subjects, the first `limit_count` of each."""
    return [Found(*row) for row in await rows(connection, _OF_SUBJECTS, (list(subjects), size, limit_count))]


async def naming_payloads(
    connection: AsyncConnection, subjects: Sequence[str], full_types: Sequence[str], size: int, limit_count: int
) -> list[tuple[str, str, bytes]]:
    """Return type, classification and payload of the subjects' events of these types."""
    values = (list(subjects), list(full_types), size, limit_count)
    return [(row[0], row[1], bytes(row[2])) for row in await rows(connection, _NAMING, values)]


async def chains_of(connection: AsyncConnection, subject: str, size: int) -> list[str]:
    """Return the correlation ids of a subject's events."""
    return [row[0] for row in await rows(connection, _CHAINS, (subject, size))]


async def entries_of_chains(
    connection: AsyncConnection, chains: Sequence[str], size: int, limit_count: int
) -> dict[str, list[Found]]:
    """Return the entries of each chain, at most `limit_count` of one."""
    found: dict[str, list[Found]] = {}
    for chain, *row in await rows(connection, _OF_CHAINS, (list(chains), size, limit_count)):
        found.setdefault(chain, []).append(Found(*row))
    return found


async def roots_of_chains(connection: AsyncConnection, chains: Sequence[str], size: int) -> list[Found]:
    """Return the events that chains began with: their ids are the correlation ids."""
    return [Found(*row) for row in await rows(connection, _ROOTS_OF_CHAINS, (list(chains), size))]


async def taken_away(connection: AsyncConnection, indexes: Sequence[int]) -> Mapping[int, TakenAway]:
    """Return which entries of the log took payloads at these indexes away; of several the first erasure."""
    return {row[0]: TakenAway(row[1], row[2]) for row in await rows(connection, _ERASED, (list(indexes),))}


async def entries_found(connection: AsyncConnection, indexes: Sequence[int], size: int) -> list[Found]:
    """Return the entries at these indexes."""
    found: list[tuple[Any, ...]] = await rows(connection, _OWN, (list(indexes), size))
    return [Found(*row) for row in found]

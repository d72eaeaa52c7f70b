"""Finds entries by what they are about, page by page in index order; no page reads the whole log."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, FromClause, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.audit_log.domain.classification import PUBLISHED
from govbus.audit_log.domain.patterns import ANYTHING, after_all_with, fixed_beginning, matches, subject_prefix
from govbus.audit_log.domain.search import Wanted
from govbus.audit_log.store.entries import COLUMNS, JOINED, StoredRecord, read_records
from govbus.audit_log.store.rows import rows
from govbus.audit_log.tables import entry, payload, payload_words
from govbus.contracts.translog.entry import EVENT

STRETCH_COUNT: Final = 2_000
"""Entries looked at one by one before matches are collected from an index: some milliseconds, and most pages' all."""

TYPES_COUNT: Final = 1_000
"""Types that one pattern may stand for; the catalogue has some hundred."""

_NEXT_TYPES: Final = (
    "WITH RECURSIVE found (type) AS ("
    " (SELECT type FROM entry WHERE type ~>=~ $1 ORDER BY type USING ~<~ LIMIT 1)"
    " UNION ALL SELECT (SELECT e.type FROM entry e WHERE e.type ~>~ found.type ORDER BY e.type USING ~<~ LIMIT 1)"
    " FROM found WHERE found.type IS NOT NULL AND ($2::text IS NULL OR found.type ~<~ $2))"
    " SELECT type FROM found WHERE type IS NOT NULL AND ($2::text IS NULL OR type ~<~ $2) LIMIT $3"
)

_PLAN_ANEW: Final = "SELECT set_config('plan_cache_mode', 'force_custom_plan', true)"
"""For this transaction: a plan for any word or time would be one for none, as they differ a millionfold in matches."""


class TooManyTypes(Exception):
    """A pattern that stands for more types than a search compares with."""


async def find_entries(connection: AsyncConnection, wanted: Wanted, limit_count: int) -> list[StoredRecord]:
    """Return up to `limit_count` matching entries in index order, from `from_index` on.

    An index that is in the log's order is walked. Conditions without one (times, patterns, words) are looked for in the
    next stretch first, where most pages end; then all matches are collected and the first of them taken.

    Raises:
        TooManyTypes: see there.
    """
    conditions = await conditions_of(connection, wanted)
    if conditions is None:
        return []
    query = select(*COLUMNS).select_from(joined(wanted)).where(*conditions).order_by(entry.c.idx).limit(limit_count)
    if _is_walked(wanted):
        return await read_records(connection, query)
    await connection.exec_driver_sql(_PLAN_ANEW)
    beyond = wanted.from_index + STRETCH_COUNT
    near = await read_records(connection, query.where(*_below(wanted, beyond)))
    if len(near) == limit_count or (wanted.below_index is not None and beyond >= wanted.below_index):
        return near
    rest = select(entry.c.idx).select_from(joined(wanted)).where(*conditions, entry.c.idx >= beyond)
    collected = rest.order_by(entry.c.idx + 0).limit(limit_count - len(near))  # + 0: by no index that is in order
    far = select(*COLUMNS).select_from(JOINED).where(entry.c.idx.in_(collected)).order_by(entry.c.idx)
    return near + await read_records(connection, far)


async def conditions_of(connection: AsyncConnection, wanted: Wanted) -> Sequence[ColumnElement[bool]] | None:
    """Return the conditions over `joined(wanted)`; None: nothing can match.

    Raises:
        TooManyTypes: see there.
    """
    conditions = [*_equalities(wanted), *_ranges(wanted)]
    if wanted.type is not None and ANYTHING in wanted.type:
        types = await _types_like(connection, wanted.type)
        if not types:
            return None
        conditions.append(entry.c.type.in_(types))
    return conditions


def joined(wanted: Wanted) -> FromClause:
    """Return the tables that conditions of `wanted` speak of: entries, their payloads, and words where asked for."""
    if wanted.text is None:
        return JOINED
    return JOINED.join(payload_words, payload_words.c.idx == entry.c.idx)  # the day would only mislead the planner


def _is_walked(wanted: Wanted) -> bool:
    """Return whether only equalities are asked for, or nothing: each has an index in the log's order."""
    patterns = subject_prefix(wanted.subject or "") is not None or ANYTHING in (wanted.type or "")
    ranges = wanted.since is not None or wanted.until is not None or wanted.text is not None
    return not patterns and not ranges and wanted.kind != EVENT


def _equalities(wanted: Wanted) -> list[ColumnElement[bool]]:
    prefix = subject_prefix(wanted.subject or "")
    equal = {
        entry.c.id: wanted.id,
        entry.c.subject: wanted.subject if prefix is None else None,
        entry.c.type: None if ANYTHING in (wanted.type or "") else wanted.type,
        entry.c.source: wanted.source,
        entry.c.kind: wanted.kind,
        payload.c.actor: wanted.actor,
        entry.c.correlation_id: wanted.correlation,
        entry.c.causation_id: wanted.causation,
    }
    found = [column == value for column, value in equal.items() if value is not None]
    if wanted.actor is not None and not wanted.sees_closed:
        found.append(entry.c.classification.in_(PUBLISHED))  # who did it is withheld with the payload
    if wanted.kind not in (None, EVENT):
        found.append(entry.c.kind != EVENT)  # what the index of the other kinds is for
    return found


def _ranges(wanted: Wanted) -> list[ColumnElement[bool]]:
    found = [column >= wanted.from_index for column in _index_columns(wanted)]
    if wanted.below_index is not None:
        found += _below(wanted, wanted.below_index)
    if wanted.since is not None:
        found.append(entry.c.known_at >= wanted.since)
    if wanted.until is not None:
        found.append(entry.c.known_at < wanted.until)
    if wanted.text is not None:
        found.append(payload_words.c.words.bool_op("@@")(func.websearch_to_tsquery("simple", wanted.text)))
    prefix = subject_prefix(wanted.subject or "")
    if prefix is not None:
        found.append(entry.c.subject.bool_op("~>=~")(prefix))
        after = after_all_with(prefix)
        if after is not None:
            found.append(entry.c.subject.bool_op("~<~")(after))
    return found


def _below(wanted: Wanted, index: int) -> list[ColumnElement[bool]]:
    return [column < index for column in _index_columns(wanted)]


def _index_columns(wanted: Wanted) -> list[ColumnElement[int]]:
    """Return the columns that hold the index: PostgreSQL carries no bound from one side of a join to the other."""
    return [entry.c.idx] if wanted.text is None else [entry.c.idx, payload_words.c.idx]


async def _types_like(connection: AsyncConnection, glob: str) -> list[str]:
    """Return the types in the log that a pattern stands for, one index probe each."""
    beginning = fixed_beginning(glob)
    found = await rows(connection, _NEXT_TYPES, (beginning, after_all_with(beginning), TYPES_COUNT + 1))
    if len(found) > TYPES_COUNT:
        raise TooManyTypes(f"{glob!r} begins like more than {TYPES_COUNT} types")
    return [row[0] for row in found if matches(glob, row[0])]

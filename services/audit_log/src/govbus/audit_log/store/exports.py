"""Reads what an export holds: how much it is, which entries, and those in stretches; never all of it at once."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.audit_log.domain.classification import PUBLISHED
from govbus.audit_log.domain.export import Exported, Extent
from govbus.audit_log.domain.search import Wanted
from govbus.audit_log.store.rows import rows
from govbus.audit_log.store.search import conditions_of, joined
from govbus.audit_log.tables import entry, payload
from govbus.contracts.translog.entry import ACCESS

_ROWS: Final = (
    "SELECT e.idx, e.entry, e.correlation_id, e.causation_id, e.classification, p.attributes, p.payload, p.key"
    " FROM entry e LEFT JOIN payload p ON p.idx = e.idx AND p.logged_on = e.logged_on"
    " AND ($2 OR e.classification = ANY($3::text[])) WHERE e.idx = ANY($1::bigint[]) ORDER BY e.idx"
)


async def extent_of(connection: AsyncConnection, wanted: Wanted) -> Extent:
    """Return how many entries match, between which indexes, and how many payloads of them are read on record."""
    conditions = await conditions_of(connection, wanted)
    if conditions is None:
        return Extent(0, None, None, 0)
    is_closed = and_(entry.c.classification.not_in(PUBLISHED), entry.c.kind != ACCESS, payload.c.idx.is_not(None))
    query = select(
        func.count(), func.min(entry.c.idx), func.max(entry.c.idx), func.count().filter(is_closed)
    ).select_from(joined(wanted))
    count, first, last, closed_count = (await connection.execute(query.where(*conditions))).one()
    return Extent(count, first, last, closed_count)


async def matching_indexes(connection: AsyncConnection, wanted: Wanted) -> list[int]:
    """Return the indexes of all matching entries, rising."""
    conditions = await conditions_of(connection, wanted)
    if conditions is None:
        return []
    query = select(entry.c.idx).select_from(joined(wanted)).where(*conditions).order_by(entry.c.idx)
    return list((await connection.execute(query)).scalars())


async def exported(connection: AsyncConnection, indexes: Sequence[int], *, confidential: bool) -> list[Exported]:
    """Return the entries at these indexes; `confidential`: with the payloads that are not open to everyone, too."""
    found = await rows(connection, _ROWS, (list(indexes), confidential, list(PUBLISHED)))
    return [Exported(*row) for row in found]

"""Reads whether the log is closed: whether its last entry says so."""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.audit_log.domain.closing import Closing, read_closing
from govbus.audit_log.store.rows import rows
from govbus.contracts.translog.entry import CLOSED

_LAST: Final = (
    "SELECT e.idx, p.payload FROM log_head h JOIN entry e ON e.idx = h.size - 1"
    " LEFT JOIN payload p ON p.idx = e.idx AND p.logged_on = e.logged_on WHERE e.kind = $1"
)


async def closing_of(connection: AsyncConnection) -> Closing | None:
    """Return what the last entry says if it closes the log, None while the log is open."""
    found = await rows(connection, _LAST, (CLOSED,))
    return read_closing(found[0][0], found[0][1] and bytes(found[0][1])) if found else None

"""How far the log is: sequenced, signed, published; the three states of every entry follow from it."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.audit_log.store.rows import one_row

_STATE: Final = (
    "SELECT h.size, c.size, c.note, extract(epoch FROM now() - c.signed_at)::float8,"
    " (SELECT max(checkpoint_size) FROM place_cursor) FROM log_head h"
    " LEFT JOIN LATERAL (SELECT size, note, signed_at FROM checkpoint ORDER BY size DESC LIMIT 1) c ON true"
)


@dataclass(frozen=True, slots=True)
class LogState:
    """Sizes of the tree: sequenced, under the newest checkpoint, and under one that lies outside the database."""

    size: int
    checkpoint_size: int
    note: str | None
    checkpoint_age_seconds: float | None
    published_size: int

    def of(self, index: int) -> str:
        """Return the state of the entry at `index`.

        `sequenced` and `integrated` are one transaction here, so an entry that is there is at least `integrated`.
        """
        return "published" if index < self.published_size else "integrated"


async def read_state(connection: AsyncConnection) -> LogState:
    """Return the state as committed."""
    row = await one_row(connection, _STATE)
    return LogState(row[0], row[1] or 0, row[2], row[3], row[4])

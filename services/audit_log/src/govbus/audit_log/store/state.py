"""How far the log is: sequenced, signed, published; the three states of every entry follow from it."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.audit_log.store.rows import one_row

_STATE: Final = (
    "SELECT h.size, c.size, c.note || coalesce(s.lines, ''), extract(epoch FROM now() - c.signed_at)::float8,"
    " CASE WHEN q.is_required THEN least(p.size, q.size) ELSE p.size END"
    " FROM log_head h CROSS JOIN witness_quorum q"
    " CROSS JOIN (SELECT max(checkpoint_size) AS size FROM place_cursor) p"
    " LEFT JOIN LATERAL (SELECT size, note, signed_at FROM checkpoint {which} ORDER BY size DESC LIMIT 1) c ON true"
    " LEFT JOIN LATERAL"
    " (SELECT string_agg(line, '' ORDER BY witness) AS lines FROM cosignature WHERE size = c.size) s ON true"
)
_NEWEST: Final = _STATE.format(which="")
_WITNESSED: Final = _STATE.format(which="WHERE checkpoint.size = q.size")


@dataclass(frozen=True, slots=True)
class LogState:
    """Sizes of the tree: sequenced, under the newest checkpoint, and under one that lies outside the database.

    `note` carries the cosignatures there are. `published_size` waits for a quorum of witnesses where that is set.
    """

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


async def read_state(connection: AsyncConnection, *, witnessed: bool = False) -> LogState:
    """Return the state as committed; with `witnessed` the checkpoint is the newest one that a quorum has cosigned."""
    row = await one_row(connection, _WITNESSED if witnessed else _NEWEST)
    return LogState(row[0], row[1] or 0, row[2], row[3], row[4])

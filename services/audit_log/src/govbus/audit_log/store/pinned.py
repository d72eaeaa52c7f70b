"""The tree as it was signed at a moment: what every answer about the past is pinned to."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.audit_log.store.rows import rows

_TREE: Final = (
    "SELECT c.size, c.root, c.note || coalesce((SELECT string_agg(line, '' ORDER BY witness) FROM cosignature"
    " WHERE size = c.size), ''), c.signed_at, now() FROM checkpoint c {which} ORDER BY c.size DESC LIMIT 1"
)
_NEWEST: Final = _TREE.format(which="")
_AS_OF: Final = _TREE.format(which="WHERE c.signed_at <= $1")
_OF_SIZE: Final = _TREE.format(which="WHERE c.size = $1")

_SETTLED_AFTER: Final = timedelta(seconds=60)
"""A transaction that began to sign before a moment has ended by then: the roles' transaction_timeout."""


@dataclass(frozen=True, slots=True)
class PinnedTree:
    """One signed tree, its note with the cosignatures there are; `is_settled`: the moment has this tree for ever."""

    size: int
    root: bytes
    note: str
    signed_at: datetime
    is_settled: bool


async def tree_as_of(connection: AsyncConnection, moment: datetime | None) -> PinnedTree | None:
    """Return the newest tree signed by a moment (None: by now), None when there was none."""
    if moment is None:
        return _tree(await rows(connection, _NEWEST), None)
    return _tree(await rows(connection, _AS_OF, (moment,)), moment)


async def tree_of(connection: AsyncConnection, size: int) -> PinnedTree | None:
    """Return the signed tree of a size, None when no checkpoint has it."""
    return _tree(await rows(connection, _OF_SIZE, (size,)), None)


def _tree(found: list[tuple[Any, ...]], moment: datetime | None) -> PinnedTree | None:
    for size, root, note, signed_at, now in found:
        return PinnedTree(size, bytes(root), note, signed_at, now - (moment or signed_at) > _SETTLED_AFTER)
    return None

"""How far each place outside has come, and which checkpoint it lacks."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.audit_log.store.rows import one_row, rows
from govbus.audit_log.store.signing import StoredCheckpoint, newest_checkpoint, newest_checkpoint_within

_KNOW: Final = "INSERT INTO place_cursor (place) VALUES ($1) ON CONFLICT DO NOTHING"
_COPIED: Final = "SELECT checkpoint_size FROM place_cursor WHERE place = $1"
_ADVANCE: Final = (
    "UPDATE place_cursor SET next_index = $2, checkpoint_size = $2, moved_at = now()"
    " WHERE place = $1 AND checkpoint_size < $2"
)
_PLACES: Final = (
    "SELECT p.place, p.checkpoint_size, p.moved_at, coalesce(extract(epoch FROM now() - c.signed_at), 0)::float8"
    " FROM place_cursor p LEFT JOIN LATERAL"
    " (SELECT signed_at FROM checkpoint WHERE size > p.checkpoint_size ORDER BY size LIMIT 1) c ON true ORDER BY 1"
)
_TOPIC: Final = "topic"


@dataclass(frozen=True, slots=True)
class PlaceState:
    """One place: the tree size under its newest checkpoint, since when, and the age of the oldest it lacks."""

    place: str
    checkpoint_size: int
    moved_at: datetime
    behind_seconds: float


async def copied_size(connection: AsyncConnection, place: str) -> int:
    """Return the size of the newest checkpoint in a place; one not known yet has none, and is known from now on."""
    await connection.exec_driver_sql(_KNOW, (place,))
    return int((await one_row(connection, _COPIED, (place,)))[0])


async def advance_copied(connection: AsyncConnection, place: str, size: int) -> None:
    """Say that the checkpoint of a size lies in a place; never takes back that a larger one does."""
    await connection.exec_driver_sql(_ADVANCE, (place, size))


async def checkpoint_to_copy(connection: AsyncConnection, after_topic_seconds: float) -> StoredCheckpoint | None:
    """Return the newest checkpoint whose entries are on the topic; the newest of all when the topic stays behind.

    A copy that is ahead of the topic names entries that nobody but the database has: if it is lost then, the log
    can be rebuilt no more. So the topic goes first, for as long as it does not hold up the copies.
    """
    topic = next((found for found in await read_places(connection) if found.place == _TOPIC), None)
    if topic is None or topic.behind_seconds >= after_topic_seconds:
        return await newest_checkpoint(connection)
    return await newest_checkpoint_within(connection, topic.checkpoint_size)


async def read_places(connection: AsyncConnection) -> list[PlaceState]:
    """Return how far each place has come."""
    return [PlaceState(*row) for row in await rows(connection, _PLACES)]

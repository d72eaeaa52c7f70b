"""Follows causes and effects through the log, a step at a time: a query per step, and as many as the limits say."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.audit_log.domain.trace import DEPTH_COUNT, EVENTS_COUNT, Trace, TracedEvent, lay_out
from govbus.audit_log.store.rows import rows

_SELECT: Final = (
    "SELECT idx, id, source, type, subject, correlation_id, causation_id, known_at, entry FROM entry"
    " WHERE {column} = ANY($1::text[]) AND kind = 'event' AND idx < $2 ORDER BY idx LIMIT $3"
)
_BY_ID: Final = _SELECT.format(column="id")
_BY_CAUSE: Final = _SELECT.format(column="causation_id")


async def trace_of(connection: AsyncConnection, event_id: str, source: str | None, size: int) -> Trace | None:
    """Return what led to the events with an id (of one source, when given) and what followed, below index `size`.

    None: there is no such event.
    """
    asked = [
        event
        for event in await _found(connection, _BY_ID, [event_id], size, EVENTS_COUNT)
        if source in (None, event.source)
    ]
    if not asked:
        return None
    causes, causes_cut = await _walked(connection, _BY_ID, asked, size)
    effects, effects_cut = await _walked(connection, _BY_CAUSE, asked, size)
    events = {event.index: event for event in (*asked, *causes, *effects)}
    shown = sorted(events)[:EVENTS_COUNT] if len(events) > EVENTS_COUNT else sorted(events)
    is_cut = causes_cut or effects_cut or len(shown) < len(events)
    return lay_out([event.index for event in asked], [events[index] for index in shown], is_cut=is_cut)


async def _walked(
    connection: AsyncConnection, statement: str, begin: Iterable[TracedEvent], size: int
) -> tuple[list[TracedEvent], bool]:
    """Return what is reached from `begin`, and whether a limit ended the walk."""
    met = {event.index: event for event in begin}
    found: list[TracedEvent] = []
    step = list(met.values())
    for _ in range(DEPTH_COUNT):
        names = {event.causation_id if statement == _BY_ID else event.id for event in step} - {None}
        if not names:
            return found, False
        reached = await _found(connection, statement, [name for name in names if name], size, EVENTS_COUNT + 1)
        step = [event for event in reached if event.index not in met]
        met |= {event.index: event for event in step}
        found += step
        if len(reached) > EVENTS_COUNT or len(found) > EVENTS_COUNT:
            return found[:EVENTS_COUNT], True
    return found, bool(step)


async def _found(
    connection: AsyncConnection, statement: str, names: list[str], size: int, limit_count: int
) -> list[TracedEvent]:
    return [TracedEvent(*row) for row in await rows(connection, statement, (names, size, limit_count))]

"""The chain of causes and effects of an event over HTTP; payloads are not in it, so nobody's reading is recorded."""

from typing import Any, Final

from fastapi import APIRouter, Depends
from sqlalchemy.ext.asyncio import AsyncEngine

from govbus.audit_log.api import refusals
from govbus.audit_log.api.narrowing import refuse_nul
from govbus.audit_log.domain.trace import Edge, TracedEvent
from govbus.audit_log.store.state import LogState, read_state
from govbus.audit_log.store.trace import trace_of
from govbus.contracts import strict_json
from govbus.eventing.access import Access

_FROM_ENTRY: Final = ("id", "source", "type", "subject", "time", "recordedtime")


def router(engine: AsyncEngine, access: Access) -> APIRouter:
    """Return the route."""
    routes = APIRouter(prefix="/v1/log", tags=["log"], dependencies=[Depends(access.require("viewer"))])

    @routes.get("/trace/{event_id:path}")
    async def trace(event_id: str, source: str | None = None) -> dict[str, Any]:
        """Return what led to the events with this id and what followed, as nodes and edges, oldest first.

        Ids are unique per source: `source` says whose event is meant where several have it. Each node has the delay
        to its nearest named cause, each edge its own, by when Govbus came to know of the two.
        """
        refuse_nul("source", source or "")
        if "\0" in event_id:
            raise refusals.no_such_event(event_id)
        async with engine.connect() as connection:
            state = await read_state(connection)
            found = await trace_of(connection, event_id, source, state.size)
        if found is None:
            raise refusals.no_such_event(event_id)
        return {
            "id": event_id,
            "asked": found.asked,
            "nodes": [_node(event, state, found.edges) for event in found.events],
            "edges": [_edge(edge) for edge in found.edges],
            "missing": [{"id": id_, "named_by": indexes} for id_, indexes in found.missing],
            "correlations": [{"correlationid": id_, "indexes": indexes} for id_, indexes in found.correlations],
            "truncated": found.is_cut,
        }

    return routes


def _node(event: TracedEvent, state: LogState, edges: tuple[Edge, ...]) -> dict[str, Any]:
    fields = strict_json.parse(event.entry)
    delays = [edge.delay_ms for edge in edges if edge.effect == event.index]
    return {
        "index": event.index,
        "state": state.of(event.index),
        **{name: fields[name] for name in _FROM_ENTRY},
        "service": event.service,
        "correlationid": event.correlation_id,
        "causationid": event.causation_id,
        "delay_ms": min(delays, key=abs, default=None),
    }


def _edge(edge: Edge) -> dict[str, Any]:
    return {
        "cause": edge.cause,
        "effect": edge.effect,
        "delay_ms": edge.delay_ms,
        "ambiguous": edge.is_ambiguous,
    }

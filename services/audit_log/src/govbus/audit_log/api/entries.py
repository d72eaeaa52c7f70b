"""Entries over HTTP: search, one entry, and the chain of causes and effects of an event."""

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from sqlalchemy.ext.asyncio import AsyncEngine

from govbus.audit_log.api import refusals
from govbus.audit_log.api.disclosure import Disclosure
from govbus.audit_log.api.presentation import listed, whole
from govbus.audit_log.api.proofs import Index
from govbus.audit_log.store import entries as store
from govbus.audit_log.store.entries import Wanted
from govbus.audit_log.store.state import read_state
from govbus.contracts.envelope import parse_time
from govbus.eventing.access import Access, Principal
from govbus.eventing.paging import DEFAULT_COUNT, INT64_MAX, Limit, Page, decode_cursor, encode_cursor


def wanted_entries(
    id: str | None = None,  # noqa: A002 - the parameter's name on the wire
    subject: str | None = None,
    type: str | None = None,  # noqa: A002 - the parameter's name on the wire
    source: str | None = None,
    kind: str | None = None,
    actor: str | None = None,
    correlation: str | None = None,
    since: str | None = None,
    until: str | None = None,
) -> Wanted:
    """Return what a query asks for; `since` is inclusive, `until` exclusive, both RFC 3339."""
    wanted = Wanted(
        id=id,
        subject=subject,
        type=type,
        source=source,
        kind=kind,
        actor=actor,
        correlation=correlation,
        since=_moment("since", since),
        until=_moment("until", until),
    )
    for name, value in dataclasses.asdict(wanted).items():
        if isinstance(value, str) and "\0" in value:
            raise refusals.invalid_query(name, "holds a NUL character")
    return wanted


def router(engine: AsyncEngine, access: Access, disclosure: Disclosure) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/v1/log", tags=["log"])
    viewer = Annotated[Principal, Depends(access.require("viewer"))]

    @routes.get("/entries")
    async def entries(
        principal: viewer,
        wanted: Annotated[Wanted, Depends(wanted_entries)],
        cursor: str | None = None,
        limit: Limit = DEFAULT_COUNT,
    ) -> Page:
        """Return entries in index order."""
        after = decode_cursor(cursor, int, largest=INT64_MAX - 1)
        if after:
            wanted = dataclasses.replace(wanted, from_index=after[0] + 1)
        async with engine.connect() as connection:
            state = await read_state(connection)
            found = await store.find_entries(connection, wanted, limit + 1)
        may = await disclosure.permit(principal, found[:limit])
        items = [listed(record, state, confidential=may) for record in found[:limit]]
        following = encode_cursor(found[limit - 1].index) if len(found) > limit else None
        return {"items": items, "next": following}

    @routes.get("/entries/{index}")
    async def entry(principal: viewer, index: Index) -> dict[str, Any]:
        """Return one entry with its exact bytes, payload and commitment key."""
        async with engine.connect() as connection:
            state = await read_state(connection)
            found = await store.entry_at(connection, index)
        if found is None:
            raise refusals.no_such_entry(index, state.size)
        may = await disclosure.permit(principal, [found])
        return whole(found, state, confidential=may)

    @routes.get("/trace/{event_id:path}")
    async def trace(principal: viewer, event_id: str) -> dict[str, Any]:
        """Return what led to the events with this id and what followed from them, nearest and earliest first."""
        async with engine.connect() as connection:
            state = await read_state(connection)
            causes, effects = await store.caused_and_causing(connection, event_id)
            found = await store.entries_at(connection, sorted(causes | effects))
        if not found:
            raise refusals.no_such_event(event_id)
        may = await disclosure.permit(principal, found)
        shown = {record.index: listed(record, state, confidential=may) for record in found}
        return {
            "id": event_id,
            "events": _at(shown, [index for index, distance in effects.items() if distance == 0]),
            "causes": _at(shown, [index for index, distance in causes.items() if distance]),
            "effects": _at(shown, [index for index, distance in effects.items() if distance]),
        }

    return routes


def _at(shown: dict[int, dict[str, Any]], indexes: Sequence[int]) -> list[dict[str, Any]]:
    return [shown[index] for index in sorted(indexes)]


def _moment(name: str, text: str | None) -> datetime | None:
    try:
        return None if text is None else parse_time(text.replace(" ", "+"))
    except ValueError as error:
        raise refusals.invalid_query(name, str(error)) from None

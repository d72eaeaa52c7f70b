"""Entries over HTTP: search, and one entry."""

import dataclasses
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from sqlalchemy.ext.asyncio import AsyncEngine

from govbus.audit_log.api import refusals
from govbus.audit_log.api.disclosure import Disclosure
from govbus.audit_log.api.narrowing import wanted_entries
from govbus.audit_log.api.presentation import listed, whole
from govbus.audit_log.api.proofs import Index
from govbus.audit_log.domain.search import Wanted
from govbus.audit_log.store.entries import entry_at
from govbus.audit_log.store.search import TooManyTypes, find_entries
from govbus.audit_log.store.state import read_state
from govbus.eventing.access import Access, Principal
from govbus.eventing.paging import DEFAULT_COUNT, INT64_MAX, Limit, Page, decode_cursor, encode_cursor


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
            wanted = dataclasses.replace(wanted, from_index=max(after[0] + 1, wanted.from_index))
        wanted = dataclasses.replace(wanted, sees_closed=principal.has("auditor"))
        async with engine.connect() as connection:
            state = await read_state(connection)
            try:
                found = await find_entries(connection, wanted, limit + 1)
            except TooManyTypes as error:
                raise refusals.invalid_query("type", str(error)) from None
        may = await disclosure.permit(principal, found[:limit])
        items = [listed(record, state, confidential=may) for record in found[:limit]]
        following = encode_cursor(found[limit - 1].index) if len(found) > limit else None
        return {"items": items, "next": following}

    @routes.get("/entries/{index}")
    async def entry(principal: viewer, index: Index) -> dict[str, Any]:
        """Return one entry with its exact bytes, payload and commitment key."""
        async with engine.connect() as connection:
            state = await read_state(connection)
            found = await entry_at(connection, index)
        if found is None:
            raise refusals.no_such_entry(index, state.size)
        may = await disclosure.permit(principal, [found])
        return whole(found, state, confidential=may)

    return routes

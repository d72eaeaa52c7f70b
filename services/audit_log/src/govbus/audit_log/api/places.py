"""How far each place outside has come: what `published` rests on."""

from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy.ext.asyncio import AsyncEngine

from govbus.audit_log.store.places import read_places
from govbus.contracts.envelope import format_time
from govbus.eventing.access import Access, Principal
from govbus.eventing.paging import Page


def router(engine: AsyncEngine, access: Access) -> APIRouter:
    """Return the route."""
    routes = APIRouter(prefix="/v1/log", tags=["log"])

    @routes.get("/places")
    async def places(_: Annotated[Principal, Depends(access.require("viewer"))]) -> Page:
        """Return the topic and every place for copies: size under its newest checkpoint, and how far it is behind."""
        async with engine.connect() as connection:
            found = await read_places(connection)
        items = [
            {
                "place": place.place,
                "size": place.checkpoint_size,
                "moved_at": format_time(place.moved_at),
                "behind_seconds": round(place.behind_seconds, 3),
            }
            for place in found
        ]
        return {"items": items, "next": None}

    return routes

"""How a record came to be what it is."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from govbus.eventing.access import Principal
from govbus.eventing.paging import DEFAULT_COUNT, INT32_MAX, Limit, Page, decode_cursor, encode_cursor, page
from govbus.eventing.service import Service
from govbus.inventory.api.addressing import model_subject
from govbus.inventory.api.documents import history_document
from govbus.inventory.api.reading import check_visible, found
from govbus.inventory.domain.record import Key
from govbus.inventory.store import records


def history_routes(service: Service) -> APIRouter:
    """Return the route of a record's states."""
    routes = APIRouter(prefix="/v1/models", tags=["inventory"])
    viewer = Depends(service.access.require("viewer"))

    @routes.get("/{namespace}/{name:path}/history")
    async def show_history(
        reader: Annotated[Principal, viewer],
        namespace: str,
        name: str,
        version: Annotated[str, Query(description="Of this version; empty for the model itself.")] = "",
        limit: Limit = DEFAULT_COUNT,
        cursor: str | None = None,
    ) -> Page:
        """Every state of a record, newest first, with the fact that caused it."""
        key = Key(model_subject(namespace, name), version)
        decoded = decode_cursor(cursor, int, largest=INT32_MAX)
        async with service.engine.connect() as connection:
            await check_visible(connection, reader, key)
            states = await records.history(connection, key, decoded[0] if decoded else None, limit + 1)
        if decoded is None:
            found(states[0] if states else None, key)
        earlier = [*states[1:], None]
        items = [history_document(before, state) for state, before in zip(states, earlier, strict=True)]
        return page(items, limit, encode_cursor(states[limit - 1].number) if len(states) > limit else None)

    return routes

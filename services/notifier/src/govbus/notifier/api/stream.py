"""Notifications live, as server-sent events: each change once, from where the client left off.

Source: WHATWG HTML, "Server-sent events".
"""

import asyncio
import time
from collections.abc import AsyncIterable
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header
from fastapi.sse import EventSourceResponse, ServerSentEvent

from govbus.eventing.access import Principal
from govbus.eventing.paging import decode_cursor, encode_cursor
from govbus.eventing.service import Service
from govbus.notifier.api.documents import notification_document
from govbus.notifier.store import notifications
from govbus.notifier.store.notifications import Place

_POLL_SECONDS: Final = 0.5
_BATCH_COUNT: Final = 100
_RETRY_MS: Final = 2000


def stream_routes(service: Service, stream_seconds: float) -> APIRouter:
    """Return `/v1/notifications/stream`; register it before routes that take the word as an id."""
    routes = APIRouter(tags=["notifications"])
    reader = Depends(service.access.require("viewer"))

    async def start(last_event_id: Annotated[str | None, Header()] = None) -> Place:
        """Read where the client was, before the answer begins, so that a wrong place is a problem document."""
        place = decode_cursor(last_event_id, int, int)
        if place is not None:
            return Place(*place)
        async with service.engine.connect() as connection:
            return await notifications.newest_place(connection)

    @routes.get("/v1/notifications/stream", response_class=EventSourceResponse)
    async def stream(
        _: Annotated[Principal, reader], place: Annotated[Place, Depends(start)]
    ) -> AsyncIterable[ServerSentEvent]:
        """Every change of a notification from now on, or from `Last-Event-ID` on; ends after a while, come back."""
        ends_at = time.monotonic() + stream_seconds
        yield ServerSentEvent(retry=_RETRY_MS, id=encode_cursor(place.transaction, place.ordinal))
        while time.monotonic() < ends_at:
            async with service.engine.connect() as connection:
                found = await notifications.changed_since(connection, place, _BATCH_COUNT)
            for place, notification in found:  # noqa: PLR1704 - the place of the last one sent
                cursor = encode_cursor(place.transaction, place.ordinal)
                yield ServerSentEvent(data=notification_document(notification), event="notification", id=cursor)
            if not found:
                await asyncio.sleep(_POLL_SECONDS)

    return routes

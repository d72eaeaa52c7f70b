"""The log as server-sent events: entries in index order as soon as a checkpoint covers them."""

from collections.abc import AsyncIterable
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent
from sqlalchemy.ext.asyncio import AsyncEngine

from govbus.audit_log.api.presentation import listed
from govbus.audit_log.domain.search import Wanted
from govbus.audit_log.progress import Progress
from govbus.audit_log.store.search import find_entries
from govbus.audit_log.store.state import read_state
from govbus.eventing.access import Access

_PAGE_COUNT: Final = 200
_INDEX: Final = r"^[0-9]{1,18}$"


def router(engine: AsyncEngine, access: Access, progress: Progress) -> APIRouter:
    """Return the route."""
    routes = APIRouter(prefix="/v1/log", tags=["log"], dependencies=[Depends(access.require("viewer"))])

    @routes.get("/stream", response_class=EventSourceResponse)
    async def stream(
        from_: Annotated[int | None, Query(alias="from", ge=0, lt=2**63)] = None,
        last_event_id: Annotated[str | None, Header(pattern=_INDEX)] = None,
    ) -> AsyncIterable[ServerSentEvent]:
        """Send every entry from index `from` on (without it: from now on), then each new one.

        A reconnecting browser goes on behind `Last-Event-ID`. Payloads that are not open are withheld: read those one
        by one, as each such reading is put on record.
        """
        if last_event_id is not None:
            index = int(last_event_id) + 1
        else:
            index = (await progress.now()).checkpoint_size if from_ is None else from_
        while True:
            signed_size = await progress.beyond(index)
            async with engine.connect() as connection:
                state = await read_state(connection)
                wanted = Wanted(from_index=index, below_index=signed_size)
                found = await find_entries(connection, wanted, _PAGE_COUNT)
            for record in found:
                shown = listed(record, state, confidential=False)
                yield ServerSentEvent(data=shown, event="entry", id=str(record.index))
                index = record.index + 1

    return routes

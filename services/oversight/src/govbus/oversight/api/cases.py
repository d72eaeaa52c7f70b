"""Cases: what people have to look at, and what became of it."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse

from govbus.contracts.envelope import format_time, parse_time
from govbus.contracts.fields import Moment
from govbus.eventing.access import Principal
from govbus.eventing.paging import DEFAULT_COUNT, Limit, Page, decode_cursor, encode_cursor, not_a_cursor, page
from govbus.eventing.service import Service
from govbus.oversight.api.acting import Act, absent, perform
from govbus.oversight.api.documents import Comment, case_document, line_document
from govbus.oversight.api.idempotency import Keyed, once
from govbus.oversight.domain.history import Action, Line
from govbus.oversight.domain.incident import State, noted
from govbus.oversight.store import incidents
from govbus.oversight.store.incidents import Filter

INCIDENT = "incident"


def case_routes(service: Service, clock: Callable[[], datetime]) -> APIRouter:
    """Return `/v1/cases…`."""
    routes = APIRouter(prefix="/v1/cases", tags=["cases"])
    reader = Depends(service.access.require("viewer"))
    desk = Depends(service.access.require("operator", "owner"))

    @routes.get("")
    async def list_cases(
        _: Annotated[Principal, reader],
        state: Annotated[list[State] | None, Query(description="May be repeated.")] = None,
        kind: Annotated[str | None, Query(description="`incident`; other kinds have no cases yet.")] = None,
        assignee: str | None = None,
        about: Annotated[str | None, Query(description="A governed subject.")] = None,
        due_before: Moment | None = None,
        limit: Limit = DEFAULT_COUNT,
        cursor: str | None = None,
    ) -> Page:
        """Cases, newest first."""
        if kind not in (None, INCIDENT):
            return page([], limit, None)
        wanted = Filter(states=tuple(state or ()), assignee=assignee, about=about, due_before=due_before)
        async with service.engine.connect() as connection:
            found = await incidents.page(connection, wanted, _place(cursor), limit + 1)
        last = found[limit - 1] if len(found) > limit else None
        cut = encode_cursor(format_time(last.opened.at), last.id) if last else None
        return page([case_document(incident) for incident in found], limit, cut)

    @routes.get("/{id_}")
    async def show_case(id_: UUID, _: Annotated[Principal, reader]) -> dict[str, Any]:
        """One case with its history, oldest line first."""
        async with service.engine.connect() as connection:
            incident = await incidents.find(connection, str(id_))
            lines = await incidents.history(connection, str(id_))
        if incident is None:
            raise absent(id_)
        return {**case_document(incident), "history": [line_document(line) for line in lines]}

    @routes.post("/{id_}/comments", status_code=201)
    async def comment(id_: UUID, body: Comment, who: Annotated[Principal, desk], asked: Keyed) -> JSONResponse:
        """Add a remark to the history; it is no event, and nobody is notified."""
        now = clock()
        act = Act(noted, Line(now, who.id, Action.COMMENTED, body.text))
        async with service.transaction() as (connection, outbox):
            return await once(
                connection, who.id, asked, now, 201, lambda: perform(connection, outbox, id_, act, who, now)
            )

    return routes


def _place(cursor: str | None) -> tuple[datetime, str] | None:
    key = decode_cursor(cursor, str, UUID)
    if key is None:
        return None
    try:
        return parse_time(key[0]), str(key[1])
    except ValueError:
        raise not_a_cursor() from None

"""Routes every service has for operators: parked records and rebuild."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from sqlalchemy.ext.asyncio import AsyncEngine

from govbus.eventing import parking
from govbus.eventing.access import Access, Principal
from govbus.eventing.paging import DEFAULT_COUNT, Limit, Page, decode_cursor, encode_cursor, page
from govbus.eventing.parking import Parked
from govbus.eventing.problems import Problem
from govbus.eventing.rebuilding import CannotRebuild
from govbus.eventing.replaying import NotParked, Replaying

Rebuild = Callable[[str], Awaitable[int]]
"""Who asks → how many records are handled again."""

State = Literal["parked", "resumed", "discarded"]


def router(service: str, engine: AsyncEngine, access: Access, replaying: Replaying, rebuild: Rebuild) -> APIRouter:
    """Return `/v1/ops/{service}/…` for this service."""
    routes = APIRouter(prefix=f"/v1/ops/{service}", tags=["operations"])
    operator = Depends(access.require("operator", "admin"))

    @routes.get("/parked")
    async def list_parked(
        _: Annotated[Principal, operator],
        limit: Limit = DEFAULT_COUNT,
        cursor: str | None = None,
        state: State = "parked",
    ) -> Page:
        """Records set aside, oldest first; their bytes are not shown here."""
        key = decode_cursor(cursor, UUID)
        async with engine.connect() as connection:
            found = await parking.list_parked(connection, state, key[0] if key else None, limit + 1)
        cut = encode_cursor(str(found[limit - 1].id)) if len(found) > limit else None
        return page([shown(item) for item in found], limit, cut)

    @routes.get("/parked/{id_}")
    async def show(id_: UUID, _: Annotated[Principal, operator]) -> dict[str, Any]:
        """One parked record."""
        async with engine.connect() as connection:
            found = await parking.find_parked(connection, id_)
        if found is None:
            raise _absent(id_)
        return shown(found)

    @routes.post("/parked/{id_}/replay")
    async def replay(id_: UUID, who: Annotated[Principal, operator]) -> dict[str, Any]:
        """Handle the record and those behind it again, in order."""
        try:
            done = await replaying.replay(id_, who.id)
        except NotParked:
            raise _absent(id_) from None
        if done.stopped_at is not None and not done.resumed:
            raise Problem(
                status=422,
                reason="still_refused",
                title="Refused again",
                detail=f"{done.reason}: {done.detail}. Mend the cause, or discard the record.",
            )
        return {
            "resumed": [str(item) for item in done.resumed],
            "stopped_at": str(done.stopped_at) if done.stopped_at else None,
            "reason": done.reason,
        }

    @routes.post("/parked/{id_}/discard")
    async def discard(id_: UUID, who: Annotated[Principal, operator]) -> dict[str, Any]:
        """Give the record up; this is on record."""
        try:
            await replaying.discard(id_, who.id)
        except NotParked:
            raise _absent(id_) from None
        return {"discarded": str(id_)}

    @routes.post("/rebuild", status_code=202)
    async def start_rebuild(who: Annotated[Principal, operator]) -> dict[str, Any]:
        """Empty the service's state and fold it again from the topics; nothing is published twice."""
        try:
            return {"records": await rebuild(who.id)}
        except CannotRebuild as error:
            raise _not_rebuilt(str(error)) from None

    return routes


def router_of_nothing(service: str, access: Access, why: str) -> APIRouter:
    """Return the same routes for a service that sets no record aside and folds nothing; `why` says so in words."""
    routes = APIRouter(prefix=f"/v1/ops/{service}", tags=["operations"])
    operator = Depends(access.require("operator", "admin"))

    @routes.get("/parked")
    async def list_parked(
        _: Annotated[Principal, operator],
        limit: Limit = DEFAULT_COUNT,
        cursor: str | None = None,
        state: State = "parked",  # noqa: ARG001 - the same parameters as everywhere
    ) -> Page:
        """No record of this service is ever set aside."""
        decode_cursor(cursor, UUID)
        return page([], limit, None)

    @routes.get("/parked/{id_}")
    @routes.post("/parked/{id_}/replay")
    @routes.post("/parked/{id_}/discard")
    async def show(id_: UUID, _: Annotated[Principal, operator]) -> dict[str, Any]:
        """No record of this service is ever set aside."""
        raise _absent(id_)

    @routes.post("/rebuild", status_code=202)
    async def start_rebuild(_: Annotated[Principal, operator]) -> dict[str, Any]:
        """Refuse: there is nothing here that the topics could give back."""
        raise _not_rebuilt(why)

    return routes


def shown(item: Parked) -> dict[str, Any]:
    """Return a parked record for operators, without its bytes, which may hold personal data."""
    record = item.record
    return {
        "id": str(item.id),
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "key": None if record.key is None else record.key.decode("utf-8", "backslashreplace"),
        "bytes": len(record.value or b""),
        "reason": item.reason,
        "detail": item.detail,
        "holds_key": item.holds_key,
        "state": item.state,
        "parked_at": item.parked_at.isoformat(),
        "settled_at": item.settled_at.isoformat() if item.settled_at else None,
        "settled_by": item.settled_by,
    }


def _absent(id_: UUID) -> Problem:
    return Problem(
        status=404, reason="not_parked", title="Not parked", detail=f"Nothing is parked under {id_}; see GET …/parked."
    )


def _not_rebuilt(why: str) -> Problem:
    return Problem(status=409, reason="cannot_rebuild", title="Cannot be rebuilt from the topics", detail=why)

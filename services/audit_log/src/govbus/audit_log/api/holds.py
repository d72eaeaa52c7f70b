"""Holds over HTTP: whoever may look into the log may place one; lifting takes two people."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncEngine

from govbus.audit_log.api import guard_refusals, refusals
from govbus.audit_log.domain import holds as domain
from govbus.audit_log.domain.consistency import Inconsistent
from govbus.audit_log.domain.erasures import LIMIT_COUNT
from govbus.audit_log.domain.holds import HoldScope
from govbus.audit_log.domain.index_ranges import ranges_of
from govbus.audit_log.holding import Holding, NotLifted
from govbus.audit_log.standing import NotCompared
from govbus.audit_log.store import holds as store
from govbus.audit_log.store.holds import StoredHold
from govbus.contracts.envelope import format_time
from govbus.contracts.fields import NO_NUL
from govbus.contracts.subjects import InvalidSubject, parse_subject
from govbus.eventing.access import Access, Principal
from govbus.eventing.paging import DEFAULT_COUNT, Limit, Page, decode_cursor, encode_cursor

PLACERS: Final = ("operator", "reviewer", "auditor", "admin")
LIFTERS: Final = ("reviewer", "auditor")
"""Administrators may place a hold; lifting one is approving."""

Index = Annotated[int, Field(ge=0, lt=2**63)]
HoldId = Annotated[str, Path(max_length=2000, pattern=NO_NUL)]
Reason = Annotated[str, Field(min_length=1, max_length=1000, pattern=NO_NUL)]


class NewHold(BaseModel):
    """Body of `POST /v1/holds`: exactly one of `subject`, `indexes`, `range`."""

    model_config = ConfigDict(extra="forbid")

    subject: Annotated[str, Field(min_length=1, max_length=1024, pattern=NO_NUL)] | None = Field(
        default=None, description="what is about it, or about what lies below it, now and later"
    )
    indexes: Annotated[list[Index], Field(min_length=1, max_length=LIMIT_COUNT)] | None = None
    range: tuple[Index, Index] | None = Field(default=None, description="first and last index, both held")
    reason: Reason = Field(description="why; stays on record, names nobody")

    @model_validator(mode="after")
    def _one(self) -> "NewHold":
        if sum(value is not None for value in (self.subject, self.indexes, self.range)) != 1:
            raise ValueError("say exactly one of subject, indexes, range")
        if self.range is not None and self.range[0] > self.range[1]:
            raise ValueError("range: the first index does not come before the last")
        if self.subject is not None:
            try:
                parse_subject(self.subject)
            except InvalidSubject as error:
                raise ValueError(f"subject: {error}") from None
        return self

    @property
    def scope(self) -> HoldScope:
        """What the hold covers."""
        if self.subject is not None:
            return HoldScope(subjects=(self.subject,))
        return HoldScope(ranges=ranges_of(self.indexes) if self.indexes else (self.range or (0, 0),))


def router(engine: AsyncEngine, access: Access, holding: Holding) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/v1/holds", tags=["holds"])
    placer = Annotated[Principal, Depends(access.require(*PLACERS))]
    lifter = Annotated[Principal, Depends(access.require(*LIFTERS))]

    @routes.post("", status_code=201)
    async def place(principal: placer, asked: NewHold) -> dict[str, Any]:
        """Place a hold; in force with the answer."""
        try:
            placed = await holding.place(asked.scope, asked.reason, principal.id)
        except (Inconsistent, NotCompared) as error:
            raise refusals.stopped(str(error)) from None
        return {"id": placed.id, "state": "in_force", "scope": domain.shown(placed.scope)}

    @routes.delete("/{id_:path}", responses={202: {"description": "Asked for; another person must ask, too"}})
    async def lift(
        principal: lifter, id_: HoldId, reason: Annotated[Reason, Query()], response: Response
    ) -> dict[str, Any]:
        """Ask for the lifting (202); a second person asking the same lifts it (200)."""
        try:
            after = await holding.ask_or_lift(id_, reason, principal.id)
        except NotLifted as error:
            raise guard_refusals.refused(error.reason, error.detail) from None
        except (Inconsistent, NotCompared) as error:
            raise refusals.stopped(str(error)) from None
        response.status_code = 202 if after.lifted_at is None else 200
        return shown(after)

    @routes.get("")
    async def holds(
        _: placer, *, in_force: bool = False, cursor: str | None = None, limit: Limit = DEFAULT_COUNT
    ) -> Page:
        """Return holds; those of oversight's events begin with `oversight/`."""
        after = decode_cursor(cursor, str)
        async with engine.connect() as connection:
            found = await store.page_of_holds(connection, after[0] if after else "", limit + 1, in_force=in_force)
        items = [shown(hold) | {"scope": domain.shown(scope)} for hold, scope in found[:limit]]
        return {"items": items, "next": encode_cursor(found[limit - 1][0].id) if len(found) > limit else None}

    return routes


def shown(hold: StoredHold) -> dict[str, Any]:
    """Return a hold as JSON."""
    asked_state = "in_force" if hold.lift_asked_by is None else "lift_asked"
    return {
        "id": hold.id,
        "state": asked_state if hold.lifted_at is None else "lifted",
        "origin": hold.origin,
        "reason": hold.reason,
        "placed_by": hold.placed_by,
        "placed_at": format_time(hold.placed_at),
        "lift_asked_by": hold.lift_asked_by,
        "lift_reason": hold.lift_reason,
        "lifted_by": hold.lifted_by,
        "lifted_at": format_time(hold.lifted_at) if hold.lifted_at else None,
    }

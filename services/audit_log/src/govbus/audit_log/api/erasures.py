"""Erasures of payloads over HTTP: one person asks, another confirms; then they are gone and an entry says so."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncEngine

from govbus.audit_log.api import guard_refusals, refusals
from govbus.audit_log.domain.classification import is_open
from govbus.audit_log.domain.consistency import Inconsistent
from govbus.audit_log.domain.erasures import LIMIT_COUNT
from govbus.audit_log.erasing import Eraser, Refused
from govbus.audit_log.standing import NotCompared
from govbus.audit_log.store import erasing as store
from govbus.audit_log.store.erasing import ErasureRequest
from govbus.contracts.envelope import format_time
from govbus.contracts.fields import NO_NUL
from govbus.contracts.identity import fresh_id
from govbus.eventing.access import Access, Principal
from govbus.eventing.paging import DEFAULT_COUNT, Limit, Page, decode_cursor, encode_cursor

ASKERS: Final = ("admin", "reviewer:privacy")
CONFIRMERS: Final = ("auditor", "reviewer:privacy")
"""Whoever only administrates approves nothing."""

_REASON_CHARACTERS: Final = 1000
Index = Annotated[int, Field(ge=0, lt=2**63)]
RequestId = Annotated[str, Path(max_length=100, pattern=NO_NUL)]
Words = Annotated[str, Field(min_length=1, max_length=1024, pattern=NO_NUL)]


class NewErasure(BaseModel):
    """Body of `POST /v1/log/erasures`: exactly one of `indexes`, `range`, `subject`, `actor`."""

    model_config = ConfigDict(extra="forbid")

    indexes: Annotated[list[Index], Field(min_length=1, max_length=LIMIT_COUNT)] | None = None
    range: tuple[Index, Index] | None = Field(default=None, description="first and last index, both erased")
    subject: Words | None = Field(default=None, description="the subject, exactly")
    actor: Words | None = Field(default=None, description="who did it, as `authid` names them")
    reason: str = Field(
        min_length=1, max_length=_REASON_CHARACTERS, pattern=NO_NUL, description="why; stays on record, names nobody"
    )

    @model_validator(mode="after")
    def _one(self) -> "NewErasure":
        if len(self.wanted) != 1:
            raise ValueError("say exactly one of indexes, range, subject, actor")
        return self

    @property
    def wanted(self) -> list[tuple[str, Any]]:
        """What is asked by, and for what."""
        asked = {"indexes": self.indexes, "range": self.range, "subject": self.subject, "actor": self.actor}
        return [(name, list(value) if name == "range" else value) for name, value in asked.items() if value is not None]


def router(engine: AsyncEngine, access: Access, eraser: Eraser, clock: Callable[[], datetime]) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/v1/log/erasures", tags=["erasures"])
    asker = Annotated[Principal, Depends(access.require(*ASKERS))]
    confirmer = Annotated[Principal, Depends(access.require(*CONFIRMERS))]
    reader = Annotated[Principal, Depends(access.require(*ASKERS, *CONFIRMERS))]

    @routes.post("", status_code=202)
    async def ask(principal: asker, asked: NewErasure) -> dict[str, Any]:
        """Ask for payloads to be erased; nothing happens before another person confirms it."""
        if not eraser.is_able:
            raise guard_refusals.no_eraser()
        [(by, wanted)] = asked.wanted
        request = ErasureRequest(fresh_id(), by, wanted, asked.reason, principal.id, clock(), None, None, None)
        async with engine.begin() as connection:
            found = await store.found_payloads(connection, by, wanted, LIMIT_COUNT + 1)
            if not found:
                raise guard_refusals.refused("nothing_there", "No payload is there that this asks for.")
            if len(found) > LIMIT_COUNT:
                raise guard_refusals.refused("too_many", f"More than {LIMIT_COUNT} payloads: ask by ranges of indexes.")
            await store.ask(connection, request)
        published_count = sum(is_open(classification) for _, classification in found)
        return shown(request, "asked") | {"count": len(found), "published_count": published_count}

    @routes.post("/{id_}/confirm", responses={202: {"description": "On record; some of it is held and waits"}})
    async def confirm(principal: confirmer, id_: RequestId, response: Response) -> dict[str, Any]:
        """Erase what another person asked for; 202 while some of it waits, as a hold placed meanwhile covers it."""
        if not eraser.is_able:
            raise guard_refusals.no_eraser()
        try:
            entry_index, count = await eraser.confirm(id_, principal.id)
        except Refused as error:
            raise guard_refusals.refused(error.reason, error.detail) from None
        except (Inconsistent, NotCompared) as error:
            raise refusals.stopped(str(error)) from None
        erased_count, left_count = await eraser.carry_out(entry_index)
        response.status_code = 202 if left_count else 200
        return {
            "id": id_,
            "state": "pending" if left_count else "erased",
            "entry": entry_index,
            "count": count,
            "erased_count": erased_count,
        }

    @routes.get("")
    async def requests(_: reader, cursor: str | None = None, limit: Limit = DEFAULT_COUNT) -> Page:
        """Return requests, oldest first."""
        after = decode_cursor(cursor, str)
        async with engine.connect() as connection:
            found = await store.page_of_requests(connection, after[0] if after else "", limit + 1)
            items = [shown(item, await _state(connection, item)) for item in found[:limit]]
        return {"items": items, "next": encode_cursor(found[limit - 1].id) if len(found) > limit else None}

    @routes.get("/{id_}")
    async def request_of(_: reader, id_: RequestId) -> dict[str, Any]:
        """Return one request and how far it is."""
        async with engine.connect() as connection:
            found = await store.request_of(connection, id_)
            if found is None:
                raise guard_refusals.refused("no_such_erasure", "There is no such request.")
            return shown(found, await _state(connection, found))

    return routes


async def _state(connection: Any, request: ErasureRequest) -> str:
    if request.entry_index is None:
        return "asked"
    return "erased" if await store.is_done(connection, request.entry_index) else "pending"


def shown(request: ErasureRequest, state: str) -> dict[str, Any]:
    """Return a request as JSON."""
    return {
        "id": request.id,
        "state": state,
        request.by: request.wanted,
        "reason": request.reason,
        "asked_by": request.asked_by,
        "asked_at": format_time(request.asked_at),
        "confirmed_by": request.confirmed_by,
        "confirmed_at": format_time(request.confirmed_at) if request.confirmed_at else None,
        "entry": request.entry_index,
    }

"""`POST /v1/erasures`: deletes a person's key, so that no copy of what was said of them can be read again."""

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.contracts import topics
from govbus.contracts.envelope import Event, format_time
from govbus.contracts.fields import NO_NUL
from govbus.eventing.access import Principal
from govbus.eventing.outbox import Outbox
from govbus.eventing.serialise import lock_subject
from govbus.intake.api.bodies import read_settings
from govbus.intake.api.keys import READER, unknown_person
from govbus.intake.api.registration import body_schema
from govbus.intake.callers import Callers
from govbus.intake.domain import personal_acts
from govbus.intake.domain.personal_fields import has_place, subject_of_person
from govbus.intake.reception import Reception
from govbus.intake.store import person_keys

ERASERS: Final = (READER, "admin")
"""Who deletes keys: an administrator cannot read what is deleted, and everything stays on record but the words."""

_PERSON_CHARACTERS: Final = 512
"""As long as a contract lets a pseudonym be."""

_REASON_CHARACTERS: Final = 1000


class NewErasure(BaseModel):
    """Body of `POST /v1/erasures`."""

    model_config = ConfigDict(extra="forbid")

    person: str = Field(
        min_length=1,
        max_length=_PERSON_CHARACTERS,
        pattern=NO_NUL,
        description="the pseudonym as facts state it, or fact-<position> for a fact that names nobody",
    )
    reason: str = Field(
        min_length=1,
        max_length=_REASON_CHARACTERS,
        pattern=NO_NUL,
        description="why; goes on record, so it names nobody",
    )


def router(reception: Reception, callers: Callers) -> APIRouter:
    """Return the route of erasures."""
    routes = APIRouter(tags=["personal data"])
    Eraser = Annotated[Principal, Depends(callers.person(*ERASERS))]  # noqa: N806 - a type

    @routes.post("/v1/erasures", openapi_extra=body_schema(NewErasure))
    async def erase(principal: Eraser, request: Request) -> dict[str, Any]:
        """Erase a person and return the receipt; asked again it says when it was done, and does nothing."""
        asked = await read_settings(request, NewErasure)
        if not has_place(asked.person):
            raise unknown_person()
        async with reception.transaction() as (connection, outbox):
            return await _erase(connection, outbox, asked, principal, reception.clock())

    return routes


async def _erase(
    connection: AsyncConnection, outbox: Outbox, asked: NewErasure, principal: Principal, now: datetime
) -> dict[str, Any]:
    """Delete the key and put it on record in one transaction; the lock keeps facts about the person out meanwhile.

    Whatever forbids an erasure is looked up here, behind the lock and before the deletion.
    """
    await lock_subject(connection, subject_of_person(asked.person))
    deleted = await person_keys.erase(connection, asked.person, now)
    if not deleted:
        return await _done_before(connection, asked.person)
    event = personal_acts.erased(asked.person, asked.reason, deleted, principal.actor, now)
    outbox.append(event, topics.REJECTED)
    return {**_receipt(asked.person, now, deleted), "already_erased": False, "event": _identity(event)}


async def _done_before(connection: AsyncConnection, person: str) -> dict[str, Any]:
    kept = await person_keys.of_person(connection, person)
    times = [key.erased_at for key in kept if key.erased_at is not None]
    if not times:
        raise unknown_person()
    return {**_receipt(person, max(times), [key.id for key in kept]), "already_erased": True, "event": None}


def _receipt(person: str, erased_at: datetime, key_ids: list[str]) -> dict[str, Any]:
    return {"person": person, "erased_at": format_time(erased_at), "key_ids": key_ids}


def _identity(event: Event) -> dict[str, str]:
    return {"source": event.source, "type": event.type, "id": event.id}

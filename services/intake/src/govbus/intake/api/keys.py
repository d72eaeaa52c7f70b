"""`GET /v1/keys/{person}`: the key that opens a person's sealed texts, for the few who may, each request on record."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.contracts import topics
from govbus.contracts.envelope import format_time
from govbus.contracts.fields import NO_NUL
from govbus.contracts.making import Actor
from govbus.contracts.personal import PersonKey, jwk_of
from govbus.eventing.problems import Problem
from govbus.eventing.serialise import lock_subject
from govbus.intake.api.answers import problem_of
from govbus.intake.callers import Callers
from govbus.intake.domain.personal_acts import key_read
from govbus.intake.domain.personal_fields import has_place, subject_of_person
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.source import Source
from govbus.intake.keyring import opened
from govbus.intake.reception import Reception
from govbus.intake.sealing import Sealer
from govbus.intake.store import person_keys
from govbus.intake.store.person_keys import KeptKey

READER: Final = "reviewer:privacy"
"""The one role that reads personal data: intake knows no cases, so it cannot tell whose case somebody works on."""

_PURPOSE_CHARACTERS: Final = 500

Purpose = Annotated[
    str,
    Query(
        min_length=1,
        max_length=_PURPOSE_CHARACTERS,
        pattern=NO_NUL,
        description="what the keys are wanted for; goes on record, so it names nobody",
    ),
]


@dataclass(frozen=True, slots=True)
class _Decision:
    """What a request comes to: keys in the clear, or why there are none."""

    kept: list[KeptKey]
    keys: list[PersonKey]
    refusal: str | None


def router(reception: Reception, callers: Callers, sealer: Sealer) -> APIRouter:
    """Return the route of keys."""
    routes = APIRouter(tags=["personal data"])

    @routes.get("/v1/keys/{person:path}")
    async def read(person: str, purpose: Purpose, request: Request, response: Response) -> dict[str, Any]:
        """Hand out a person's key as a JWK Set once the request for it is on record; a refused one is on record too."""
        caller = await callers.reader(request)
        actor = Actor(caller.uri, caller.auth_type) if isinstance(caller, Source) else caller.actor
        is_allowed = not isinstance(caller, Source) and caller.has(READER)
        if not has_place(person):
            raise unknown_person()
        async with reception.transaction() as (connection, outbox):
            decision = await _decide(connection, person, sealer, is_allowed=is_allowed)
            key_ids = [key.id for key in decision.keys]
            outbox.append(
                key_read(person, purpose, key_ids, decision.refusal, actor, reception.clock()), topics.REJECTED
            )
        if decision.refusal is not None:
            raise _refused(decision)
        response.headers["Cache-Control"] = "no-store"
        return {"person": person, "keys": [jwk_of(key) for key in decision.keys], "erased": _erased(decision.kept)}

    return routes


async def _decide(connection: AsyncConnection, person: str, sealer: Sealer, *, is_allowed: bool) -> _Decision:
    """Return what is handed out; whoever may not read does not learn whether there is anything."""
    if not is_allowed:
        return _Decision([], [], "role_missing")
    await lock_subject(connection, subject_of_person(person))
    kept = await person_keys.of_person(connection, person)
    keys = [opened(sealer, key) for key in kept if key.erased_at is None]
    if keys:
        return _Decision(kept, keys, None)
    return _Decision(kept, [], "erased" if kept else "unknown_person")


def _refused(decision: _Decision) -> Problem:
    if decision.refusal == "role_missing":
        return problem_of(Refused("not_yours", f"Keys of persons need the role {READER}; this request is on record."))
    if decision.refusal == "erased":
        return Problem(
            status=410,
            reason="erased",
            title="Erased",
            detail=f"The key was deleted at {_erased(decision.kept)[-1]['erased_at']}; what it sealed cannot be read.",
        )
    return unknown_person()


def unknown_person() -> Problem:
    """Return the problem of a person of whom nothing personal was ever said."""
    return Problem(
        status=404,
        reason="unknown_person",
        title="No such person",
        detail="No key has this name: the `person` of a fact, or fact-<position> for a fact that names nobody.",
    )


def _erased(kept: list[KeptKey]) -> list[dict[str, str]]:
    return [{"kid": key.id, "erased_at": format_time(key.erased_at)} for key in kept if key.erased_at is not None]

"""`POST /v1/events` in all three CloudEvents modes, and where one's event is."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from govbus.contracts import topics
from govbus.contracts.envelope import (
    BATCH_CONTENT_TYPE,
    STRUCTURED_CONTENT_TYPE,
    format_time,
)
from govbus.contracts.identity import identity_digest
from govbus.eventing.problems import Problem
from govbus.intake.api.answers import TAKEN, answer, batch_answer
from govbus.intake.api.bodies import body_limit_bytes, headers_of, read_body
from govbus.intake.callers import Callers
from govbus.intake.domain.http_binding import Mode
from govbus.intake.domain.inputs import Input, Unit
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.source import Source
from govbus.intake.domain.units import read_request
from govbus.intake.reception import Reception, reading
from govbus.intake.store import places, register

_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {
            STRUCTURED_CONTENT_TYPE: {"schema": {"type": "object"}},
            BATCH_CONTENT_TYPE: {"schema": {"type": "array", "items": {"type": "object"}}},
            "application/json": {"schema": {}},
        },
    }
}
Text = Annotated[str, Query(min_length=1, max_length=1024)]


def router(reception: Reception, callers: Callers) -> APIRouter:
    """Return the event routes."""
    routes = APIRouter(tags=["events"])

    @routes.post("/v1/events", status_code=202, responses=TAKEN, openapi_extra=_BODY)
    async def emit(request: Request) -> JSONResponse:
        """Take one CloudEvent (binary or structured) or a batch; the answer comes after the commit."""
        source, refusal = await callers.emitter(request)
        mode, units = await _units(request, source, refusal, reception)
        outcomes = await reception.take(source, units)
        instance = request.url.path
        return batch_answer(outcomes, instance) if mode is Mode.BATCH else answer(outcomes[0], instance)

    @routes.get("/v1/events")
    async def find(request: Request, source: Text, type: Text, id: Text) -> dict[str, Any]:  # noqa: A002 - wire names
        """Say whether an event was accepted, and where it stands on Kafka and in the audit log."""
        caller = await callers.reader(request)
        async with reading(reception.transaction) as connection:
            found = await register.find(connection, identity_digest(source, type, id))
            known = await places.find(connection, found.identities) if found else {}
        if found is None or (isinstance(caller, Source) and caller.name != found.source_name):
            raise Problem(
                status=404, reason="not_accepted", title="Not accepted", detail="No such event of yours was accepted."
            )
        return {"source": source, "type": type, "id": id, **_found(found, known)}

    return routes


def _found(found: register.Registered, known: Mapping[bytes, places.Place]) -> dict[str, Any]:
    last = found.identities[-1] if found.identities else b""
    return {
        "status": "accepted",
        "topic": topics.FACTS,
        "position": last.hex() or None,
        "positions": [identity.hex() for identity in found.identities],
        "recordedtime": format_time(found.recorded_at),
        **_place(known.get(last)),
    }


def _place(place: places.Place | None) -> dict[str, int | None]:
    """Return where a fact stands; null until the audit log has published it."""
    if place is None:
        return {"partition": None, "offset": None, "log_index": None}
    return {"partition": place.partition, "offset": place.offset, "log_index": place.log_index}


async def _units(
    request: Request, source: Source, not_allowed: Refused | None, reception: Reception
) -> tuple[Mode | None, list[Unit]]:
    """Return the units of a request; one that cannot be read as a whole is one refused unit, on record as well."""
    headers = headers_of(request)
    input_ = Input("event", headers, None)
    if not_allowed is not None:
        return None, [Unit(input_, refused=not_allowed)]
    try:
        input_ = Input("event", headers, await read_body(request, body_limit_bytes(source)))
        read = partial(read_request, input_, source, reception.mappings, reception.clock())
        return await reception.read(input_.raw, read)
    except Refused as refusal:
        return None, [Unit(input_, refused=refusal)]

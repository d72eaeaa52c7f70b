"""`POST /api/v1/lineage`: OpenLineage's own endpoint, so that its clients need no more than an address and a key.

The key is a source's credential; the source is registered with the mapping `openlineage`. Clients take any 2xx for
success and retry 500, 502, 503 and 504 only: an event that was refused is told as 4xx, and is on record.

Source: OpenLineage specification 2-0-2, "OpenLineage API"; openlineage-python 1.54.0, HTTP transport.
"""

from collections.abc import Sequence
from functools import partial
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from govbus.intake.admission import Outcome
from govbus.intake.api.answers import TAKEN, answer, batch_answer
from govbus.intake.api.bodies import body_limit_bytes, headers_of, read_body
from govbus.intake.callers import Callers
from govbus.intake.domain.deliveries import read_delivery
from govbus.intake.domain.inputs import Input, Unit
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.source import Source
from govbus.intake.reception import Reception

MAPPING: Final = "openlineage"

_CREATED: Final = 201
"""What Marquez, OpenLineage's reference, answers to an event it took."""

_EVENT: Final = {"type": "object"}
_SCHEMA: Final = {"anyOf": [_EVENT, {"type": "array", "items": _EVENT}]}
_BODY: Final = {"requestBody": {"required": True, "content": {"application/json": {"schema": _SCHEMA}}}}


def router(reception: Reception, callers: Callers) -> APIRouter:
    """Return the lineage route."""
    routes = APIRouter(tags=["webhooks"])

    @routes.post("/api/v1/lineage", status_code=_CREATED, responses=TAKEN, openapi_extra=_BODY)
    async def take(request: Request) -> JSONResponse:
        """Take one OpenLineage event, or a list of them, each judged on its own; gzip is unpacked."""
        source, refusal = await callers.emitter(request)
        units = await _units(request, source, refusal, reception)
        return _answer(await reception.take(source, units), request.url.path)

    return routes


async def _units(request: Request, source: Source, refusal: Refused | None, reception: Reception) -> list[Unit]:
    input_ = Input("webhook", headers_of(request), None)
    refused = refusal or _not_openlineage(source)
    if refused is not None:
        return [Unit(input_, refused=refused)]
    try:
        body = await read_body(request, body_limit_bytes(source))
    except Refused as unread:
        return [Unit(input_, refused=unread)]
    whole = Input("webhook", input_.headers, body)
    return await reception.read(body, partial(read_delivery, whole, source, reception.mappings, reception.clock()))


def _not_openlineage(source: Source) -> Refused | None:
    if source.auth_type == "person":
        return Refused("not_yours", "Lineage is sent with the credential of a source, not with a person's token.")
    if source.mapping != MAPPING:
        return Refused("unmapped", f"{source.name} is not registered with the mapping {MAPPING!r}.")
    return None


def _answer(outcomes: Sequence[Outcome], instance: str) -> JSONResponse:
    """Return the answer to one event, or to a list; a list of which nothing was taken is refused like its first."""
    refused = all(outcome.status == "rejected" for outcome in outcomes)
    if len(outcomes) == 1 or refused:
        response = answer(outcomes[0], instance)
    else:
        response = batch_answer(list(outcomes), instance)
    if any(outcome.status == "accepted" for outcome in outcomes):
        response.status_code = _CREATED
    return response

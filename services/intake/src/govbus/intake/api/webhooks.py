"""`POST /v1/webhooks/{source}`: a platform's own payload, signed by its scheme over the raw bytes."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from govbus.contracts.limits import BODY_BYTES
from govbus.intake.api.answers import answer, problem_of
from govbus.intake.api.bodies import headers_of, read_body
from govbus.intake.callers import Callers
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.signatures import SCHEMES, check_window, verify
from govbus.intake.domain.source import Source
from govbus.intake.domain.units import Input, Unit, read_delivery
from govbus.intake.reception import Reception, reading
from govbus.intake.sealing import Sealer
from govbus.intake.store import sources

_BODY: Final = {"requestBody": {"required": True, "content": {"application/json": {"schema": {}}}}}


def secret_purpose(source_name: str) -> str:
    """Return what a source's signature secret is sealed for."""
    return f"signature/{source_name}"


def router(reception: Reception, callers: Callers, sealer: Sealer) -> APIRouter:
    """Return the webhook route."""
    routes = APIRouter(tags=["webhooks"])

    @routes.post("/v1/webhooks/{source_name}", status_code=202, openapi_extra=_BODY)
    async def take(source_name: str, request: Request) -> JSONResponse:
        """Take one delivery; a retry of the same delivery is a duplicate, a test delivery is ignored and recorded."""
        async with reading(reception.transaction) as connection:
            found = await sources.find_signing(connection, source_name)
        if found is None:
            reception.refuse_unknown("unknown_source")
            raise problem_of(Refused("unknown_source", "Register it with POST /v1/sources."))
        source, sealed_secret = found
        if sealed_secret is None:
            source, unit = await _by_credential(request, source, reception, callers)
        else:
            secret = sealer.open(sealed_secret, secret_purpose(source.name)).decode()
            unit = await _by_signature(request, source, secret, reception)
        (outcome,) = await reception.take(source, [unit])
        return answer(outcome, request.url.path)

    return routes


async def _by_signature(request: Request, source: Source, secret: str, reception: Reception) -> Unit:
    """Return the unit of a signed delivery; what is not signed is counted and refused, never on record."""
    scheme = SCHEMES[source.signature_scheme or ""]
    headers = dict(headers_of(request))
    try:
        body = await read_body(request, BODY_BYTES)
        verify(scheme, secret, headers, body)
    except Refused as refusal:
        reception.refuse_unknown(refusal.reason, source.name)
        raise problem_of(refusal) from None
    input_ = Input("webhook", tuple(headers.items()), body)
    try:
        check_window(scheme, headers, reception.clock(), source.replay_window_seconds)
    except Refused as refusal:
        return Unit(input_, refused=refusal)
    return read_delivery(input_, source, reception.mappings)


async def _by_credential(
    request: Request, source: Source, reception: Reception, callers: Callers
) -> tuple[Source, Unit]:
    """Return who delivers and the unit, for a platform that does not sign but sends its credential."""
    headers = headers_of(request)
    input_ = Input("webhook", headers, None)
    caller, refusal = await callers.emitter(request)
    if refusal is not None or caller.name != source.name:
        return caller, Unit(input_, refused=refusal or Refused("not_yours", f"This is not {source.name}'s credential."))
    try:
        input_ = Input("webhook", headers, await read_body(request, BODY_BYTES))
    except Refused as unread:
        return caller, Unit(input_, refused=unread)
    return caller, read_delivery(input_, source, reception.mappings)

"""`POST /v1/webhooks/{source}`: a platform's own payload, signed by its scheme over the raw bytes."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from govbus.contracts.limits import BODY_BYTES
from govbus.intake.api.answers import answer_all, problem_of
from govbus.intake.api.bodies import headers_of, read_body
from govbus.intake.callers import Callers
from govbus.intake.domain.deliveries import STATED, read_delivery
from govbus.intake.domain.inputs import Input, Unit
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.signatures import SCHEMES, check_window, verify
from govbus.intake.domain.source import Source
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
            source, units = await _by_credential(request, source, reception, callers)
        else:
            secret = sealer.open(sealed_secret, secret_purpose(source.name)).decode()
            units = await _by_signature(request, source, secret, reception)
        return answer_all(await reception.take(source, units), request.url.path)

    return routes


def stated_in(request: Request) -> dict[str, str]:
    """Return what the sender states beside the payload, in the address: the subject of a report that names none."""
    return {name: request.query_params[name] for name in STATED if request.query_params.get(name)}


async def _by_signature(request: Request, source: Source, secret: str, reception: Reception) -> list[Unit]:
    """Return the units of a signed delivery; what is not signed is counted and refused, never on record."""
    scheme = SCHEMES[source.signature_scheme or ""]
    headers = dict(headers_of(request))
    try:
        body = await read_body(request, BODY_BYTES)
        verify(scheme, secret, headers, body)
    except Refused as refusal:
        reception.refuse_unknown(refusal.reason, source.name)
        raise problem_of(refusal) from None
    input_ = Input("webhook", tuple(headers.items()), body, stated_in(request))
    try:
        check_window(scheme, headers, reception.clock(), source.replay_window_seconds)
    except Refused as refusal:
        return [Unit(input_, refused=refusal)]
    return read_delivery(input_, source, reception.mappings, reception.clock())


async def _by_credential(
    request: Request, source: Source, reception: Reception, callers: Callers
) -> tuple[Source, list[Unit]]:
    """Return who delivers and the units, for a platform that does not sign but sends its credential."""
    headers = headers_of(request)
    input_ = Input("webhook", headers, None)
    caller, refusal = await callers.emitter(request)
    if refusal is not None or caller.name != source.name:
        refused = refusal or Refused("not_yours", f"This is not {source.name}'s credential.")
        return caller, [Unit(input_, refused=refused)]
    try:
        input_ = Input("webhook", headers, await read_body(request, BODY_BYTES), stated_in(request))
    except Refused as unread:
        return caller, [Unit(input_, refused=unread)]
    return caller, read_delivery(input_, source, reception.mappings, reception.clock())

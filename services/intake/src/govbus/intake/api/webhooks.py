"""`POST /v1/webhooks/{source}`: a platform's own payload, authenticated by its scheme over the raw bytes."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from govbus.intake.api.answers import TAKEN, answer_all, problem_of
from govbus.intake.api.bodies import body_limit_bytes, headers_of, read_body
from govbus.intake.api.handshaking import Handshaking
from govbus.intake.api.signed import SignedDeliveries
from govbus.intake.callers import Callers
from govbus.intake.domain.deliveries import STATED, read_delivery
from govbus.intake.domain.evidence import Evidence
from govbus.intake.domain.handshakes import Handshake, asked
from govbus.intake.domain.inputs import Input, Unit
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.schemes import NONE, SCHEMES, check_window
from govbus.intake.domain.source import Source
from govbus.intake.reception import Reception, reading
from govbus.intake.store import signature_keys, sources
from govbus.intake.store.signature_keys import SignatureKey

_BODY: Final = {"requestBody": {"required": True, "content": {"application/json": {"schema": {}}}}}


def router(reception: Reception, callers: Callers, deliveries: SignedDeliveries, handshaking: Handshaking) -> APIRouter:
    """Return the webhook route."""
    routes = APIRouter(tags=["webhooks"])

    @routes.post("/v1/webhooks/{source_name}", status_code=202, responses=TAKEN, openapi_extra=_BODY)
    async def take(source_name: str, request: Request) -> JSONResponse:
        """Take one delivery; a retry of the same delivery is a duplicate, a test delivery is ignored and recorded."""
        source, keys = await find_signing(source_name, reception)
        if source.signature_scheme is None:
            source, units = await _by_credential(request, source, reception, callers)
            return answer_all(await reception.take(source, units), request.url.path)
        reception.check_rate(source)
        evidence = await deliveries.read(request, source, keys)
        input_ = Input("webhook", headers_of(request), evidence.body, stated_in(request))
        try:
            handshake = _asked(source, evidence, reception)
        except Refused as refusal:
            return answer_all(await reception.take(source, [Unit(input_, refused=refusal)]), request.url.path)
        if handshake is not None:
            return await handshaking.answer(source, handshake, input_)
        units = await _units(input_, source, reception)
        return answer_all(await reception.take(source, units), request.url.path)

    return routes


async def find_signing(source_name: str, reception: Reception) -> tuple[Source, Sequence[SignatureKey]]:
    """Return a registered platform and its good keys.

    Raises:
        Problem: 404.
    """
    async with reading(reception.transaction) as connection:
        found = await sources.find(connection, source_name)
        keys = await signature_keys.good(connection, [source_name], reception.clock()) if found else []
    if found is None or found.removed_at is not None:
        reception.refuse_unknown("unknown_source")
        raise problem_of(Refused("unknown_source", "Register it with POST /v1/sources."))
    return found.source, keys


def _asked(source: Source, evidence: Evidence, reception: Reception) -> Handshake | None:
    """Return the handshake that an authentic delivery is; one from outside of the window is refused, on record."""
    scheme = source.signature_scheme or NONE
    check_window(SCHEMES[scheme], evidence, reception.clock(), source.replay_window_seconds)
    return asked(scheme, evidence)


def stated_in(request: Request) -> dict[str, str]:
    """Return what the sender states beside the payload, in the address: the subject of a report that names none."""
    return {name: request.query_params[name] for name in STATED if request.query_params.get(name)}


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
        input_ = Input("webhook", headers, await read_body(request, body_limit_bytes(caller)), stated_in(request))
    except Refused as unread:
        return caller, [Unit(input_, refused=unread)]
    return caller, await _units(input_, caller, reception)


async def _units(input_: Input, source: Source, reception: Reception) -> list[Unit]:
    read = partial(read_delivery, input_, source, reception.mappings, reception.clock())
    return await reception.read(input_.raw, read)

"""Handshakes of webhooks: recorded, answered, and confirmed by us or by an operator."""

import logging
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from govbus.contracts.envelope import format_time
from govbus.eventing.access import Principal
from govbus.eventing.problems import Problem
from govbus.intake.api.answers import problem_of
from govbus.intake.api.credentials import ADMINS
from govbus.intake.callers import Callers
from govbus.intake.confirming import Confirmer, NotConfirmed
from govbus.intake.domain.handshakes import ORIGIN, ORIGIN_HEADER, Handshake
from govbus.intake.domain.inputs import Input, Unit
from govbus.intake.domain.mapping import Ignored
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.source import Source
from govbus.intake.reception import Reception, reading
from govbus.intake.sealing import Sealer
from govbus.intake.store import handshakes, sources

_RETRY_SECONDS: Final = 60
_log: Final = logging.getLogger(__name__)


def _purpose(source_name: str) -> str:
    """Return what an address that confirms a subscription is sealed for."""
    return f"handshake/{source_name}"


class Handshaking:
    """Answers the handshakes of authentic senders."""

    def __init__(self, reception: Reception, sealer: Sealer, confirmer: Confirmer) -> None:
        """Take the parts."""
        self._reception = reception
        self._sealer = sealer
        self._confirmer = confirmer

    async def answer(self, source: Source, handshake: Handshake, input_: Input) -> JSONResponse:
        """Record a handshake and answer it; a confirmation that fails is 503, so that the platform asks again."""
        is_confirmed = handshake.code is not None
        if source.confirms and handshake.kind == "sns_subscription" and handshake.url is not None:
            await self._confirm(source, handshake.url)
            is_confirmed = True
        await self._keep(source, handshake, is_confirmed)
        unit = Unit(input_, ignored=Ignored("handshake", handshake.kind), claimed={"subject": handshake.subject})
        await self._reception.take(source, [unit])
        if handshake.code is not None:
            return JSONResponse({"validationResponse": handshake.code})
        return JSONResponse({"status": "ignored", "reason": "handshake", "confirmed": is_confirmed})

    async def waiting(self, source_name: str) -> list[dict[str, Any]]:
        """Return a source's handshakes with the addresses that confirm them."""
        async with reading(self._reception.transaction) as connection:
            if await sources.find(connection, source_name) is None:
                raise problem_of(Refused("unknown_source", "GET /v1/sources lists them."))
            found = await handshakes.of_source(connection, source_name)
        return [
            {
                "kind": one.kind,
                "subject": one.subject,
                "received_at": format_time(one.received_at),
                "confirmed_at": format_time(one.confirmed_at) if one.confirmed_at else None,
                "confirm_url": None if one.confirmed_at else self._opened(one),
            }
            for one in found
        ]

    async def _confirm(self, source: Source, url: str) -> None:
        try:
            await self._confirmer.visit(url)
        except NotConfirmed as failure:
            _log.warning("subscription of source %s not confirmed: %s", source.name, failure)
            raise Problem(
                status=503,
                reason="not_confirmed",
                title="The subscription could not be confirmed",
                detail="Its SubscribeURL could not be visited; it is tried again when the platform asks again.",
                headers={"Retry-After": str(_RETRY_SECONDS)},
            ) from None

    async def _keep(self, source: Source, handshake: Handshake, is_confirmed: bool) -> None:  # noqa: FBT001 - a fact
        now = self._reception.clock()
        url = handshake.url.encode() if handshake.url and not is_confirmed else None
        sealed = self._sealer.seal(url, _purpose(source.name)) if url else None
        kept = handshakes.Handshake(
            source.name, handshake.subject, handshake.kind, now, sealed, now if is_confirmed else None
        )
        async with self._reception.transaction() as (connection, _):
            await handshakes.put(connection, kept)
        _log.info("handshake %s of source %s", handshake.kind, source.name)

    def _opened(self, kept: handshakes.Handshake) -> str | None:
        if kept.sealed_url is None:
            return None
        return self._sealer.open(kept.sealed_url, _purpose(kept.source_name)).decode()


def router(reception: Reception, callers: Callers, handshaking: Handshaking) -> APIRouter:
    """Return the routes of handshakes."""
    routes = APIRouter(tags=["webhooks"])
    Admin = Annotated[Principal, Depends(callers.person(*ADMINS))]  # noqa: N806 - a type

    @routes.options("/v1/webhooks/{source_name}")
    async def permit(source_name: str, request: Request) -> Response:
        """Say that a registered platform may deliver, and how fast: CloudEvents' protection against abuse."""
        origin = request.headers.get(ORIGIN_HEADER, "")
        if not ORIGIN.fullmatch(origin):
            raise problem_of(Refused("bad_headers", "WebHook-Request-Origin names the sender: a DNS name."))
        async with reading(reception.transaction) as connection:
            found = await sources.find(connection, source_name)
        if found is None or found.removed_at is not None:
            reception.refuse_unknown("unknown_source")
            raise problem_of(Refused("unknown_source", "Register it with POST /v1/sources."))
        per_minute = int(reception.rates.per_second(found.source) * 60)
        headers = {
            "WebHook-Allowed-Origin": origin,
            "WebHook-Allowed-Rate": str(max(1, per_minute)),
            "Allow": "POST, OPTIONS",
        }
        return Response(status_code=200, headers=headers)

    @routes.get("/v1/sources/{name}/handshakes")
    async def listed(name: str, _: Admin) -> dict[str, Any]:
        """List a platform's handshakes; `confirm_url` is what an operator visits to let its subscription begin."""
        return {"items": await handshaking.waiting(name), "next": None}

    return routes

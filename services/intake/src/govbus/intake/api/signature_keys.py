"""`/v1/sources/{name}/signature`: what a platform signs with, shown without secrets and changed without a gap."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.contracts.envelope import format_time
from govbus.contracts.identity import fresh_id
from govbus.eventing.access import Principal
from govbus.eventing.problems import Problem
from govbus.intake.api.answers import problem_of
from govbus.intake.api.bodies import read_settings
from govbus.intake.api.credentials import ADMINS
from govbus.intake.api.registration import body_schema
from govbus.intake.api.signatures import NewSecret, Signature
from govbus.intake.api.signed import secret_purpose
from govbus.intake.callers import Callers
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.schemes import NONE, SNS
from govbus.intake.domain.sns import expires_at, fingerprint
from govbus.intake.domain.source import Source
from govbus.intake.reception import Reception, reading
from govbus.intake.sealing import Sealer
from govbus.intake.store import signature_keys, source_changes, sources
from govbus.intake.store.signature_keys import SignatureKey
from govbus.intake.store.source_changes import Change

KEYS_COUNT: Final = 5
"""Keys that may be good at once: each is tried on every delivery."""


def router(reception: Reception, callers: Callers, sealer: Sealer) -> APIRouter:
    """Return the routes of signature secrets."""
    routes = APIRouter(tags=["sources"])
    Admin = Annotated[Principal, Depends(callers.person(*ADMINS))]  # noqa: N806 - a type

    @routes.get("/v1/sources/{name}/signature")
    async def shown(name: str, _: Admin) -> dict[str, Any]:
        """Show the scheme and which keys are good; never what they are."""
        async with reading(reception.transaction) as connection:
            source = await _signing(connection, name)
            keys = await signature_keys.good(connection, [name], reception.clock())
        return _document(source, keys, sealer)

    @routes.post("/v1/sources/{name}/signature", openapi_extra=body_schema(NewSecret))
    async def rotate(name: str, principal: Admin, request: Request) -> dict[str, Any]:
        """Set a new secret; the old ones stay good for `overlap_seconds`, while the platform changes over."""
        asked = await read_settings(request, NewSecret)
        now = reception.clock()
        async with reception.transaction() as (connection, _):
            source = await _signing(connection, name)
            signature = _checked(asked, source)
            kept = await add_key(connection, sealer, name, signature, principal.id, now)
            ends_at = now + timedelta(seconds=asked.overlap_seconds)
            await signature_keys.expire_others(connection, name, kept.id, ends_at)
            keys = await signature_keys.good(connection, [name], now)
            if len(keys) > KEYS_COUNT:
                raise _too_many()
            change = Change(now, principal.id, {"signature_key": [None, str(kept.id)]})
            await source_changes.add(connection, name, change)
        return _document(source, keys, sealer)

    return routes


async def add_key(
    connection: AsyncConnection, sealer: Sealer, name: str, signature: Signature, by: str, now: datetime
) -> SignatureKey:
    """Keep what a platform signs with, sealed; a certificate is good until it ends itself."""
    ends_at = expires_at(signature.key_text) if signature.scheme == SNS else None
    sealed = sealer.seal(signature.key_text.encode(), secret_purpose(name))
    key = SignatureKey(UUID(fresh_id()), name, sealed, now, by, ends_at)
    await signature_keys.add(connection, key)
    return key


def _checked(asked: NewSecret, source: Source) -> Signature:
    """Return the new secret as the source's scheme wants it.

    Raises:
        Problem: 422.
    """
    try:
        return Signature.of(source.signature_scheme or NONE, asked, source.signature_topics)
    except ValueError as error:
        raise Problem(
            status=422,
            reason="invalid_request",
            title="Request refused",
            detail="Mend what `errors` names and send it again.",
            errors=[{"pointer": f"/{'certificate' if asked.certificate else 'secret'}", "detail": str(error)}],
        ) from None


async def _signing(connection: AsyncConnection, name: str) -> Source:
    found = await sources.find(connection, name)
    if found is None or found.removed_at is not None:
        raise problem_of(Refused("unknown_source", "GET /v1/sources lists them."))
    if found.source.signature_scheme in {None, NONE}:
        raise Problem(
            status=409,
            reason="not_signing",
            title="This source does not sign",
            detail="It was registered without a signature scheme; register another source with one.",
        )
    return found.source


def _too_many() -> Problem:
    return Problem(
        status=409,
        reason="too_many_secrets",
        title="Too many secrets are good at once",
        detail=f"At most {KEYS_COUNT}; repeat this with a shorter overlap_seconds.",
    )


def _document(source: Source, keys: list[SignatureKey], sealer: Sealer) -> dict[str, Any]:
    return {
        "name": source.name,
        "scheme": source.signature_scheme,
        "keys": [_key_document(source, key, sealer) for key in keys],
    }


def _key_document(source: Source, key: SignatureKey, sealer: Sealer) -> dict[str, Any]:
    document: dict[str, Any] = {
        "id": str(key.id),
        "created_at": format_time(key.created_at),
        "created_by": key.created_by,
        "expires_at": format_time(key.expires_at) if key.expires_at else None,
    }
    if source.signature_scheme == SNS:
        pem = sealer.open(key.sealed_secret, secret_purpose(source.name)).decode()
        document["certificate_sha256"] = fingerprint(pem)
    return document

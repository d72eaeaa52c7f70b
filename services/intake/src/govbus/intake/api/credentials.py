"""Credentials of platforms: issued beside the old ones, revoked at once, shown once."""

import secrets
from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.contracts.envelope import format_time
from govbus.contracts.identity import fresh_id
from govbus.eventing.access import Principal
from govbus.eventing.problems import Problem
from govbus.intake.api.answers import problem_of
from govbus.intake.api.bodies import read_settings
from govbus.intake.api.registration import NewCredential, body_schema
from govbus.intake.callers import Callers
from govbus.intake.domain.credential import SECRET_BYTES, Credential, digest_of, token_of
from govbus.intake.domain.refusals import Refused
from govbus.intake.reception import Reception
from govbus.intake.store import sources

ADMINS: Final = ("operator", "admin")
"""Who registers platforms and hands out their credentials."""


def router(reception: Reception, callers: Callers) -> APIRouter:
    """Return the credential routes."""
    routes = APIRouter(tags=["sources"])
    Admin = Annotated[Principal, Depends(callers.person(*ADMINS))]  # noqa: N806 - a type

    @routes.post("/v1/sources/{name}/credentials", status_code=201, openapi_extra=body_schema(NewCredential))
    async def add(name: str, principal: Admin, request: Request) -> dict[str, Any]:
        """Give a platform one more credential; the old ones stay good until they are revoked or expire."""
        asked = await read_settings(request, NewCredential)
        lives = timedelta(seconds=asked.expires_in_seconds) if asked.expires_in_seconds else None
        async with reception.transaction() as (connection, _):
            if await sources.find(connection, name) is None:
                raise problem_of(Refused("unknown_source", "Register it with POST /v1/sources."))
            token, credential = await issue(connection, name, principal.id, reception.clock(), lives)
        return {**credential_document(credential), "name": name, "credential": token}

    @routes.delete("/v1/sources/{name}/credentials/{credential_id}", status_code=204)
    async def revoke(name: str, credential_id: UUID, _: Admin) -> Response:
        """Revoke a credential at once."""
        async with reception.transaction() as (connection, _outbox):
            if not await sources.revoke(connection, name, credential_id, reception.clock()):
                raise Problem(
                    status=404, reason="unknown_credential", title="No such credential", detail="See the source."
                )
        return Response(status_code=204)

    return routes


async def issue(
    connection: AsyncConnection, name: str, by: str, now: datetime, lives: timedelta | None
) -> tuple[str, Credential]:
    """Return a new token, of which only the hash is kept, and its credential."""
    token = token_of(secrets.token_bytes(SECRET_BYTES))
    credential = Credential(fresh_id(), name, now, now + lives if lives else None, None)
    await sources.add_credential(connection, credential, digest_of(token), by)
    return token, credential


def credential_document(credential: Credential) -> dict[str, Any]:
    """Return what may be shown of a credential."""
    return {
        "id": credential.id,
        "created_at": _when(credential.created_at),
        "expires_at": _when(credential.expires_at),
        "revoked_at": _when(credential.revoked_at),
    }


def _when(moment: datetime | None) -> str | None:
    return format_time(moment) if moment else None

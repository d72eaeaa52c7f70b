"""Credentials of platforms: issued beside the old ones, revoked at once, shown once."""

import secrets
from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.contracts.identity import fresh_id
from govbus.eventing.access import Principal
from govbus.eventing.problems import Problem
from govbus.intake.api.answers import problem_of
from govbus.intake.api.bodies import read_settings
from govbus.intake.api.idempotency import Key, check_undone, keep_done, keyed
from govbus.intake.api.registration import NewCredential, body_schema
from govbus.intake.api.source_documents import credential_document
from govbus.intake.callers import Callers
from govbus.intake.domain.credential import SECRET_BYTES, Credential, digest_of, token_of
from govbus.intake.domain.refusals import Refused
from govbus.intake.reception import Reception
from govbus.intake.store import source_changes, sources
from govbus.intake.store.source_changes import Change

ADMINS: Final = ("operator", "admin")
"""Who registers platforms and hands out their credentials."""


def router(reception: Reception, callers: Callers) -> APIRouter:
    """Return the credential routes."""
    routes = APIRouter(tags=["sources"])
    Admin = Annotated[Principal, Depends(callers.person(*ADMINS))]  # noqa: N806 - a type

    @routes.post("/v1/sources/{name}/credentials", status_code=201, openapi_extra=body_schema(NewCredential))
    async def add(name: str, principal: Admin, key: Key, request: Request) -> dict[str, Any]:
        """Give a platform one more credential; the old ones stay good until they are revoked or expire."""
        asked = await read_settings(request, NewCredential)
        lives = timedelta(seconds=asked.expires_in_seconds) if asked.expires_in_seconds else None
        wanted = keyed(principal.id, key, request.url.path, asked)
        now = reception.clock()
        async with reception.transaction() as (connection, _):
            await check_undone(connection, wanted)
            if await sources.find(connection, name, lock=True) is None:
                raise problem_of(Refused("unknown_source", "Register it with POST /v1/sources."))
            token, credential = await issue(connection, name, principal.id, now, lives)
            await _note(connection, name, principal, "credential_issued", credential.id, now)
            await keep_done(connection, wanted, {"source": name, "credential id": credential.id}, now)
        return {**credential_document(credential), "name": name, "credential": token}

    @routes.delete("/v1/sources/{name}/credentials/{credential_id}", status_code=204)
    async def revoke(name: str, credential_id: UUID, principal: Admin) -> Response:
        """Revoke a credential at once."""
        now = reception.clock()
        async with reception.transaction() as (connection, _):
            if not await sources.revoke(connection, name, credential_id, now):
                raise Problem(
                    status=404, reason="unknown_credential", title="No such credential", detail="See the source."
                )
            await _note(connection, name, principal, "credential_revoked", str(credential_id), now)
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


async def _note(
    connection: AsyncConnection, name: str, principal: Principal, act: str, credential_id: str, now: datetime
) -> None:
    await source_changes.add(connection, name, Change(now, principal.id, {act: [None, credential_id]}))

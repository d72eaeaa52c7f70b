"""Registering a platform: once, with its first credential, under a name, a URI and a namespace that are its own."""

import logging
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.contracts import topics
from govbus.eventing.access import Principal
from govbus.eventing.problems import Problem
from govbus.eventing.serialise import lock_subject
from govbus.intake.api.bodies import read_settings
from govbus.intake.api.credentials import ADMINS, issue
from govbus.intake.api.idempotency import Key, KeyedRequest, check_undone, keep_done, keyed
from govbus.intake.api.registration import NewSource, body_schema, check_mapping
from govbus.intake.api.signature_keys import add_key
from govbus.intake.api.signatures import is_unsigned
from govbus.intake.callers import Callers
from govbus.intake.reception import Reception
from govbus.intake.sealing import Sealer
from govbus.intake.store import sources
from govbus.intake.store.sources import Registration

_log: Final = logging.getLogger(__name__)


def router(reception: Reception, callers: Callers, sealer: Sealer) -> APIRouter:
    """Return the route that registers."""
    routes = APIRouter(tags=["sources"])
    Admin = Annotated[Principal, Depends(callers.person(*ADMINS))]  # noqa: N806 - a type

    @routes.post("/v1/sources", status_code=201, openapi_extra=body_schema(NewSource))
    async def register(principal: Admin, key: Key, request: Request) -> dict[str, Any]:
        """Register a platform; its first credential is shown in the answer and never again."""
        asked = await read_settings(request, NewSource)
        await check_mapping(asked.mapping, reception)
        return await _register(reception, sealer, asked, keyed(principal.id, key, request.url.path, asked))

    return routes


async def _register(reception: Reception, sealer: Sealer, asked: NewSource, request: KeyedRequest) -> dict[str, Any]:
    now = reception.clock()
    try:
        async with reception.transaction() as (connection, _):
            await check_undone(connection, request)
            await _check_namespace(connection, asked)
            await sources.add(connection, Registration(asked.to_source(), now, request.principal))
            if asked.signature is not None and not is_unsigned(asked.signature):
                await add_key(connection, sealer, asked.name, asked.signature, request.principal, now)
            token, credential = await issue(connection, asked.name, request.principal, now, None)
            await keep_done(connection, request, {"source": asked.name, "credential id": credential.id}, now)
    except IntegrityError:
        raise _taken(asked) from None
    if is_unsigned(asked.signature):
        _log.warning("source %s takes unsigned deliveries: registered by %s", asked.name, request.principal)
    own_topic = {"kafka": {"topic": topics.intake_topic(asked.name)}} if asked.kafka else {}
    return {"name": asked.name, "credential": token, **own_topic}


async def _check_namespace(connection: AsyncConnection, asked: NewSource) -> None:
    """Refuse a namespace that is shared by accident: who wants to share one says so.

    Raises:
        Problem: 409.
    """
    namespace = asked.to_source().namespace or asked.name
    await lock_subject(connection, f"namespace/{namespace}")
    owners = await sources.names_in(connection, namespace)
    if asked.namespace is None and owners:
        raise Problem(
            status=409,
            reason="namespace_taken",
            title="Namespace taken",
            detail=f"The namespace {namespace!r} is that of {', '.join(owners[:5])}: state `namespace`, the same one "
            "to share it, or another.",
            errors=[{"pointer": "/namespace", "detail": "not stated, and its default is another platform's"}],
        )


def _taken(asked: NewSource) -> Problem:
    return Problem(
        status=409,
        reason="source_taken",
        title="Already registered",
        detail=f"The name {asked.name!r} or the URI {asked.source!r} is registered, or was: each belongs to one "
        "platform for ever.",
    )

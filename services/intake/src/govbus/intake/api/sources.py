"""Registered platforms: who there is, and what was seen of them."""

import logging
from dataclasses import asdict
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from sqlalchemy.exc import IntegrityError

from govbus.contracts.envelope import format_time
from govbus.eventing.access import Principal
from govbus.eventing.paging import DEFAULT_COUNT, Limit, Page, decode_cursor, encode_cursor, page
from govbus.eventing.problems import Problem
from govbus.intake.api.answers import problem_of
from govbus.intake.api.bodies import read_settings
from govbus.intake.api.credentials import ADMINS, credential_document, issue
from govbus.intake.api.registration import NewSource, body_schema
from govbus.intake.api.signature_keys import add_key
from govbus.intake.api.signatures import is_unsigned
from govbus.intake.callers import Callers
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.schemes import NONE
from govbus.intake.domain.source import Source
from govbus.intake.reception import Reception, reading
from govbus.intake.sealing import Sealer
from govbus.intake.store import sources
from govbus.intake.store.sources import Activity, Registration

_log: Final = logging.getLogger(__name__)


def router(reception: Reception, callers: Callers, sealer: Sealer) -> APIRouter:
    """Return the source routes."""
    routes = APIRouter(tags=["sources"])
    Admin = Annotated[Principal, Depends(callers.person(*ADMINS))]  # noqa: N806 - a type
    Viewer = Annotated[Principal, Depends(callers.person("viewer"))]  # noqa: N806 - a type

    @routes.post("/v1/sources", status_code=201, openapi_extra=body_schema(NewSource))
    async def register(principal: Admin, request: Request) -> dict[str, str]:
        """Register a platform; its first credential is shown in the answer and never again."""
        asked = await read_settings(request, NewSource)
        return await _register(reception, sealer, asked, principal)

    @routes.get("/v1/sources")
    async def listed(_: Viewer, limit: Limit = DEFAULT_COUNT, cursor: str | None = None) -> Page:
        """List registered platforms by name."""
        after = decode_cursor(cursor, str)
        async with reading(reception.transaction) as connection:
            found = await sources.page(connection, after[0] if after else "", limit + 1)
            seen = await sources.activity_of(connection, [one.source.name for one in found])
        items = [_document(one, seen.get(one.source.name, Activity())) for one in found]
        return page(items, limit, encode_cursor(items[limit - 1]["name"]) if len(items) > limit else None)

    @routes.get("/v1/sources/{name}")
    async def shown(name: str, request: Request) -> dict[str, Any]:
        """Show one platform and its credentials' ids; a platform may read itself."""
        caller = await callers.reader(request)
        if isinstance(caller, Source) and caller.name != name:
            raise problem_of(Refused("not_yours", "A source credential reads its own source only."))
        return await _shown(reception, name)

    return routes


async def _register(reception: Reception, sealer: Sealer, asked: NewSource, principal: Principal) -> dict[str, str]:
    _check_mapping(asked, reception)
    now = reception.clock()
    registration = Registration(asked.to_source(), now, principal.id)
    try:
        async with reception.transaction() as (connection, _):
            await sources.add(connection, registration)
            if asked.signature is not None and not is_unsigned(asked.signature):
                await add_key(connection, sealer, asked.name, asked.signature, principal.id, now)
            token, _credential = await issue(connection, asked.name, principal.id, now, None)
    except IntegrityError:
        raise _taken(asked) from None
    if is_unsigned(asked.signature):
        _log.warning("source %s takes unsigned deliveries: registered by %s", asked.name, principal.id)
    return {"name": asked.name, "credential": token}


async def _shown(reception: Reception, name: str) -> dict[str, Any]:
    async with reading(reception.transaction) as connection:
        found = await sources.find(connection, name)
        if found is None:
            raise problem_of(Refused("unknown_source", "GET /v1/sources lists them."))
        seen = await sources.activity_of(connection, [name])
        held = await sources.credentials_of(connection, name)
    return {**_document(found, seen.get(name, Activity())), "credentials": [credential_document(one) for one in held]}


def _check_mapping(asked: NewSource, reception: Reception) -> None:
    if asked.mapping is not None and asked.mapping not in reception.mappings:
        raise Problem(
            status=422,
            reason="invalid_request",
            title="Request refused",
            detail=f"Installed mappings: {', '.join(sorted(reception.mappings)) or 'none'}.",
            errors=[{"pointer": "/mapping", "detail": "not installed here"}],
        )


def _taken(asked: NewSource) -> Problem:
    return Problem(
        status=409,
        reason="source_taken",
        title="Already registered",
        detail=f"The name {asked.name!r} or the URI {asked.source!r} is registered; each belongs to one platform.",
    )


def _document(registration: Registration, seen: Activity) -> dict[str, Any]:
    source = registration.source
    return {
        "name": source.name,
        "source": source.uri,
        "namespace": source.namespace,
        "mapping": source.mapping,
        "internal": source.is_internal,
        "signature": _signature_document(source),
        "limits": asdict(source.limits),
        "types": list(source.types) if source.types is not None else None,
        "expected_interval_seconds": source.expected_interval_seconds,
        "replay_window_seconds": source.replay_window_seconds,
        "registered_at": format_time(registration.registered_at),
        "registered_by": registration.registered_by,
        "last_seen_at": format_time(seen.last_seen_at) if seen.last_seen_at else None,
        "counts": {
            "accepted": seen.accepted_count,
            "duplicate": seen.duplicate_count,
            "rejected": seen.rejected_count,
            "ignored": seen.ignored_count,
        },
    }


def _signature_document(source: Source) -> dict[str, Any] | None:
    """Return how deliveries are authenticated, and aloud that they are not."""
    if source.signature_scheme is None:
        return None
    document: dict[str, Any] = {"scheme": source.signature_scheme}
    if source.signature_scheme == NONE:
        document["warning"] = "unsigned: anybody who reaches this address may deliver in this source's name"
    if source.signature_topics:
        document |= {"topics": list(source.signature_topics), "confirm": source.confirms}
    return document

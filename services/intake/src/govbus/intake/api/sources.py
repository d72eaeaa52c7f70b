"""Registered platforms: who there is, and what was seen of them."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request

from govbus.eventing.access import Principal
from govbus.eventing.paging import DEFAULT_COUNT, Limit, Page, decode_cursor, encode_cursor, page
from govbus.intake.api.answers import problem_of
from govbus.intake.api.source_documents import credential_document, source_document, state_document
from govbus.intake.callers import Callers
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.source import Source
from govbus.intake.reception import Reception, reading
from govbus.intake.store import sequences, silences, source_changes, sources
from govbus.intake.store.sources import Activity

SHOWN_COUNT: Final = 100
"""Counters, gaps and changes shown of one platform, the newest: `missing_count` says how much there is in all."""


def router(reception: Reception, callers: Callers) -> APIRouter:
    """Return the routes that show sources."""
    routes = APIRouter(tags=["sources"])
    Viewer = Annotated[Principal, Depends(callers.person("viewer"))]  # noqa: N806 - a type

    @routes.get("/v1/sources")
    async def listed(_: Viewer, limit: Limit = DEFAULT_COUNT, cursor: str | None = None) -> Page:
        """List registered platforms by name, removed ones too."""
        after = decode_cursor(cursor, str)
        async with reading(reception.transaction) as connection:
            found = await sources.page(connection, after[0] if after else "", limit + 1)
            seen = await sources.activity_of(connection, [one.source.name for one in found])
        items = [source_document(one, seen.get(one.source.name, Activity())) for one in found]
        return page(items, limit, encode_cursor(items[limit - 1]["name"]) if len(items) > limit else None)

    @routes.get("/v1/sources/{name}")
    async def shown(name: str, request: Request) -> dict[str, Any]:
        """Show one platform: what was heard of it, its numbers and gaps, its silence, its credentials' ids.

        A platform may read itself.
        """
        caller = await callers.reader(request)
        if isinstance(caller, Source) and caller.name != name:
            raise problem_of(Refused("not_yours", "A source credential reads its own source only."))
        return await _shown(reception, name)

    return routes


async def _shown(reception: Reception, name: str) -> dict[str, Any]:
    async with reading(reception.transaction) as connection:
        found = await sources.find_also_removed(connection, name)
        if found is None:
            raise problem_of(Refused("unknown_source", "GET /v1/sources lists them."))
        seen = await sources.activity_of(connection, [name])
        held = await sources.credentials_of(connection, name)
        counters = await sequences.counters_of(connection, name, SHOWN_COUNT)
        gaps = await sequences.gaps_of(connection, name, SHOWN_COUNT)
        silence = await silences.find(connection, name)
        changes = await source_changes.newest(connection, name, SHOWN_COUNT)
    return {
        **source_document(found, seen.get(name, Activity())),
        **state_document(counters, gaps, silence, changes),
        "credentials": [credential_document(one) for one in held],
    }

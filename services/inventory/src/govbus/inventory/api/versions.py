"""Versions of a model."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from govbus.eventing.access import Principal
from govbus.eventing.paging import DEFAULT_COUNT, Limit, Page, encode_cursor, page
from govbus.eventing.service import Service
from govbus.inventory.api.addressing import AsOf, behind, model_subject
from govbus.inventory.api.documents import record_document
from govbus.inventory.api.reading import check_visible, found, version_reader
from govbus.inventory.domain.record import Key
from govbus.inventory.store import listing, records
from govbus.inventory.store.listing import Filter


def version_routes(service: Service) -> APIRouter:
    """Return the routes of versions; a version may hold slashes (`pkg:oci/…`)."""
    routes = APIRouter(prefix="/v1/models", tags=["inventory"])
    viewer = Depends(service.access.require("viewer"))

    @routes.get("/{namespace}/{name:path}/versions/{version:path}")
    async def show_version(
        reader: Annotated[Principal, viewer], namespace: str, name: str, version: str, as_of: AsOf = None
    ) -> dict[str, Any]:
        """One version."""
        key = Key(model_subject(namespace, name), version)
        async with service.engine.connect() as connection:
            await check_visible(connection, reader, key)
            return record_document(found(await records.state_at(connection, key, as_of), key))

    @routes.get("/{namespace}/{name:path}/versions")
    async def list_versions(
        reader: Annotated[Principal, viewer],
        namespace: str,
        name: str,
        as_of: AsOf = None,
        limit: Limit = DEFAULT_COUNT,
        cursor: str | None = None,
    ) -> Page:
        """Versions of one model, by version."""
        subject = model_subject(namespace, name)
        async with service.engine.connect() as connection:
            await check_visible(connection, reader, Key(subject))
            wanted = Filter(subject=subject, as_of=as_of, reader=await version_reader(connection, reader, subject))
            states = await listing.versions(connection, wanted, behind(cursor), limit + 1)
        cut = encode_cursor(states[limit - 1].key.version) if len(states) > limit else None
        return page([record_document(state) for state in states], limit, cut)

    return routes

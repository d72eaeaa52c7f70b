"""`/v1/models` and one model: what exists, now or as of a date, and what runs where."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Query

from govbus.eventing.access import Principal
from govbus.eventing.paging import DEFAULT_COUNT, Limit, Page, encode_cursor, page
from govbus.eventing.service import Service
from govbus.inventory.api.addressing import AsOf, behind, model_subject
from govbus.inventory.api.documents import model_document, record_document
from govbus.inventory.api.reading import check_visible, found, list_reader
from govbus.inventory.domain.record import Key
from govbus.inventory.store import deployments, listing, records
from govbus.inventory.store.listing import Filter

DEPLOYMENTS_COUNT: Final = 500
"""Environments shown with a model; a figure nobody reaches, so that an answer has a bound."""

SearchText = Annotated[str | None, Query(max_length=200, description="Part of the subject or of a description.")]
Owner = Annotated[str | None, Query(max_length=512, description="Answers for any stage.")]
Tag = Annotated[str | None, Query(max_length=1024, description="`name` or `name=value`.")]
Missing = Annotated[Literal["registration"] | None, Query(description="What was seen in use only.")]


def model_routes(service: Service) -> APIRouter:
    """Return the routes of models; they come after those of versions and history, whose paths are longer."""
    routes = APIRouter(prefix="/v1/models", tags=["inventory"])
    viewer = Depends(service.access.require("viewer"))

    @routes.get("")
    async def list_models(
        reader: Annotated[Principal, viewer],
        q: SearchText = None,
        owner: Owner = None,
        tag: Tag = None,
        missing: Missing = None,
        as_of: AsOf = None,
        limit: Limit = DEFAULT_COUNT,
        cursor: str | None = None,
    ) -> Page:
        """Models by subject."""
        registered = False if missing else None
        wanted = Filter(q=q, owner=owner, tag=tag, registered=registered, as_of=as_of, reader=list_reader(reader))
        async with service.engine.connect() as connection:
            states = await listing.models(connection, wanted, behind(cursor), limit + 1)
        cut = encode_cursor(states[limit - 1].key.subject) if len(states) > limit else None
        return page([record_document(state) for state in states], limit, cut)

    @routes.get("/{namespace}/{name:path}")
    async def show_model(
        reader: Annotated[Principal, viewer], namespace: str, name: str, as_of: AsOf = None
    ) -> dict[str, Any]:
        """One model, with what runs where."""
        key = Key(model_subject(namespace, name))
        async with service.engine.connect() as connection:
            await check_visible(connection, reader, key)
            state = found(await records.state_at(connection, key, as_of), key)
            running = await deployments.running(connection, key.subject, as_of, DEPLOYMENTS_COUNT)
        return model_document(state, running)

    return routes

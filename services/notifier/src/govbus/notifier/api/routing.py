"""Receivers, and what the routes file would do with an alert."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from govbus.contracts.types import short_name
from govbus.eventing.access import Principal
from govbus.eventing.service import Service
from govbus.notifier.api.documents import RouteQuestion, choice_document, labels_document, receiver_document
from govbus.notifier.domain.alert import Alert
from govbus.notifier.domain.routing import receivers_of
from govbus.notifier.domain.wording import WORDS
from govbus.notifier.routes_file import Routes
from govbus.notifier.store import tiers


def routing_routes(service: Service, routes_: Routes, clock: Callable[[], datetime]) -> APIRouter:
    """Return `/v1/receivers` and `/v1/routes/test`."""
    routes = APIRouter(tags=["routes"])
    reader = Depends(service.access.require("viewer"))

    @routes.get("/v1/receivers")
    async def list_receivers(_: Annotated[Principal, reader]) -> dict[str, Any]:
        """Receivers of the routes file, without addresses and secrets."""
        return {"items": [receiver_document(receiver) for receiver in routes_.receivers.values()], "next": None}

    @routes.post("/v1/routes/test")
    async def ask(body: RouteQuestion, _: Annotated[Principal, reader]) -> dict[str, Any]:
        """Who would be told of such an alert, by which route; nothing is sent."""
        alert = Alert(
            type=short_name(body.type) or body.type,
            source=body.source,
            subject=body.subject,
            known_at=clock(),
            about=body.about,
            severity=body.severity,
            reason=body.reason,
        )
        async with service.engine.connect() as connection:
            known = (body.tier,) if body.tier else await tiers.tiers_of(connection, alert.subjects)
        labels = alert.labels(known)
        chosen = receivers_of(labels, routes_.root) if alert.type in WORDS else ()
        return {
            "is_notified_type": alert.type in WORDS,
            "labels": labels_document(labels),
            "receivers": [choice_document(choice, routes_.receivers[choice.receiver]) for choice in chosen],
        }

    return routes

"""Composition root: consumption and routes."""

from fastapi import FastAPI

from govbus.contracts import topics
from govbus.eventing.service import Service
from govbus.inventory.announcing import SERVICE
from govbus.inventory.api.history import history_routes
from govbus.inventory.api.models import model_routes
from govbus.inventory.api.versions import version_routes
from govbus.inventory.handlers import on_fact
from govbus.inventory.settings import Settings


def build_app(settings: Settings) -> FastAPI:
    """Return the service as an ASGI application; its lifespan consumes and publishes."""
    service = Service(SERVICE, settings)
    service.consume(topics.FACTS, handler=on_fact)
    service.rebuilds("deployment", "record_state", "record")
    return service.app(history_routes(service), version_routes(service), model_routes(service))

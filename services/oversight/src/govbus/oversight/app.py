"""Composition root: rules, consumption, routes."""

from datetime import UTC, datetime, timedelta
from typing import Final

from fastapi import FastAPI

from govbus.contracts import topics
from govbus.eventing.service import Service
from govbus.oversight.api.cases import case_routes
from govbus.oversight.api.incidents import incident_routes
from govbus.oversight.handlers import on_record
from govbus.oversight.rules_file import load_rules
from govbus.oversight.service_name import SERVICE
from govbus.oversight.settings import Settings
from govbus.oversight.store import answers

_PRUNE_SECONDS: Final = 3600.0


def build_app(settings: Settings) -> FastAPI:
    """Return the service as an ASGI application; its lifespan consumes and publishes."""
    service = Service(SERVICE, settings)
    rules = load_rules(settings.oversight_rules_file)
    service.consume(topics.FACTS, topics.RISK, handler=on_record(rules))
    retention = timedelta(days=settings.oversight_answers_retention_days)

    async def drop_old_answers() -> None:
        async with service.engine.begin() as connection:
            await answers.drop_before(connection, _now() - retention)

    service.every("idempotent_answers", _PRUNE_SECONDS, drop_old_answers)
    return service.app(case_routes(service, _now), incident_routes(service, rules, _now))


def _now() -> datetime:
    return datetime.now(UTC)

"""Composition root: routes, channels, consumption, sender, HTTP."""

import random
from datetime import UTC, datetime, timedelta

from fastapi import FastAPI

from govbus.contracts import catalogue, topics
from govbus.contracts.conclusions.log import AuditGapDetected
from govbus.eventing.service import Service
from govbus.notifier.api.notifications import notification_routes
from govbus.notifier.api.routing import routing_routes
from govbus.notifier.api.stream import stream_routes
from govbus.notifier.channels.building import build_channels, new_client
from govbus.notifier.channels.message import Links
from govbus.notifier.handlers import on_event
from govbus.notifier.metrics import NotifierMetrics
from govbus.notifier.routes_file import load_routes
from govbus.notifier.secrets_file import load_secrets
from govbus.notifier.sending import Pace, Sender
from govbus.notifier.service_name import SERVICE
from govbus.notifier.settings import Settings


def build_app(settings: Settings) -> FastAPI:
    """Return the service as an ASGI application; its lifespan consumes, sends and publishes."""
    service = Service(SERVICE, settings)
    routes = load_routes(settings.notifier_routes_file)
    handler = on_event(routes, _now)
    service.consume(topics.INVENTORY, topics.RISK, topics.OVERSIGHT, topics.REJECTED, handler=handler)
    service.consume(topics.AUDIT, handler=handler, types=(catalogue.type_of(AuditGapDetected).full_name,))
    sender = _sender(service, settings)
    service.every("send", settings.notifier_poll_seconds, sender.round)
    service.every("pending", settings.progress_poll_seconds, sender.measure)
    service.closes(sender.close)
    app = service.app(
        stream_routes(service, settings.notifier_stream_seconds),
        notification_routes(service, _now),
        routing_routes(service, routes, _now),
    )
    app.state.sender = sender
    return app


def _sender(service: Service, settings: Settings) -> Sender:
    routes = load_routes(settings.notifier_routes_file)
    secrets = load_secrets(
        settings.notifier_secrets_file, settings.notifier_secrets.get_secret_value(), routes.receivers
    )
    client = new_client(settings.notifier_timeout_seconds)
    links = Links(settings.notifier_public_url)
    channels = build_channels(routes.receivers, secrets, links, client, settings.notifier_timeout_seconds, _now)
    pace = Pace(
        parallel_count=settings.notifier_parallel_count,
        deadline=timedelta(seconds=settings.notifier_deadline_seconds),
        lease=timedelta(seconds=settings.notifier_lease_seconds),
        retry=settings.retry,
    )
    return Sender(service, channels, pace, NotifierMetrics(service.registry), _now, random.random)


def _now() -> datetime:
    return datetime.now(UTC)

"""Composition root: sessions, upstream, pages, our own files."""

from datetime import UTC, datetime, timedelta
from typing import Final

import httpx2
from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from govbus.console.pages.answers import Pages
from govbus.console.pages.board import LiveBoard, board_routes
from govbus.console.pages.event_docs import EVENT_DOCS_PATH, EventDocs, event_docs_routes
from govbus.console.pages.signing import signing_routes
from govbus.console.service_name import SERVICE
from govbus.console.sessions import Sessions
from govbus.console.settings import Settings
from govbus.console.templating import STATIC, new_templates
from govbus.console.upstream import Upstream
from govbus.eventing.service import Service

_SWEEP_SECONDS: Final = 600.0


def build_app(settings: Settings) -> FastAPI:
    """Return the console as an ASGI application."""
    service = Service(SERVICE, settings)
    pages = Pages(new_templates())
    life = timedelta(seconds=settings.console_session_seconds)
    sessions = Sessions(service, settings.console_signin_directory, life, _now)
    client = _client(settings)
    service.closes(client.aclose)
    upstream = Upstream(client)
    service.every("expired_sessions", _SWEEP_SECONDS, sessions.drop_expired)
    live = LiveBoard(pages, sessions, upstream, settings.console_poll_seconds, settings.console_stream_seconds, _now)
    app = service.app(
        signing_routes(pages, sessions),
        board_routes(live),
        event_docs_routes(),
    )
    app.mount(EVENT_DOCS_PATH, EventDocs(settings.console_event_docs_directory), name="event_docs")
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app


def _client(settings: Settings) -> httpx2.AsyncClient:
    """Return the client of all services: the token goes to the front door and nowhere else."""
    return httpx2.AsyncClient(
        base_url=str(settings.console_api_url),
        timeout=settings.console_upstream_timeout_seconds,
        trust_env=False,
        follow_redirects=False,
    )


def _now() -> datetime:
    return datetime.now(UTC)

"""The HTTP side every service has: health, metrics, offline docs, problems, one server span per request."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

from fastapi import Depends, FastAPI, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi_offline import FastAPIOffline
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.trace import Span
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.types import ASGIApp, Receive, Scope, Send

from govbus.eventing.error_words import describe
from govbus.eventing.openapi_document import describe_problems
from govbus.eventing.problems import MEDIA_TYPE, Problem, install_problems
from govbus.eventing.strict_body import refuse_ambiguous_body

_DATABASE_SECONDS: Final = 3.0
_UNTRACED: Final = "livez,readyz,metrics,docs,openapi.json"
_URLS: Final = ("http.url", "http.target", "url.full", "url.query")
_TRACED: Final = (b"traceparent", b"tracestate", b"baggage", b"host", b"user-agent", b"content-length")
"""Headers that OpenTelemetry reads. Bytes that are not UTF-8 it takes for Python's escapes, and fails on some."""

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


class _DecodableHeaders:
    """Stands before OpenTelemetry, which would fail before any route."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "headers" in scope:
            headers = [(name, _as_utf8(value) if name in _TRACED else value) for name, value in scope["headers"]]
            scope = {**scope, "headers": headers}
        await self.app(scope, receive, send)


def new_web_app(
    name: str, registry: CollectorRegistry, engine: AsyncEngine, problems: Callable[[], list[str]], lifespan: Lifespan
) -> FastAPI:
    """Return the application with `/livez`, `/readyz`, `/metrics` and `/docs`."""
    app: FastAPI = FastAPIOffline(
        title=f"Govbus {name}",
        version="1",
        lifespan=lifespan,
        redoc_url=None,
        dependencies=[Depends(refuse_ambiguous_body)],
    )
    install_problems(app)
    describe_problems(app)
    FastAPIInstrumentor.instrument_app(
        app, excluded_urls=_UNTRACED, exclude_spans=["receive", "send"], server_request_hook=_without_query
    )
    traced = app.build_middleware_stack
    app.build_middleware_stack = lambda: _DecodableHeaders(traced())  # type: ignore[method-assign]

    @app.get("/livez", tags=["health"])
    async def livez() -> dict[str, str]:
        """The process runs."""
        return {"status": "live"}

    @app.get("/readyz", tags=["health"])
    async def readyz() -> Response:
        """Database, broker and progress are good; otherwise 503 and why."""
        found = problems()
        try:
            async with asyncio.timeout(_DATABASE_SECONDS):
                await _ask(engine)
        except Exception as error:  # noqa: BLE001 - whatever it is, the database does not answer
            found = [*found, f"the database does not answer: {describe(error)}"]
        if not found:
            return JSONResponse({"status": "ready"})
        problem = Problem(
            status=503,
            reason="not_ready",
            title="Not ready",
            detail="; ".join(found),
            errors=[{"pointer": "", "detail": item} for item in found],
        )
        return JSONResponse(problem.document("/readyz"), 503, media_type=MEDIA_TYPE)

    @app.get("/metrics", tags=["health"], response_class=PlainTextResponse)
    async def metrics() -> Response:
        """Metrics in Prometheus' text format; govbus.eventing.metrics is the catalogue."""
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return app


def _as_utf8(value: bytes) -> bytes:
    try:
        value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1").encode()
    return value


def _without_query(span: Span, scope: dict[str, Any]) -> None:
    """Keep the query out of traces: a platform that cannot sign shows its secret there."""
    for name in _URLS:
        if name in getattr(span, "attributes", {}):
            span.set_attribute(name, scope["path"])


async def _ask(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await connection.exec_driver_sql("SELECT 1")

"""The one address: passes every request to the service that the route table names, streaming both ways.

Holds no state and no credentials; a redirect is passed on, never followed.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from govbus.contracts.limits import BODY_BYTES
from govbus.local.forwarding import TooLarge, body_of, discard, end_to_end, limited
from govbus.local.openapi_merge import merge
from govbus.local.routes import RouteTable

CONNECT_TIMEOUT_SECONDS = 2.0
ANSWER_TIMEOUT_SECONDS = 60.0
"""Until the first byte of an answer; what follows may take for ever (SSE)."""

IDLE_CONNECTION_SECONDS = 2.0
"""Below uvicorn's 5 s, so that no request meets a connection that is just being closed."""

READY_TIMEOUT_SECONDS = 3.0
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


class FrontDoor:
    """The routes of the table as one ASGI application."""

    def __init__(self, table: RouteTable, services: Mapping[str, str], url: str) -> None:
        """`services` are the base URLs of all services by name."""
        self._table, self._services, self._url = table, services, url
        self._client = httpx2.AsyncClient(
            timeout=httpx2.Timeout(None, connect=CONNECT_TIMEOUT_SECONDS),
            limits=httpx2.Limits(max_connections=1000, keepalive_expiry=IDLE_CONNECTION_SECONDS),
            follow_redirects=False,
            trust_env=False,
        )

    def app(self) -> Starlette:
        """Return the application."""

        @asynccontextmanager
        async def lifespan(_: Starlette) -> AsyncIterator[None]:
            async with self._client:
                yield

        own: dict[str, Callable[[Request], Coroutine[Any, Any, Response]]] = {
            "/livez": self.alive, "/readyz": self.ready, "/openapi.json": self.openapi, "/metrics": self.metrics,
        }  # fmt: skip
        routes = [Route(path, endpoint) for path, endpoint in own.items()]
        return Starlette(routes=[*routes, Route("/{path:path}", self.forward, methods=METHODS)], lifespan=lifespan)

    async def alive(self, _: Request) -> Response:
        """Say that the front door itself runs."""
        return JSONResponse({"status": "alive"})

    async def ready(self, request: Request) -> Response:
        """200 when every service is ready, else 503 naming those that are not."""
        answers = await asyncio.gather(*(self._get(service, "/readyz") for service in self._services))
        waiting = [service for service, answer in zip(self._services, answers, strict=True) if answer is None]
        if not waiting:
            return JSONResponse({"status": "ready", "services": sorted(self._services)})
        detail = f"Not ready: {', '.join(waiting)}. Their own /readyz and logs say why."
        return problem(request, 503, "not-ready", "Not every service is ready", detail, waiting=waiting)

    async def openapi(self, _: Request) -> Response:
        """Return the merged document of all services that answer; who did not is named in its description."""
        answers = await asyncio.gather(*(self._get(service, "/openapi.json") for service in self._services))
        documents = {name: answer.json() for name, answer in zip(self._services, answers, strict=True) if answer}
        return JSONResponse(merge(documents, self._url, [name for name in self._services if name not in documents]))

    async def metrics(self, request: Request) -> Response:
        """Say where metrics are: not at the address that everybody reaches."""
        detail = "Each service has metrics of its own, on its own port."
        return problem(request, 404, "unknown-path", "No service has this path", detail)

    async def forward(self, request: Request) -> Response:
        """Pass one request on and its answer back, both as they come."""
        service = self._table.service_for(request.url.path)
        if service is None or service not in self._services:
            detail = f"GET {self._url}/openapi.json lists all."
            return problem(request, 404, "unknown-path", "No service has this path", detail)
        if {"content-length", "transfer-encoding"} <= set(request.headers):
            detail = "Send Content-Length or Transfer-Encoding, not both: who reads it may not agree where it ends."
            return problem(request, 400, "ambiguous-length", "Two lengths of one body", detail)
        try:
            outgoing = self._outgoing(request, self._services[service])
            async with asyncio.timeout(ANSWER_TIMEOUT_SECONDS):
                answer = await self._client.send(outgoing, stream=True)
        except TooLarge:
            await discard(request)
            detail = f"At most {BODY_BYTES} bytes are taken."
            return problem(request, 413, "body-too-large", "The body is too large", detail)
        except TimeoutError:
            detail = f"{service} did not answer in {ANSWER_TIMEOUT_SECONDS:.0f} s; whether it acted is unknown."
            return problem(request, 504, "service-silent", "A service did not answer", detail)
        except httpx2.HTTPError:
            detail = f"{service} cannot be reached; it is being restarted. Try again in a moment."
            return problem(request, 502, "service-away", "A service is away", detail)
        response = StreamingResponse(body_of(answer), answer.status_code)
        response.raw_headers = end_to_end(answer.headers.raw)
        return response

    def _outgoing(self, request: Request, base: str) -> httpx2.Request:
        if int(request.headers.get("content-length", "0")) > BODY_BYTES:
            raise TooLarge
        target = request.scope["raw_path"] + (b"?" + query if (query := request.scope["query_string"]) else b"")
        has_body = "content-length" in request.headers or "transfer-encoding" in request.headers
        url = httpx2.URL(base).copy_with(raw_path=target)
        client = request.client.host if request.client else "unknown"
        headers = [*end_to_end(request.headers.raw), (b"x-forwarded-for", client.encode())]
        return self._client.build_request(
            request.method, url, headers=headers, content=limited(request) if has_body else None
        )

    async def _get(self, service: str, path: str) -> httpx2.Response | None:
        try:
            answer = await self._client.get(self._services[service] + path, timeout=READY_TIMEOUT_SECONDS)
        except httpx2.HTTPError:
            return None
        return answer if answer.status_code == httpx2.codes.OK else None


def problem(request: Request, status: int, reason: str, title: str, detail: str, **more: object) -> Response:
    """Return an application/problem+json answer of the front door's own."""
    content = {
        "type": f"https://schemas.govbus.dev/problems/{reason}",
        "title": title,
        "status": status,
        "detail": detail,
        "reason": reason.replace("-", "_"),
        "instance": request.url.path,
        **more,
    }
    return JSONResponse(content, status, media_type="application/problem+json")

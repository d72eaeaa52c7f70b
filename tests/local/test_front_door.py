"""The one address passes everything on as it comes, and says in a sentence when it cannot."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route as StarletteRoute

from backends.running import CHECKOUT
from govbus.contracts.limits import BODY_BYTES
from govbus.local.front_door import FrontDoor
from govbus.local.ports import free_ports
from govbus.local.routes import read_routes
from govbus.local.services import ROUTES_PATH, SERVICES

TABLE = read_routes(CHECKOUT / ROUTES_PATH)


async def echo(request: Request) -> Response:
    """Answer with what arrived."""
    body = await request.body()
    answer = JSONResponse(
        {
            "method": request.method,
            "path": request.scope["raw_path"].decode(),
            "query": request.url.query,
            "length": len(body),
            "headers": dict(request.headers),
        }
    )
    answer.raw_headers += [
        (b"set-cookie", b"one=1"),
        (b"set-cookie", b"two=2"),
        (b"connection", b"x-hop"),
        (b"x-hop", b"1"),
    ]
    return answer


async def events(_: Request) -> Response:
    """One event now, the next only when somebody has had time to see the first."""

    async def stream() -> AsyncIterator[bytes]:
        yield b"data: first\n\n"
        await asyncio.sleep(30)
        yield b"data: late\n\n"

    return StreamingResponse(stream(), media_type="text/event-stream")


async def elsewhere(_: Request) -> Response:
    """Point somewhere else."""
    return RedirectResponse("http://example.invalid/")


async def ready(_: Request) -> Response:
    """Be ready."""
    return JSONResponse({"status": "ready"})


async def described(_: Request) -> Response:
    """Describe one route whose component has a name that other services use too."""
    return JSONResponse(
        {
            "paths": {"/livez": {"get": {}}, "/v1/events": {"get": {"$ref": "#/components/schemas/Page"}}},
            "components": {"schemas": {"Page": {"type": "object"}}},
        }
    )


def upstream() -> Starlette:
    """Return a service that echoes."""
    return Starlette(
        routes=[
            StarletteRoute("/readyz", ready),
            StarletteRoute("/openapi.json", described),
            StarletteRoute("/v1/log/stream", events),
            StarletteRoute("/v1/sources/elsewhere", elsewhere),
            StarletteRoute("/{path:path}", echo, methods=["GET", "POST", "DELETE"]),
        ]
    )


@asynccontextmanager
async def served(app: Starlette) -> AsyncIterator[str]:
    """Serve an application on a free port."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1, ws="none"))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        listener.close()


@pytest.fixture
async def door() -> AsyncIterator[httpx2.AsyncClient]:
    """The front door before seven services, of which the notifier is away."""
    async with served(upstream()) as address:
        services = dict.fromkeys(SERVICES, address) | {"notifier": f"http://127.0.0.1:{free_ports(1)[0]}"}
        async with (
            served(FrontDoor(TABLE, services, "http://door").app()) as url,
            httpx2.AsyncClient(base_url=url, trust_env=False, timeout=20) as client,
        ):
            yield client


async def test_a_request_arrives_as_it_was_sent(door: httpx2.AsyncClient) -> None:
    answer = await door.post(
        "/v1/events?source=%2F%2Fdemo&x=1", content=b"{}", headers={"authorization": "Bearer t", "te": "trailers"}
    )
    seen = answer.json()
    assert (seen["method"], seen["path"], seen["query"], seen["length"]) == (
        "POST",
        "/v1/events",
        "source=%2F%2Fdemo&x=1",
        2,
    )
    assert seen["headers"]["authorization"] == "Bearer t"
    assert seen["headers"]["content-length"] == "2"
    assert "te" not in seen["headers"]


async def test_an_encoded_path_stays_encoded(door: httpx2.AsyncClient) -> None:
    assert (await door.get("/v1/models/retail/a%20b")).json()["path"] == "/v1/models/retail/a%20b"


async def test_headers_of_one_connection_stay_there_and_repeated_ones_stay_repeated(door: httpx2.AsyncClient) -> None:
    answer = await door.get("/v1/events")
    assert answer.headers.get_list("set-cookie") == ["one=1", "two=2"]
    assert "x-hop" not in answer.headers


async def test_what_only_a_proxy_says_of_a_client_certificate_does_not_pass(door: httpx2.AsyncClient) -> None:
    said = {
        "X-Forwarded-Client-Cert": "Hash=" + "0" * 64,
        "X-SSL-Client-Cert": "pem",
        "X-SSL-Client-Verify": "SUCCESS",
        "X-Govbus-Proxy-Secret": "guessed",
        "X-Else": "passes",
    }
    arrived = (await door.get("/v1/events", headers=said)).json()["headers"]
    assert [name for name in said if name.lower() in arrived] == ["X-Else"]


async def test_an_event_stream_passes_before_it_ends(door: httpx2.AsyncClient) -> None:
    async with door.stream("GET", "/v1/log/stream") as answer:
        first = await asyncio.wait_for(anext(answer.aiter_lines()), 5)
    assert first == "data: first"


async def test_a_body_that_is_streamed_passes_and_one_over_the_limit_is_413(door: httpx2.AsyncClient) -> None:
    async def chunks(count: int) -> AsyncIterator[bytes]:
        for _ in range(count):
            yield bytes(1024 * 1024)

    assert (await door.post("/v1/events", content=chunks(3))).json()["length"] == 3 * 1024 * 1024
    stated = await door.post("/v1/events", content=bytes(BODY_BYTES + 1))
    assert stated.status_code == 413
    counted = await door.post("/v1/events", content=chunks(BODY_BYTES // 1024 // 1024 + 1))
    assert counted.status_code == 413


async def test_a_body_of_two_lengths_is_400(door: httpx2.AsyncClient) -> None:
    headers = {"content-length": "5", "transfer-encoding": "chunked"}
    answer = await door.post("/v1/events", content=b"12345", headers=headers)
    assert (answer.status_code, answer.json()["reason"]) == (400, "ambiguous_length")


async def test_a_redirect_is_passed_on_and_not_followed(door: httpx2.AsyncClient) -> None:
    answer = await door.get("/v1/sources/elsewhere")
    assert (answer.status_code, answer.headers["location"]) == (307, "http://example.invalid/")


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1", "/api/v2", "/v1/eventsx"])
async def test_a_path_of_nobody_is_a_404_problem(door: httpx2.AsyncClient, path: str) -> None:
    answer = await door.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"].endswith("/unknown-path")
    assert (answer.json()["reason"], answer.json()["instance"]) == ("unknown_path", path)


async def test_a_service_that_is_away_is_a_502_problem_that_names_it(door: httpx2.AsyncClient) -> None:
    answer = await door.get("/v1/notifications")
    assert answer.status_code == 502
    assert "notifier" in answer.json()["detail"]


async def test_readiness_names_who_is_not_ready(door: httpx2.AsyncClient) -> None:
    answer = await door.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["waiting"] == ["notifier"]


async def test_the_merged_document_keeps_equal_names_apart(door: httpx2.AsyncClient) -> None:
    document = (await door.get("/openapi.json")).json()
    assert {"intake.Page", "risk.Page"} <= set(document["components"]["schemas"])
    assert "/livez" not in document["paths"]
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert {"bearer": []} in document["security"]
    assert "notifier did not answer" in document["info"]["description"]


async def test_metrics_are_not_at_the_one_address(door: httpx2.AsyncClient) -> None:
    answer = await door.get("/metrics")
    assert (answer.status_code, "own port" in answer.json()["detail"]) == (404, True)


def test_every_service_of_the_table_exists() -> None:
    assert set(TABLE.services) == set(SERVICES)


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/", "console"),
        ("/sign-in", "console"),
        ("/v1/lineage/model/retail/x", "inventory"),
        ("/api/v1/lineage", "intake"),
        ("/v1/ops/audit_log/parked", "audit_log"),
        ("/v1/risk/model/retail/x", "risk"),
        ("/v1/routes/test", "notifier"),
    ],
)
def test_a_path_belongs_to_its_service(path: str, service: str) -> None:
    assert TABLE.service_for(path) == service

"""The HTTP side every service has: limits, problems, and nothing of an exception to a user."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from fastapi import APIRouter
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import SecretStr

from govbus.eventing.paging import decode_cursor, encode_cursor
from govbus.eventing.problems import Problem
from govbus.eventing.service import Service
from govbus.eventing.settings import ServiceSettings

LIMIT_BYTES = 1000


def _routes() -> APIRouter:
    routes = APIRouter()

    @routes.post("/take")
    async def take(body: dict[str, str]) -> dict[str, int]:
        return {"fields": len(body)}

    @routes.get("/fail")
    async def fail() -> None:
        raise ValueError("password=hunter2")

    return routes


@pytest.fixture
async def client(probe_settings: ServiceSettings) -> AsyncIterator[httpx2.AsyncClient]:
    service = Service("console", probe_settings.model_copy(update={"http_body_bytes": LIMIT_BYTES}))
    transport = httpx2.ASGITransport(app=service.app(_routes()))
    async with httpx2.AsyncClient(transport=transport, base_url="http://probe") as opened:
        yield opened
    await service.engine.dispose()


async def _chunks() -> AsyncIterator[bytes]:
    for _ in range(LIMIT_BYTES):
        yield b'{"a": "b"}'


async def test_a_body_of_stated_length_beyond_the_limit_is_413(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/take", content=b"x" * (LIMIT_BYTES + 1), headers={"content-type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")


async def test_an_endless_body_is_413_and_not_read_to_its_end(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/take", content=_chunks(), headers={"content-type": "application/json"})
    assert answer.status_code == 413


async def test_a_body_within_the_limit_is_taken(client: httpx2.AsyncClient) -> None:
    assert (await client.post("/take", json={"a": "b"})).json() == {"fields": 1}


async def test_malformed_is_400_and_refused_is_422_with_pointers(client: httpx2.AsyncClient) -> None:
    malformed = await client.post("/take", content=b"{", headers={"content-type": "application/json"})
    refused = await client.post("/take", json={"a": 1})
    assert (malformed.status_code, refused.status_code) == (400, 422)
    assert "errors" not in malformed.json()
    assert refused.json()["errors"] == [{"pointer": "/a", "detail": "Input should be a valid string"}]


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", ""])
async def test_a_body_that_is_not_said_to_be_json_is_415(client: httpx2.AsyncClient, content_type: str) -> None:
    headers = {"content-type": content_type} if content_type else {}
    answer = await client.post("/take", content=b'{"a": "b"}', headers=headers)
    assert (answer.status_code, answer.json()["reason"]) == (415, "unsupported_media_type")


async def test_a_problem_names_its_reason_and_the_path_it_is_about(client: httpx2.AsyncClient) -> None:
    problem = (await client.post("/take", json={"a": 1})).json()
    assert (problem["reason"], problem["instance"]) == ("invalid_request", "/take")
    assert problem["type"].endswith("/invalid-request")


async def test_a_failure_is_answered_and_not_raised_to_the_server_and_shows_nothing_of_its_cause(
    client: httpx2.AsyncClient,
) -> None:
    answer = await client.get("/fail")
    assert answer.status_code == 500
    assert answer.json()["type"].endswith("/internal")
    assert "hunter2" not in answer.text


async def test_a_pool_without_a_free_connection_is_503_and_says_when_to_come_again(
    probe_settings: ServiceSettings,
) -> None:
    narrow = {"postgres_pool_count": 1, "postgres_pool_timeout_seconds": 0.05}
    service = Service("console", probe_settings.model_copy(update=narrow))
    routes = APIRouter()

    @routes.get("/ask")
    async def ask() -> None:
        async with service.engine.connect() as connection:
            await connection.exec_driver_sql("SELECT 1")

    transport = httpx2.ASGITransport(app=service.app(routes))
    async with httpx2.AsyncClient(transport=transport, base_url="http://probe") as client:
        async with service.engine.connect() as held:
            await held.exec_driver_sql("SELECT 1")
            refused = await client.get("/ask")
        taken = await client.get("/ask")
    await service.engine.dispose()
    assert (refused.status_code, refused.json()["reason"], refused.headers["retry-after"]) == (503, "unavailable", "5")
    assert taken.status_code == 200


async def test_a_database_that_is_gone_is_503(probe_settings: ServiceSettings) -> None:
    nowhere = probe_settings.model_copy(
        update={"postgres_url": SecretStr("postgresql+asyncpg://nobody@127.0.0.1:9/nothing")}
    )
    service = Service("console", nowhere)
    routes = APIRouter()

    @routes.get("/ask")
    async def ask() -> None:
        async with service.engine.connect():
            pass

    transport = httpx2.ASGITransport(app=service.app(routes))
    async with httpx2.AsyncClient(transport=transport, base_url="http://probe") as client:
        assert (await client.get("/ask")).status_code == 503
    await service.engine.dispose()


async def test_a_secret_in_the_query_is_in_no_trace(
    probe_settings: ServiceSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    service = Service("console", probe_settings)
    transport = httpx2.ASGITransport(app=service.app(_routes()))
    async with httpx2.AsyncClient(transport=transport, base_url="http://probe") as client:
        await client.get("/fail?code=hunter2")
    await service.engine.dispose()
    spans = [span.to_json() for span in exporter.get_finished_spans()]
    assert any("/fail" in span for span in spans)
    assert not any("hunter2" in span or "code=" in span for span in spans)


@pytest.mark.parametrize("url", ["/fail%00", "/fail?q=%00"])
async def test_a_nul_in_the_url_is_422_and_reaches_no_route(client: httpx2.AsyncClient, url: str) -> None:
    answer = await client.get(url)
    assert (answer.status_code, answer.json()["reason"]) == (422, "invalid_request")


@pytest.mark.parametrize("part", [2**63, -(2**63) - 1, "a\x00"])
def test_a_forged_cursor_never_reaches_the_database(part: int | str) -> None:
    with pytest.raises(Problem):
        decode_cursor(encode_cursor(part), type(part))


@pytest.mark.parametrize("name", ["traceparent", "tracestate", "baggage", "user-agent", "host"])
@pytest.mark.parametrize("value", [b"\\x\xff", b"\\\xa1", b"\xff"])
async def test_a_header_of_any_bytes_that_tracing_reads_is_no_failure(
    client: httpx2.AsyncClient, name: str, value: bytes
) -> None:
    answer = await client.post("/take", json={"a": "b"}, headers=[(name.encode(), value)])

    assert answer.status_code == 200, answer.text


async def test_an_unknown_route_is_a_problem_that_says_what_to_do(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/nowhere")
    assert answer.status_code == 404
    assert "GET /docs lists the routes" in answer.json()["detail"]

"""Bodies and headers of every kind on every way in: never a failure, and what was accepted is there."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from intake.desk import Desk, cloud_event, open_desk

EXAMPLES_COUNT = 120
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=12,
)
HEADER_VALUES = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=60).map(str.strip)
EVENTS = st.fixed_dictionaries({}, optional=dict.fromkeys(("id", "source", "type", "subject", "time", "data"), JSON))
BODIES = (
    st.binary(max_size=400)
    | JSON.map(lambda value: json.dumps(value).encode())
    | EVENTS.map(lambda changes: json.dumps({**cloud_event(source="//ci"), **changes}).encode())
    | st.lists(EVENTS, max_size=4).map(lambda events: json.dumps([{**cloud_event(), **one} for one in events]).encode())
)
MEDIA = st.sampled_from(
    [
        "application/json",
        "application/cloudevents+json",
        "application/cloudevents-batch+json",
        "application/cloudevents+avro",
        "application/x-ndjson",
        "text/plain",
        "",
    ]
)
PATHS = ("/v1/events", "/v1/webhooks/ci", "/v1/webhooks/lab", "/v1/webhooks/gitlab", "/v1/webhooks/azure")


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    """An event loop for many examples of one test."""
    with asyncio.Runner() as opened:
        yield opened


@pytest.fixture
def desk(runner: asyncio.Runner, service_database: Callable[[str], str], tmp_path: Path) -> Iterator[Desk]:
    """One intake for all examples, with a source of every kind."""
    stack = AsyncExitStack()

    async def opened() -> Desk:
        desk = await stack.enter_async_context(open_desk(service_database("intake"), tmp_path))
        await desk.register("ci", mapping="cdevents")
        await desk.register("lab", mapping="azureml", internal=True, signature={"scheme": "none"})
        await desk.register("azure", mapping="azureml", signature={"scheme": "eventgrid", "secret": "s"})
        await desk.register("gitlab", signature={"scheme": "gitlab", "secret": "s"})
        return desk

    yield runner.run(opened())
    runner.run(stack.aclose())


def _sane(answer: httpx2.Response) -> bool:
    return answer.status_code < 500 and "Traceback" not in answer.text


def test_no_body_and_no_header_makes_a_failure(desk: Desk, runner: asyncio.Runner) -> None:
    mine = {"authorization": f"Bearer {desk.tokens['ci']}"}
    names = st.sampled_from(
        [
            *("ce-id", "ce-type", "ce-source", "ce-time", "ce-specversion", "ce-dataschema", "ce-x", "traceparent"),
            *("content-encoding", "content-length", "aeg-event-type", "webhook-id", "webhook-signature"),
        ]
    )

    @settings(max_examples=EXAMPLES_COUNT, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(PATHS), MEDIA, st.dictionaries(names, HEADER_VALUES, max_size=5), BODIES)
    @example("/v1/events", "application/json", {"content-length": "²"}, b"{}")
    @example("/v1/events", "application/json", {"content-length": "9" * 30}, b"{}")
    @example("/v1/events", "application/json", {"content-encoding": "gzip"}, b"\x1f\x8b\x08")
    @example("/v1/webhooks/azure", "application/json", {"aeg-event-type": "SubscriptionValidation"}, b"[[]]")
    def ask(path: str, media: str, headers: dict[str, str], body: bytes) -> None:
        sent = {**mine, "content-type": media, **headers}
        asked = [(name.encode(), value.encode("latin-1")) for name, value in sent.items()]
        answer = runner.run(desk.client.post(f"{path}?code=s", content=body, headers=asked))
        assert _sane(answer), (answer.status_code, answer.text[:300])

    ask()


def test_no_settings_make_a_failure(desk: Desk, runner: asyncio.Runner) -> None:
    admin = desk.person("admin")
    fields = ("name", "source", "namespace", "mapping", "internal", "types", "limits", "kafka", "replay_window_seconds")
    signature = st.fixed_dictionaries(
        {"scheme": st.sampled_from(["github", "sns", "mtls", "none", "openai", "basic"]) | JSON},
        optional=dict.fromkeys(("secret", "certificate", "topics", "confirm"), JSON),
    )
    registration = st.fixed_dictionaries(
        {"name": st.text(max_size=5), "source": st.text(max_size=9), "signature": signature},
        optional=dict.fromkeys(fields[2:], JSON),
    )
    ways = [
        ("POST", "/v1/sources", registration | JSON),
        ("PATCH", "/v1/sources/ci", st.dictionaries(st.sampled_from(fields), JSON) | JSON),
        ("POST", "/v1/sources/azure/signature", st.dictionaries(st.sampled_from(["secret", "certificate"]), JSON)),
        ("POST", "/v1/sources/ci/credentials", st.dictionaries(st.just("expires_in_seconds"), JSON) | JSON),
    ]

    @settings(max_examples=EXAMPLES_COUNT, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(ways).flatmap(lambda way: st.tuples(st.just(way[0]), st.just(way[1]), way[2])))
    def ask(way: tuple[str, str, Any]) -> None:
        method, path, document = way
        headers = {**admin, "content-type": "application/json"}
        answer = runner.run(desk.client.request(method, path, content=json.dumps(document), headers=headers))
        assert _sane(answer), (answer.status_code, answer.text[:300])

    ask()


def test_what_was_accepted_is_in_the_outbox_once(desk: Desk, runner: asyncio.Runner) -> None:
    mine = {"authorization": f"Bearer {desk.tokens['ci']}"}
    accepted: set[str] = set()

    @settings(max_examples=EXAMPLES_COUNT, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.text(max_size=6), JSON)
    def emit(id_: str, data: Any) -> None:
        event = {"source": "//ci", "type": "com.example.happened", "subject": None, "id": id_, "data": {"value": data}}
        answer = runner.run(desk.emit(mine, **event))
        assert _sane(answer), (answer.status_code, answer.text[:300])
        if answer.status_code == 202:
            accepted.add(id_)

    emit()
    ids = [fact.id for fact in runner.run(desk.facts())]
    assert len(ids) == len(set(ids))
    assert set(ids) == accepted

"""Any bytes on every way in: answered with a reason of the closed list, or taken and never lost."""

import asyncio
import json
import os
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from govbus.contracts import topics
from govbus.contracts.identity import position_of
from govbus.eventing.delivery import RawDelivery
from govbus.eventing.records import RawRecord
from govbus.intake.domain.refusals import REASONS
from govbus.intake.handlers import on_platform_records
from govbus.intake.installed_mappings import DELIVERED
from intake.desk import Desk, cloud_event, open_desk

EXAMPLES_COUNT: Final = int(os.environ.get("GOVBUS_HOSTILE_CASES", "300"))
EDGE_REASONS: Final = {
    *("malformed", "invalid_request", "unsupported_media_type", "not_found", "incomplete_body"),
    *("body_too_slow", "overloaded", "rate_limited", "unauthenticated", "role_missing"),
}
"""What is refused before anybody looks at the input as such."""

MAPPINGS: Final = tuple(sorted(path.stem for path in DELIVERED.glob("*.yaml")))
JSON: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=10,
)
RUN_EVENT: Final[dict[str, Any]] = {
    "eventType": "COMPLETE",
    "eventTime": "2026-11-23T12:00:00Z",
    "producer": "https://example.org/p",
    "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
    "run": {"runId": "0193c1a0-0000-7000-8000-000000000000"},
    "job": {"namespace": "lab", "name": "train"},
    "inputs": [{"namespace": "s3://lake", "name": "t"}],
    "outputs": [],
}
RUN_EVENTS: Final = st.fixed_dictionaries({}, optional=dict.fromkeys(RUN_EVENT, JSON)).map(lambda one: RUN_EVENT | one)
BODIES: Final = (
    st.binary(max_size=300)
    | JSON.map(lambda value: json.dumps(value).encode())
    | RUN_EVENTS.map(lambda one: json.dumps(one).encode())
    | st.lists(RUN_EVENTS, max_size=3).map(lambda some: json.dumps(some).encode())
    | st.lists(st.lists(st.text(max_size=8), max_size=4), max_size=4).map(
        lambda rows: "\r\n".join(",".join(row) for row in rows).encode("utf-8", "surrogatepass")
    )
)
QUERY: Final = st.dictionaries(
    st.sampled_from(["subject", "version", "environment", "evaluator", "time", "namespace", "x"]),
    st.text(max_size=40),
    max_size=3,
)
WAYS: Final = st.tuples(
    st.just("/v1/imports"), st.sampled_from([*MAPPINGS, "", "no such"]).map(lambda name: {"as": name})
)
OTHER_WAYS: Final[st.SearchStrategy[tuple[str, dict[str, str]]]] = st.tuples(
    st.sampled_from(["/api/v1/lineage", "/v1/webhooks/lab"]), st.just({})
)
MEDIA: Final = st.sampled_from(["application/json", "text/csv", "application/x-yaml", "text/plain", "x", ""])

HEADER_NAMES: Final = st.sampled_from(
    ["ce_id", "ce_source", "ce_type", "ce_specversion", "ce_subject", "ce_time", "ce_x", "content-type", "traceparent"]
) | st.text(max_size=10)
HEADERS: Final = st.lists(st.tuples(HEADER_NAMES, st.none() | st.binary(max_size=30)), max_size=8)
STRUCTURED: Final = (("content-type", b"application/cloudevents+json"),)

settled = settings(max_examples=EXAMPLES_COUNT, deadline=None, database=None, suppress_health_check=list(HealthCheck))


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    """An event loop for many examples of one test."""
    with asyncio.Runner() as opened:
        yield opened


@pytest.fixture
def desk(runner: asyncio.Runner, service_database: Callable[[str], str], tmp_path: Path) -> Iterator[Desk]:
    """An intake with a platform that sends lineage."""
    stack = AsyncExitStack()

    async def opened() -> Desk:
        desk = await stack.enter_async_context(open_desk(service_database("intake"), tmp_path))
        await desk.register("lab", mapping="openlineage", namespace="lab")
        return desk

    yield runner.run(opened())
    runner.run(stack.aclose())


def _check(answer: httpx2.Response) -> None:
    if answer.status_code < 400:
        return
    assert answer.status_code < 500, answer.text[:300]
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["reason"] in {*REASONS, *EDGE_REASONS}, answer.text[:300]


def _positions(answer: httpx2.Response) -> set[str]:
    """Return where what was taken stands, of one part or of several."""
    if answer.status_code >= 400:
        return set()
    document = answer.json()
    taken = document.get("results", [document])
    return {place for one in taken for place in one.get("positions", [one["position"]] if "position" in one else [])}


def test_any_file_and_any_lineage_is_refused_with_a_reason_or_is_in_the_register(
    desk: Desk, runner: asyncio.Runner
) -> None:
    accepted: set[str] = set()

    @settled
    @given(WAYS | OTHER_WAYS, QUERY, MEDIA, BODIES)
    def send(way: tuple[str, dict[str, str]], query: dict[str, str], media: str, body: bytes) -> None:
        path, reads = way
        url = f"{path}?{urlencode({**query, **reads}, errors='replace')}"
        headers = {"authorization": f"Bearer {desk.tokens['lab']}", "content-type": media}
        answer = runner.run(desk.client.post(url, content=body, headers=headers))
        _check(answer)
        accepted.update(_positions(answer))

    send()
    good = runner.run(
        desk.client.post("/api/v1/lineage", json=[RUN_EVENT], headers={"authorization": f"Bearer {desk.tokens['lab']}"})
    )
    accepted |= _positions(good)
    assert accepted
    assert accepted == runner.run(_registered(desk))


async def _registered(desk: Desk) -> set[str]:
    """Return the positions of all facts that wait to leave."""
    return {position_of(fact) for fact in await desk.facts()}


def test_any_record_is_taken_or_on_record_and_good_ones_beside_it_are_never_lost(
    desk: Desk, runner: asyncio.Runner
) -> None:
    count = 0
    expected: set[str] = set()

    async def handle(records: list[RawRecord]) -> None:
        async with desk.reception.transaction() as (connection, outbox):
            await on_platform_records(desk.reception, RawDelivery(records, connection, outbox))

    @settled
    @given(st.lists(st.tuples(HEADERS, st.none() | st.binary(max_size=60) | BODIES), max_size=4), st.binary(max_size=9))
    def read(rubbish: list[tuple[Any, bytes | None]], key: bytes) -> None:
        nonlocal count
        count += 1
        topic = topics.intake_topic("lab")
        event = cloud_event(id=f"good {count}", source="//lab", type="com.example.happened", subject=None)
        good = RawRecord(topic, 0, 0, 1_795_000_000_000, key, json.dumps(event).encode(), STRUCTURED)
        others = [RawRecord(topic, 0, 0, 1_795_000_000_000, key, value, tuple(headers)) for headers, value in rubbish]
        runner.run(handle([*others, good, *others]))
        expected.add(event["id"])

    read()
    facts = runner.run(desk.facts())
    assert expected <= {fact.id for fact in facts}
    assert {refusal["reason"] for refusal in runner.run(desk.refusals())} <= set(REASONS)

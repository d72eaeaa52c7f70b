"""`POST /api/v1/lineage`: what OpenLineage's clients send, and what they are told."""

import gzip
import json
from typing import Any

import httpx2
import pytest

from intake.desk import Desk

RUN: dict[str, Any] = {
    "eventType": "COMPLETE",
    "eventTime": "2026-11-23T11:00:00Z",
    "run": {"runId": "0198f0a0-0000-7000-8000-000000000001"},
    "job": {"namespace": "mlops", "name": "curate"},
    "inputs": [{"namespace": "s3://lake", "name": "raw/loans"}],
    "outputs": [{"namespace": "s3://lake", "name": "curated/loans"}],
    "producer": "https://example.org/pipelines",
}


@pytest.fixture
async def key(desk: Desk) -> dict[str, str]:
    """The header that an OpenLineage client sends with its API key."""
    return await desk.register("pipelines", mapping="openlineage")


async def send(desk: Desk, body: Any, headers: dict[str, str]) -> httpx2.Response:
    """Send what an OpenLineage client sends."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await desk.client.post(
        "/api/v1/lineage", content=raw, headers={"content-type": "application/json", **headers}
    )


def reason_of(answer: httpx2.Response) -> str:
    """Return the reason of a refusal."""
    return str(answer.json()["type"]).rpartition("/")[2]


async def test_a_completed_run_is_answered_201_and_its_retry_200(desk: Desk, key: dict[str, str]) -> None:
    assert (await send(desk, RUN, key)).status_code == 201
    again = await send(desk, RUN, key)
    assert (again.status_code, again.json()["status"]) == (200, "duplicate")
    (fact,) = await desk.facts()
    assert fact.subject == "dataset/retail/s3:%2F%2Flake%2Fcurated%2Floans"
    assert fact.json()["inputs"] == [{"dataset": "s3://lake/raw/loans"}]


async def test_a_compressed_event_is_read_as_it_is(desk: Desk, key: dict[str, str]) -> None:
    packed = gzip.compress(json.dumps(RUN).encode())
    assert (await send(desk, packed, {**key, "content-encoding": "gzip"})).status_code == 201
    assert len(await desk.facts()) == 1


async def test_a_list_is_judged_event_by_event(desk: Desk, key: dict[str, str]) -> None:
    without_id = {**RUN, "run": {}}
    answer = await send(desk, [without_id, RUN], key)
    assert answer.status_code == 201
    refused, accepted = answer.json()["results"]
    assert (refused["status"], accepted["status"]) == ("rejected", "accepted")
    assert refused["problem"]["errors"][0]["pointer"] == "/run/runId"
    assert len(await desk.facts()) == 1


async def test_a_list_of_which_nothing_was_taken_is_refused(desk: Desk, key: dict[str, str]) -> None:
    answer = await send(desk, [{**RUN, "run": {}}, {"eventTime": "2026-11-23T11:00:00Z"}], key)
    assert (answer.status_code, reason_of(answer)) == (422, "mapping-failed")
    assert [refusal["reason"] for refusal in await desk.refusals()] == ["mapping_failed", "unmapped"]


async def test_an_empty_list_is_refused(desk: Desk, key: dict[str, str]) -> None:
    answer = await send(desk, [], key)
    assert (answer.status_code, reason_of(answer)) == (422, "mapping-failed")


async def test_a_source_that_speaks_otherwise_is_refused_on_record(desk: Desk) -> None:
    mlflow = await desk.register("mlflow", mapping="mlflow")
    answer = await send(desk, RUN, mlflow)
    assert (answer.status_code, reason_of(answer)) == (422, "unmapped")
    assert [refusal["reason"] for refusal in await desk.refusals()] == ["unmapped"]


async def test_a_person_sends_no_lineage(desk: Desk) -> None:
    answer = await send(desk, RUN, desk.person("owner"))
    assert (answer.status_code, reason_of(answer)) == (403, "not-yours")
    assert await desk.facts() == []


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer sample-api-key"}])
async def test_without_a_good_key_nothing_is_read(desk: Desk, headers: dict[str, str]) -> None:
    assert (await send(desk, b"rubbish", headers)).status_code == 401


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "invalid-json"),
        (b'{"eventTime": NaN}', "not-a-number"),
        (b'{"eventTime": 1, "eventTime": 2}', "duplicate-key"),
        (b"[null]", "mapping-failed"),
        (b'"event"', "mapping-failed"),
    ],
)
async def test_a_body_that_is_no_event_is_refused(desk: Desk, key: dict[str, str], body: bytes, reason: str) -> None:
    answer = await send(desk, body, key)
    assert (answer.status_code // 100, reason_of(answer)) == (4, reason)

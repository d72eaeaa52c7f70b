"""Every captured delivery of MLflow 3.17.2, bytes and headers as they were, the clock set to the capture."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from intake.desk import Desk

pytestmark = pytest.mark.interop

SECRET = "sample-webhook-secret"


@dataclass(frozen=True)
class Capture:
    """One captured request."""

    name: str
    body: bytes
    headers: dict[str, str]
    received_at: datetime

    @property
    def is_signed(self) -> bool:
        """Whether MLflow had a secret for this webhook."""
        return "x-mlflow-signature" in self.headers


def captures(samples: Path) -> list[Capture]:
    """Return all captured deliveries in the order they were received."""
    found = []
    for path in sorted((samples / "mlflow").glob("*.headers.json")):
        noted = json.loads(path.read_text())
        body = path.with_name(path.name.replace(".headers.json", ".json")).read_bytes()
        headers = {
            name.lower(): value for name, value in noted["headers"] if name.lower() not in {"host", "content-length"}
        }
        name = path.name.removesuffix(".headers.json")
        found.append(Capture(name, body, headers, datetime.fromtimestamp(noted["received_unix"], UTC)))
    assert found
    return sorted(found, key=lambda one: one.received_at)


async def deliver(desk: Desk, capture: Capture) -> httpx2.Response:
    """Send a capture to the webhook of `mlflow`, at the time it was captured."""
    desk.clock.now = capture.received_at
    return await desk.client.post("/v1/webhooks/mlflow", content=capture.body, headers=capture.headers)


@pytest.fixture
async def mlflow(desk: Desk) -> Desk:
    """An intake where MLflow is registered with its secret."""
    await desk.register(
        "mlflow", source="//mlflow/prod", mapping="mlflow", signature={"scheme": "mlflow", "secret": SECRET}
    )
    return desk


async def test_every_captured_delivery_gets_the_right_answer(mlflow: Desk, samples: Path) -> None:
    seen: set[str] = set()
    for capture in captures(samples):
        answer = await deliver(mlflow, capture)
        delivery = capture.headers["x-mlflow-delivery-id"]
        if not capture.is_signed:
            expected: tuple[int, str | None] = (401, None)
        elif "test-delivery" in capture.name:
            expected = (200, "ignored")
        elif delivery in seen:
            expected = (200, "duplicate")
        else:
            expected = (202, "accepted")
        seen.add(delivery)
        told = answer.json()["status"] if capture.is_signed else None
        assert (answer.status_code, told) == expected, (capture.name, answer.text)


async def test_registrations_and_versions_are_mapped_and_the_rest_is_reported(mlflow: Desk, samples: Path) -> None:
    for capture in captures(samples):
        await deliver(mlflow, capture)
    facts = await mlflow.facts()
    types = [fact.type for fact in facts]
    assert types.count("dev.govbus.model.registered.v1") == 4
    assert types.count("dev.govbus.model.version_created.v1") == 3
    assert set(types) == {
        "dev.govbus.model.registered.v1",
        "dev.govbus.model.version_created.v1",
        "dev.govbus.platform.reported.v1",
    }
    (second,) = [fact for fact in facts if fact.id == "8be56777-f092-4ea3-ba97-5a5142d25ad5/0"]
    assert second.subject == "model/retail/credit-risk-scorer"
    assert second.source == "//mlflow/prod"
    assert second.json() == {
        "version": "2",
        "artifact_uri": "models:/m-c0bdf7c8c5fe466da029ea2dc62b6b8b",
    }
    assert second.extensions["mappingname"] == "mlflow"
    assert set(second.extensions) == {"mappingname", "mappingversion", "mappingdigest", "rawdigest"}
    reported = {fact.json()["kind"] for fact in facts if fact.type.startswith("dev.govbus.platform.")}
    assert {"model_version_alias.created", "model_version_tag.set", "prompt_version.created"} <= reported


async def test_a_test_delivery_is_on_record_as_ignored_and_makes_no_fact(mlflow: Desk, samples: Path) -> None:
    (capture,) = [one for one in captures(samples) if "test-delivery" in one.name]
    answer = await deliver(mlflow, capture)
    assert (answer.status_code, answer.json()["reason"]) == (200, "test_delivery")
    assert await mlflow.facts() == []
    (record,) = await mlflow.refusals()
    assert (record["disposition"], record["reason"]) == ("ignored", "test_delivery")
    assert (await deliver(mlflow, capture)).json()["status"] == "duplicate"


async def test_an_altered_body_is_refused_and_never_on_record_singly(mlflow: Desk, samples: Path) -> None:
    capture = next(one for one in captures(samples) if one.is_signed)
    altered = Capture(capture.name, capture.body.replace(b"created", b"Created"), capture.headers, capture.received_at)
    answer = await deliver(mlflow, altered)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (401, "bad-signature")
    assert await mlflow.refusals() == []


@pytest.mark.parametrize("hours", [-73, 73])
async def test_a_delivery_outside_the_replay_window_is_refused_and_on_record(
    mlflow: Desk, samples: Path, hours: int
) -> None:
    capture = next(one for one in captures(samples) if one.is_signed)
    moved = Capture(capture.name, capture.body, capture.headers, capture.received_at + timedelta(hours=hours))
    answer = await deliver(mlflow, moved)
    assert answer.json()["type"].rpartition("/")[2] == "outside-replay-window"
    assert [record["reason"] for record in await mlflow.refusals()] == ["outside_replay_window"]


async def test_a_retry_within_the_window_of_72_hours_is_taken(mlflow: Desk, samples: Path) -> None:
    capture = next(one for one in captures(samples) if one.is_signed)
    late = Capture(capture.name, capture.body, capture.headers, capture.received_at + timedelta(hours=71))
    assert (await deliver(mlflow, late)).status_code == 202

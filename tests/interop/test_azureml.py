"""Azure ML's events in CloudEvents schema: nothing that we understand, and nothing that is lost."""

import json
from pathlib import Path

import pytest

from intake.desk import Desk

pytestmark = pytest.mark.interop

BATCH = "application/cloudevents-batch+json"
WORKSPACE = (
    "/subscriptions/{subscription-id}/resourceGroups/{resource-group-name}"
    "/providers/Microsoft.MachineLearningServices/workspaces/{workspace-name}"
)


async def test_every_file_is_accepted_as_opaque_facts_with_its_bytes(desk: Desk, samples: Path) -> None:
    mine = await desk.register("azureml", source=WORKSPACE)
    for path in sorted((samples / "azureml").glob("*.cloudevents.json")):
        raw = path.read_bytes()
        answer = await desk.client.post("/v1/events", content=raw, headers={**mine, "content-type": BATCH})
        results = answer.json()["results"]
        assert answer.status_code == 202, (path.name, answer.text)
        assert [result["status"] for result in results] == ["accepted"], (path.name, answer.text)
        (sent,) = json.loads(raw)
        fact = (await desk.facts())[-1]
        assert (fact.id, fact.type, fact.source) == (sent["id"], sent["type"], WORKSPACE)
        assert fact.subject.startswith("external/azureml/")
        assert fact.json() == sent["data"]
        assert fact.data in raw
        assert fact.time.microsecond == 958410


async def test_the_same_id_under_another_type_is_another_event(desk: Desk, samples: Path) -> None:
    mine = await desk.register("azureml", source=WORKSPACE)
    paths = sorted((samples / "azureml").glob("*.cloudevents.json"))
    batch = [json.loads(path.read_bytes())[0] for path in paths]
    assert len({event["id"] for event in batch}) < len(batch)
    answer = await desk.client.post("/v1/events", content=json.dumps(batch), headers={**mine, "content-type": BATCH})
    assert {result["status"] for result in answer.json()["results"]} == {"accepted"}

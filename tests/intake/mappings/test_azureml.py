"""Azure ML: arrays, two schemas, numbers for versions, ids that repeat over types."""

from typing import Any

import pytest

from intake.mappings.reading import carried, facts, facts_of, ignored, read, refusal, units

WORKSPACE = "/subscriptions/{s}/providers/Microsoft.MachineLearningServices/workspaces/w"
PREFIX = "Microsoft.MachineLearningServices."
REGISTERED = {"ModelName": "régression", "ModelVersion": 20, "ModelTags": {"area": "diabetes"}}
DEPLOYED = {"ServiceName": "svc", "ServiceComputeType": "ACI", "ModelIds": "m:1, team:n:2"}
DRIFT = {
    "DataDriftName": "monitor",
    "RunId": "r",
    "BaseDatasetId": "base",
    "TargetDatasetId": "target",
    "DriftCoefficient": 0.8350349068479208,
    "StartTime": "2019-07-04T00:00:00+00:00",
    "EndTime": "2019-07-05T00:00:00+00:00",
}


def grid(kind: str, data: Any, **changes: Any) -> dict[str, Any]:
    """Return an event in Event Grid's own schema."""
    return {
        "topic": WORKSPACE,
        "subject": "models/m:20",
        "eventType": PREFIX + kind,
        "eventTime": "2017-06-26T18:41:00.9584103Z",
        "id": "831e1650",
        "data": data,
        "dataVersion": "",
        "metadataVersion": "1",
        **changes,
    }


def cloud(kind: str, data: Any) -> dict[str, Any]:
    """Return an event in CloudEvents schema."""
    return {
        "specversion": "1.0",
        "source": WORKSPACE,
        "subject": "models/m:20",
        "type": PREFIX + kind,
        "time": "2017-06-26T18:41:00.9584103Z",
        "id": "831e1650",
        "data": data,
    }


EXPECTED = {
    "ModelRegistered": (
        REGISTERED,
        [("model.version_created", "model/retail/r%C3%A9gression", {"version": "20", "tags": {"area": "diabetes"}})],
    ),
    "ModelDeployed": (
        DEPLOYED,
        [
            ("deployment.completed", "model/retail/m", {"version": "1", "environment": "svc"}),
            ("deployment.completed", "model/retail/team:n", {"version": "2", "environment": "svc"}),
        ],
    ),
}


@pytest.mark.parametrize("kind", list(EXPECTED))
def test_both_schemas_at_a_webhook_and_a_carried_event_mean_the_same(kind: str) -> None:
    data, expected = EXPECTED[kind]
    assert facts("azureml", [grid(kind, data)]) == expected
    assert facts("azureml", cloud(kind, data)) == expected
    assert facts_of(carried("azureml", data, {"type": PREFIX + kind, "time": "2017-06-26T18:41:00Z"})) == expected


def test_the_sender_may_state_the_environment_of_a_deployment() -> None:
    found = facts("azureml", [grid("ModelDeployed", DEPLOYED)], stated={"environment": "production"})
    assert {data["environment"] for _, _, data in found} == {"production"}


def test_found_drift_is_a_failed_check_of_the_target() -> None:
    ((type_, subject, data),) = facts("azureml", [grid("DatasetDriftDetected", DRIFT)])
    assert (type_, subject) == ("dataset.checked", "dataset/retail/target")
    assert (data["kind"], data["outcome"], data["reference"]) == ("drift", "failed", "base")
    assert data["checks"] == [{"name": "monitor", "outcome": "failed", "value": 0.8350349068479208}]
    assert data["window"]["end"] == "2019-07-05T00:00:00Z"


def test_drift_without_a_span_of_time_is_still_drift() -> None:
    data = {"TargetDatasetId": "target", "DriftCoefficient": 1}
    assert "window" not in facts("azureml", [grid("DatasetDriftDetected", data)])[0][2]


@pytest.mark.parametrize("found", [{}, {"DriftCoefficient": None, "StartTime": None, "EndTime": None, "RunId": None}])
def test_drift_without_a_figure_is_still_drift(found: dict[str, Any]) -> None:
    ((_, _, data),) = facts("azureml", [grid("DatasetDriftDetected", {"TargetDatasetId": "target", **found})])
    assert (data["outcome"], data["checks"]) == ("failed", [{"name": "data drift", "outcome": "failed"}])


@pytest.mark.parametrize("number", [3, 3.0, "3"])
def test_a_version_has_one_name_whatever_type_its_number_has(number: object) -> None:
    data = {"ModelName": "m", "ModelVersion": number, "ModelTags": {"n": 1, "x": None}}
    assert facts("azureml", [grid("ModelRegistered", data)])[0][2] == {"version": "3", "tags": {"n": "1"}}


def test_half_a_version_is_none() -> None:
    assert refusal("azureml", [grid("ModelRegistered", {"ModelName": "m", "ModelVersion": 3.5})])[0] == "mapping_failed"


def test_a_model_that_is_listed_twice_is_deployed_once() -> None:
    assert len(facts("azureml", [grid("ModelDeployed", {**DEPLOYED, "ModelIds": "m:1,m:1,"})])) == 1


def test_an_empty_subject_is_no_reason_to_lose_an_event() -> None:
    ((type_, subject, _),) = facts("azureml", [grid("RunCompleted", {}, subject="")])
    assert (type_, subject) == ("platform.reported", f"external/azureml/{PREFIX}RunCompleted")


@pytest.mark.parametrize("kind", ["RunCompleted", "RunStatusChanged", "SomethingNew"])
def test_runs_and_unknown_kinds_are_reported(kind: str) -> None:
    ((type_, subject, data),) = facts("azureml", [grid(kind, {"runStatus": "failed"}, subject="experiments/e/runs/r")])
    assert (type_, subject) == ("platform.reported", "external/azureml/experiments%2Fe%2Fruns%2Fr")
    assert data["kind"] == PREFIX + kind


def test_an_id_that_repeats_over_types_is_another_delivery() -> None:
    found = units("azureml", [grid("RunCompleted", {}), grid("RunStatusChanged", {})])
    assert len({unit.delivery for unit in found}) == 2
    assert len({unit.drafts[0].event.id for unit in found}) == 2


def test_one_bad_event_of_an_array_leaves_the_others() -> None:
    good, bad = units("azureml", [grid("ModelRegistered", REGISTERED), grid("ModelRegistered", {})])
    assert good.drafts
    assert bad.refused is not None
    assert bad.refused.reason == "mapping_failed"


def test_a_handshake_means_nothing() -> None:
    sent = grid("", {"validationCode": "1"}, eventType="Microsoft.EventGrid.SubscriptionValidationEvent")
    assert ignored("azureml", [sent]) == "handshake"


def test_seven_digits_of_a_second_are_cut() -> None:
    (draft,) = read("azureml", [grid("ModelRegistered", REGISTERED)]).drafts
    assert draft.event.time.microsecond == 958410


@pytest.mark.parametrize(
    ("sent", "pointers"),
    [
        ([grid("ModelRegistered", {"ModelVersion": 1})], ["/data/ModelName"]),
        ([grid("ModelRegistered", {"ModelName": "m"})], ["/data/ModelVersion"]),
        ([grid("ModelRegistered", {"ModelName": "m", "ModelVersion": None})], ["/version"]),
        ([grid("ModelDeployed", {"ModelIds": "m:1"})], ["/data/ServiceName"]),
        ([grid("ModelDeployed", {"ServiceName": "s"})], ["/data/ModelIds"]),
        ([grid("DatasetDriftDetected", {"DriftCoefficient": 1})], ["/data/TargetDatasetId"]),
        ([{"id": "1"}], ["/type"]),
        ([], []),
    ],
)
def test_what_is_missing_is_named(sent: Any, pointers: list[str]) -> None:
    assert refusal("azureml", sent) == ("mapping_failed", pointers)


@pytest.mark.parametrize("ids", [None, 7, "", "no-version", "a:1,b"])
def test_model_ids_that_name_no_version_are_refused(ids: Any) -> None:
    assert refusal("azureml", [grid("ModelDeployed", {**DEPLOYED, "ModelIds": ids})])[0] == "mapping_failed"

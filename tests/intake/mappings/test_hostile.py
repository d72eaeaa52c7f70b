"""No payload is an error: whatever stands where a platform writes something else, it is read, refused or ignored."""

from collections.abc import Iterator
from typing import Any

import pytest

from intake.mappings.reading import units

_HOSTILE: tuple[Any, ...] = (None, 7, 2**70, -1.5, "", "\u4fe1\u7528", True, [], {}, [None], {"": None}, "9" * 600)

_DATA_SET = {
    "namespace": "s3://lake",
    "name": "t",
    "facets": {"version": {"datasetVersion": "1"}, "schema": {"fields": [{"name": "a", "type": "int"}]}},
    "inputFacets": {"dataQualityAssertions": {"assertions": [{"assertion": "x", "success": True, "column": "a"}]}},
    "outputFacets": {"outputStatistics": {"rowCount": 1, "size": 2}},
}
_SAMPLES: dict[str, tuple[Any, ...]] = {
    "mlflow": (
        {
            "entity": "model_version",
            "action": "created",
            "timestamp": "2026-11-23T10:00:00Z",
            "data": {"name": "m", "version": "1", "source": "s", "run_id": "r", "tags": {"a": "b"}, "description": "d"},
        },
    ),
    "databricks": (
        {
            "event": "MODEL_VERSION_TRANSITIONED_STAGE",
            "webhook_id": "w",
            "event_timestamp": 1589859029343,
            "model_name": "m",
            "version": "8",
            "from_stage": "Staging",
            "to_stage": "Production",
        },
        {"job_id": 1, "jar_params": ['{"webhook_id": "w", "event": "E", "event_timestamp": 1, "model_name": "m"}']},
    ),
    "wandb": (
        {
            "event_type": "LINK_ARTIFACT",
            "artifact_version": "wandb-artifact://_id/Q",
            "artifact_version_string": "e/wandb-registry-model/m:v7",
            "artifact_collection_name": "m",
            "project_name": "wandb-registry-model",
        },
    ),
    "huggingface": (
        {
            "event": {"action": "update", "scope": "repo.content"},
            "repo": {"type": "model", "name": "a/b", "id": "1", "private": False, "url": {"web": "https://h"}},
            "updatedRefs": [{"ref": "refs/heads/main", "oldSha": None, "newSha": "s"}],
            "movedTo": {"name": "a/c"},
        },
    ),
    "azureml": (
        [
            {
                "eventType": "Microsoft.MachineLearningServices.ModelDeployed",
                "eventTime": "2017-06-26T18:41:00.9584103Z",
                "id": "1",
                "subject": "s",
                "data": {"ServiceName": "s", "ModelIds": "m:1,n:2"},
            }
        ],
    ),
    "datahub": (
        {
            "entityUrn": "urn:li:dataset:(urn:li:dataPlatform:hive,t,PROD)",
            "entityType": "dataset",
            "category": "OWNER",
            "operation": "ADD",
            "parameters": {"ownerUrn": "urn:li:corpuser:a"},
            "auditStamp": {"actor": "urn:li:corpuser:a", "time": 1649953100653},
        },
        {
            "entityUrn": "urn:li:mlModel:(urn:li:dataPlatform:mlflow,m,PROD)",
            "entityType": "mlModel",
            "changeType": "UPSERT",
            "aspectName": "mlModelProperties",
            "aspect": {"value": '{"version": {"versionTag": "1"}, "trainingMetrics": [{"name": "a", "value": "1"}]}'},
            "created": {"time": 1651516599480, "actor": "urn:li:corpuser:a"},
        },
    ),
    "openmetadata": (
        {
            "id": "1",
            "eventType": "entityUpdated",
            "entityType": "table",
            "entityId": "2",
            "entityFullyQualifiedName": "a.b",
            "currentVersion": 0.2,
            "timestamp": 1705320000000,
            "changeDescription": {
                "fieldsAdded": [],
                "fieldsUpdated": [{"name": "owners", "newValue": [{"name": "x"}]}],
            },
            "entity": {"name": "b", "columns": [{"name": "c", "dataType": "INT"}]},
        },
    ),
    "openlineage": (
        {
            "eventType": "COMPLETE",
            "eventTime": "2026-11-23T11:00:00Z",
            "run": {"runId": "r"},
            "job": {"namespace": "n", "name": "j", "facets": {"sql": {"query": "SELECT 1"}}},
            "inputs": [_DATA_SET],
            "outputs": [_DATA_SET],
            "producer": "p",
        },
        {"eventTime": "2026-11-23T11:00:00Z", "dataset": _DATA_SET},
    ),
    "dbt": (
        {
            "metadata": {"dbt_schema_version": "v", "generated_at": "2024-12-17T10:03:24Z", "invocation_id": "i"},
            "results": [
                {"unique_id": "test.p.t", "status": "fail", "failures": 1, "message": "m"},
                {"unique_id": "model.p.t", "status": "success"},
                {"unique_id": "model.p.u", "status": "error"},
            ],
            "args": {"which": "build"},
        },
    ),
    "sagemaker_eventbridge": (
        {
            "id": "1",
            "detail-type": "SageMaker Model Package State Change",
            "source": "aws.sagemaker",
            "time": "2021-02-24T17:00:14Z",
            "resources": ["arn"],
            "detail": {
                "ModelPackageGroupName": "g",
                "ModelPackageVersion": 2,
                "InferenceSpecification": {"Containers": [{"ModelDataUrl": "s3://b"}]},
                "ModelPackageStatus": "Completed",
                "ModelApprovalStatus": "Approved",
            },
        },
    ),
    "sagemaker_monitor": (
        {"violations": [{"facet": "a", "facet_value": "1", "metric_name": "DPPL", "description": "value 0.3"}]},
        {"violations": [{"feature_name": "a", "constraint_check_type": "c", "description": "d"}]},
    ),
    "google_cloudevents": (
        {
            "message": {"data": "eyJhIjoxfQ==", "messageId": "m", "publishTime": "2021-02-05T04:06:14Z"},
            "subscription": "s",
        },
    ),
    "kserve": ({"instances": [[1]]},),
}


def _variants(value: Any) -> Iterator[Any]:
    """Yield `value` with each of its parts, and itself, replaced by each hostile value, and with each part left out."""
    yield from _HOSTILE
    if isinstance(value, dict):
        for key, item in value.items():
            rest = {other: kept for other, kept in value.items() if other != key}
            yield rest
            yield from ({**rest, key: variant} for variant in _variants(item))
    if isinstance(value, list):
        for place, item in enumerate(value):
            yield from ([*value[:place], variant, *value[place + 1 :]] for variant in _variants(item))


@pytest.mark.parametrize("name", list(_SAMPLES))
def test_a_payload_with_anything_anywhere_has_an_outcome(name: str) -> None:
    headers = {"x-mlflow-delivery-id": "d", "ce-type": "org.kubeflow.serving.inference.request", "ce-id": "1"}
    sent = {"mlflow": headers, "kserve": headers}.get(name)
    stated = {"subject": "model/retail/m", "version": "1"}
    for sample in _SAMPLES[name]:
        assert all(not unit.refused for unit in units(name, sample, headers=sent, stated=stated)), name
        for variant in _variants(sample):
            for unit in units(name, variant, headers=sent, stated=stated):
                assert unit.drafts or unit.ignored or unit.refused, variant

"""SageMaker: packages are versions, approvals count only where they may, and what runs on an endpoint is not told."""

from typing import Any

import pytest

from govbus.intake.domain.deliveries import read_delivery
from govbus.intake.domain.inputs import Input
from govbus.intake.domain.source import Source
from intake.mappings.reading import NOW, facts, facts_of, installed, read, refusal

PACKAGE = "SageMaker Model Package State Change"
ARN = "arn:aws:sagemaker:us-east-2:1:model-package/abalone/2"


def event(kind: str, detail: Any, **fields: Any) -> dict[str, Any]:
    """Return an event as EventBridge sends it."""
    return {
        "version": "0",
        "id": "844e2571",
        "detail-type": kind,
        "source": "aws.sagemaker",
        "account": "123456789012",
        "time": "2021-02-24T17:00:14Z",
        "region": "us-east-2",
        "resources": [ARN],
        "detail": detail,
        **fields,
    }


def package(**fields: Any) -> dict[str, Any]:
    """Return the event of a model package."""
    detail = {
        "ModelPackageGroupName": "abalone",
        "ModelPackageVersion": 2,
        "ModelPackageArn": ARN,
        "InferenceSpecification": {"Containers": [{"Image": "xgboost:1.0", "ModelDataUrl": "s3://b/model.tar.gz"}]},
        "ModelPackageStatus": "Completed",
        "ModelApprovalStatus": "Approved",
        **fields,
    }
    return event(PACKAGE, detail)


VERSION = (
    "model.version_created",
    "model/retail/abalone",
    {
        "version": "2",
        "artifact_uri": "s3://b/model.tar.gz",
        "tags": {"model_package_arn": ARN, "model_approval_status": "Approved", "image": "xgboost:1.0"},
    },
)


def test_a_package_is_a_version_and_its_approval_a_label_where_its_source_may_not_approve() -> None:
    assert facts("sagemaker_eventbridge", package()) == [VERSION]


@pytest.mark.parametrize(("status", "decision"), [("Approved", "approved"), ("Rejected", "rejected")])
def test_an_approval_is_on_record_where_its_source_may_approve(status: str, decision: str) -> None:
    name = "sagemaker_eventbridge"
    trusted = Source(name, "//sm", "retail", types=("model.*", "approval.recorded"), mapping=name)
    raw = read(name, package(ModelApprovalStatus=status)).input.raw
    (unit,) = read_delivery(Input("webhook", (), raw), trusted, {name: installed(name)}, NOW)
    ((_, _, version), (type_, _, approval)) = facts_of(unit)
    assert (type_, approval["decision"], approval["version"]) == ("approval.recorded", decision, version["version"])


def test_a_package_that_waits_for_somebody_is_not_approved() -> None:
    name = "sagemaker_eventbridge"
    trusted = Source(name, "//sm", "retail", types=("*",), mapping=name)
    raw = read(name, package(ModelApprovalStatus="PendingManualApproval")).input.raw
    (unit,) = read_delivery(Input("webhook", (), raw), trusted, {name: installed(name)}, NOW)
    assert [type_ for type_, _, _ in facts_of(unit)] == ["model.version_created"]


@pytest.mark.parametrize(
    "sent",
    [
        event(PACKAGE, {"ModelPackageName": "unversioned", "ModelPackageStatus": "Completed"}),
        event("SageMaker Endpoint State Change", {"EndpointName": "e", "EndpointStatus": "IN_SERVICE"}),
        event("SageMaker Training Job State Change", {"TrainingJobStatus": "Completed"}),
        event("SageMaker Model Card State Change", {"ModelCardStatus": "Approved"}),
        event("SageMaker Something New", {}),
    ],
)
def test_what_names_no_version_is_reported(sent: dict[str, Any]) -> None:
    ((type_, subject, data),) = facts("sagemaker_eventbridge", sent)
    assert (type_, subject, data["kind"]) == (
        "platform.reported",
        "external/sagemaker_eventbridge/arn:aws:sagemaker:us-east-2:1:model-package%2Fabalone%2F2",
        sent["detail-type"],
    )


@pytest.mark.parametrize("time", ["1583831889050", 1583831889050, 1583831889050.0])
def test_a_time_in_milliseconds_is_read_as_number_and_as_text(time: Any) -> None:
    (draft,) = read("sagemaker_eventbridge", event("SageMaker Endpoint State Change", {}, time=time)).drafts
    assert draft.event.time.isoformat() == "2020-03-10T09:18:09.050000+00:00"


def test_an_event_without_resources_is_about_its_kind() -> None:
    ((_, subject, _),) = facts("sagemaker_eventbridge", event("SageMaker Image State Change", {}, resources=[]))
    assert subject == "external/sagemaker_eventbridge/SageMaker%20Image%20State%20Change"


def test_an_id_that_repeats_over_kinds_is_another_delivery() -> None:
    first, second = (read("sagemaker_eventbridge", event(kind, {})) for kind in ("a", "b"))
    assert first.delivery != second.delivery


def test_a_source_in_a_list_is_the_same_source() -> None:
    assert facts("sagemaker_eventbridge", {**package(), "source": ["aws.sagemaker"]}) == [VERSION]


def test_a_source_that_stands_twice_is_refused_and_never_guessed() -> None:
    raw = b'{"source": "aws.sagemaker", "detail-type": "x", "source": ["aws.sagemaker"]}'
    assert refusal("sagemaker_eventbridge", raw)[0] == "duplicate_key"


@pytest.mark.parametrize(
    ("sent", "reason", "pointers"),
    [
        (
            event(PACKAGE, {"ModelPackageGroupName": "g", "ModelPackageStatus": "Completed"}),
            "mapping_failed",
            ["/detail/ModelPackageVersion"],
        ),
        (package(ModelPackageVersion=None), "mapping_failed", []),
        (package(ModelPackageGroupName=7), "mapping_failed", ["/detail/ModelPackageGroupName"]),
        (event("x", {}, time=None), "mapping_failed", []),
        (event("x", {}, source="aws.s3"), "unmapped", []),
        ([], "unmapped", []),
    ],
)
def test_what_is_missing_is_named(sent: Any, reason: str, pointers: list[str]) -> None:
    assert refusal("sagemaker_eventbridge", sent) == (reason, pointers)


@pytest.mark.parametrize("status", ["Failed", "InProgress", "Pending", "Deleting"])
def test_a_package_that_is_not_complete_is_no_version_of_its_model(status: str) -> None:
    ((type_, subject, _),) = facts("sagemaker_eventbridge", package(ModelPackageStatus=status))
    assert (type_, subject) == ("platform.reported", "model/retail/abalone")


def test_members_that_are_null_are_no_reason_to_lose_a_version() -> None:
    sent = package(InferenceSpecification=None, MetadataProperties=None, ModelPackageDescription=None)
    assert facts("sagemaker_eventbridge", sent)[0][2]["version"] == "2"
    sent = event("SageMaker Training Job State Change", {}, resources=None)
    assert facts("sagemaker_eventbridge", sent)[0][0] == "platform.reported"


def test_an_event_larger_than_a_fact_is_reported_without_its_details() -> None:
    sent = event("SageMaker Training Job State Change", {"HyperParameters": {"é": "x" * 300_000}})
    assert "payload" not in facts("sagemaker_eventbridge", sent)[0][2]

"""DataHub: JSON inside texts, three wrappings of one event, owners that are added and removed."""

import json
from typing import Any

import pytest

from intake.mappings.reading import NOW, facts, read, refusal

DATASET = "urn:li:dataset:(urn:li:dataPlatform:hive,prêts.courants,PROD)"
DATASET_SUBJECT = "dataset/retail/hive%2Fpr%C3%AAts.courants%2FPROD"
MODEL = "urn:li:mlModel:(urn:li:dataPlatform:mlflow,scorer,PROD)"
MODEL_SUBJECT = "model/retail/mlflow%2Fscorer%2FPROD"


def change(category: str, operation: str, urn: str = DATASET, **fields: Any) -> dict[str, Any]:
    """Return an entity change event."""
    return {
        "entityUrn": urn,
        "entityType": urn.split(":")[2],
        "category": category,
        "operation": operation,
        "auditStamp": {"actor": "urn:li:corpuser:jdoe", "time": 1649953100653},
        **fields,
    }


def log(aspect: str, value: Any, urn: str = DATASET, **fields: Any) -> dict[str, Any]:
    """Return a metadata change log; its aspect is JSON inside a text."""
    return {
        "entityType": urn.split(":")[2],
        "entityUrn": urn,
        "entityKeyAspect": None,
        "changeType": "UPSERT",
        "aspectName": aspect,
        "aspect": None if value is None else {"value": json.dumps(value), "contentType": "application/json"},
        "systemMetadata": {"lastObserved": 1651516599486},
        "created": {"time": 1651516599480, "actor": "urn:li:corpuser:jdoe"},
        **fields,
    }


def without(sent: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a payload that lacks one field."""
    return {key: value for key, value in sent.items() if key != name}


def test_a_created_data_set_is_registered_under_what_identifies_it() -> None:
    assert facts("datahub", change("LIFECYCLE", "CREATE")) == [
        ("dataset.registered", DATASET_SUBJECT, {"external_id": DATASET})
    ]
    assert facts("datahub", change("LIFECYCLE", "CREATE", "urn:li:dataset:abc"))[0][1] == "dataset/retail/abc"


def test_properties_in_a_text_are_read() -> None:
    properties = {"name": "prêts", "description": "Loans: 信用", "customProperties": {"owner": "x"}, "tags": []}
    ((type_, _, data),) = facts("datahub", log("datasetProperties", properties))
    assert (type_, data["name"], data["description"]) == ("dataset.registered", "prêts", "Loans: 信用")
    assert data["tags"] == {"owner": "x"}


def test_a_model_with_a_version_tag_is_a_version_and_its_figures_are_numbers() -> None:
    properties = {
        "description": "d",
        "version": {"versionTag": "3"},
        "trainingMetrics": [{"name": "auc", "value": "0.91"}, {"name": "note", "value": "good"}, {"name": "none"}],
    }
    registered, version = facts("datahub", log("mlModelProperties", properties, MODEL))
    assert registered[:2] == ("model.registered", MODEL_SUBJECT)
    assert version == (
        "model.version_created",
        MODEL_SUBJECT,
        {"version": "3", "description": "d", "metrics": [{"name": "auc", "value": 0.91}]},
    )


def test_a_model_without_a_version_tag_has_no_version() -> None:
    assert [type_ for type_, _, _ in facts("datahub", log("mlModelProperties", {"version": None}, MODEL))] == [
        "model.registered"
    ]


def test_an_added_owner_answers_and_a_removed_one_leaves_a_report() -> None:
    parameters = {"ownerUrn": "urn:li:corpGroup:data", "ownerType": "TECHNICAL_OWNER"}
    ((type_, subject, data),) = facts("datahub", change("OWNER", "ADD", MODEL, parameters=parameters))
    assert (type_, subject, data["owner"]) == ("ownership.assigned", MODEL_SUBJECT, "team/data")
    ((type_, _, _),) = facts("datahub", change("OWNER", "REMOVE", parameters=parameters))
    assert type_ == "platform.reported"


def test_every_owner_of_the_aspect_is_assigned() -> None:
    owners = {"owners": [{"owner": "urn:li:corpuser:a"}, {"owner": "urn:li:corpGroup:b"}]}
    assert [data["owner"] for _, _, data in facts("datahub", log("ownership", owners))] == [
        "urn:li:corpuser:a",
        "team/b",
    ]


@pytest.mark.parametrize(("result", "outcome"), [("SUCCESS", "passed"), ("FAILURE", "failed"), ("ERROR", "errored")])
def test_an_assertion_that_ran_is_a_check_of_what_it_asserts(result: str, outcome: str) -> None:
    assertion = "urn:li:assertion:a1"
    event = change("RUN", "COMPLETED", assertion, parameters={"runResult": result, "asserteeUrn": DATASET})
    aspect = {"status": "COMPLETE", "result": {"type": result}, "asserteeUrn": DATASET, "runId": "r"}
    for sent in (event, log("assertionRunEvent", aspect, assertion)):
        ((type_, subject, data),) = facts("datahub", sent)
        assert (type_, subject, data["outcome"]) == ("dataset.checked", DATASET_SUBJECT, outcome)


@pytest.mark.parametrize(
    "aspect", [{"status": "STARTED", "asserteeUrn": DATASET}, {"status": "COMPLETE", "result": {"type": "INIT"}}]
)
def test_an_assertion_without_a_result_checked_nothing(aspect: dict[str, Any]) -> None:
    assert facts("datahub", log("assertionRunEvent", aspect, "urn:li:assertion:a1"))[0][0] == "platform.reported"


def test_an_owner_may_stand_in_the_modifier_alone() -> None:
    ((type_, _, data),) = facts("datahub", change("OWNER", "ADD", modifier="urn:li:corpuser:jdoe"))
    assert (type_, data["owner"]) == ("ownership.assigned", "urn:li:corpuser:jdoe")


def test_what_a_model_is_for_is_registered() -> None:
    uses = {"primaryUses": ["crédit", "audit"], "outOfScopeUses": ["emploi"], "primaryUsers": None}
    assert facts("datahub", log("intendedUse", uses, MODEL)) == [
        ("model.registered", MODEL_SUBJECT, {"intended_use": "crédit; audit", "out_of_scope_use": "emploi"})
    ]


@pytest.mark.parametrize("urn", [DATASET, MODEL])
def test_documentation_describes(urn: str) -> None:
    edited = "editableDatasetProperties" if urn == DATASET else "editableMlModelProperties"
    for sent in (
        change("DOCUMENTATION", "ADD", urn, parameters={"description": "prêts"}),
        log(edited, {"description": "prêts"}, urn),
        log(edited, {"description": "prêts"}, urn, changeType="CREATE"),
    ):
        ((type_, _, data),) = facts("datahub", sent)
        assert (type_.endswith(".registered"), data["description"]) == (True, "prêts")


def test_a_model_that_is_back_is_registered() -> None:
    assert facts("datahub", change("LIFECYCLE", "REINSTATE", MODEL))[0][:2] == ("model.registered", MODEL_SUBJECT)


def test_an_assertion_ran_when_it_says() -> None:
    aspect = {"status": "COMPLETE", "result": {"type": "SUCCESS"}, "asserteeUrn": DATASET, "timestampMillis": 1000}
    (draft,) = read("datahub", log("assertionRunEvent", aspect, "urn:li:assertion:a1")).drafts
    assert draft.event.time.isoformat() == "1970-01-01T00:00:01+00:00"


def test_an_envelope_of_another_kind_is_reported() -> None:
    event = {"sourceUrn": DATASET, "destinationUrn": MODEL, "operation": "ADD"}
    ((type_, subject, _),) = facts("datahub", {"event_type": "RelationshipChangeEvent_v1", "event": event})
    assert (type_, subject) == ("platform.reported", "external/datahub/RelationshipChangeEvent_v1")


@pytest.mark.parametrize(
    "sent",
    [
        change("LIFECYCLE", "SOFT_DELETE", MODEL),
        log("status", {"removed": True}, MODEL),
        log("mlModelKey", None, MODEL, changeType="DELETE"),
    ],
)
def test_a_deleted_model_is_retired(sent: dict[str, Any]) -> None:
    assert facts("datahub", sent)[0][:2] == ("model.retired", MODEL_SUBJECT)


@pytest.mark.parametrize(
    "sent",
    [
        change("TAG", "ADD", modifier="urn:li:tag:PII"),
        change("DEPRECATION", "MODIFY", parameters={"status": "DEPRECATED"}),
        change("LIFECYCLE", "HARD_DELETE"),
        change("SOMETHING", "NEW", parameters=None),
        change("OWNER", "ADD", parameters=None),
        log("ownership", {"owners": None}),
        log("globalTags", {"tags": []}),
        log("status", {"removed": False}, MODEL),
        log("deprecation", {"deprecated": True, "note": "old"}, MODEL),
        log("datasetProperties", None, changeType="DELETE"),
        log("globalTags", {}, "urn:li:container:DB", created=None),
    ],
)
def test_what_governance_has_no_word_for_is_reported(sent: dict[str, Any]) -> None:
    assert facts("datahub", sent)[0][0] == "platform.reported"


def test_the_same_event_is_read_bare_in_an_envelope_and_in_a_platform_event() -> None:
    event = change("LIFECYCLE", "CREATE")
    envelope = {"event_type": "EntityChangeEvent_v1", "event": event, "meta": {}}
    wrapped = {"value": json.dumps(event), "contentType": "application/json"}
    platform = {"header": {"timestampMillis": 1}, "name": "entityChangeEvent", "payload": wrapped}
    assert facts("datahub", event) == facts("datahub", envelope) == facts("datahub", platform)


def test_a_log_without_a_time_of_creation_happened_when_it_was_observed() -> None:
    (draft,) = read("datahub", log("globalTags", {}, created=None)).drafts
    assert draft.event.time.isoformat() == "2022-05-02T18:36:39.486000+00:00"


def test_a_log_that_states_no_time_happened_when_it_came() -> None:
    (draft,) = read("datahub", log("globalTags", {}, created=None, systemMetadata=None)).drafts
    assert draft.event.time == NOW


@pytest.mark.parametrize(
    ("sent", "reason", "pointers"),
    [
        (without(change("TAG", "ADD"), "entityUrn"), "mapping_failed", ["/entityUrn"]),
        (without(change("TAG", "ADD"), "operation"), "mapping_failed", ["/operation"]),
        (change("LIFECYCLE", "CREATE", auditStamp={}), "mapping_failed", ["/auditStamp/time"]),
        ({**log("ownership", {}), "aspect": {"value": "{"}}, "mapping_failed", []),
        ({**change("LIFECYCLE", "CREATE"), "entityUrn": 7}, "mapping_failed", []),
        ({"hello": "world"}, "unmapped", []),
        ([], "unmapped", []),
    ],
)
def test_what_is_missing_is_named(sent: Any, reason: str, pointers: list[str]) -> None:
    assert refusal("datahub", sent) == (reason, pointers)


def test_a_secret_in_an_aspect_is_not_kept() -> None:
    held = {"name": "prêts", "customProperties": {"db_password": "hunter2", "tier": "1"}}
    ((_, _, data),) = facts("datahub", log("datasetProperties", held))
    assert data["tags"] == {"db_password": "[redacted]", "tier": "1"}


def test_who_a_user_is_is_not_kept() -> None:
    ((_, _, data),) = facts("datahub", log("corpUserInfo", {"email": "ada@example.org"}, "urn:li:corpuser:1"))
    assert "payload" not in data

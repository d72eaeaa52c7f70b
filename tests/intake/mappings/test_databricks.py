"""Databricks: stages are where models run, `text` is prose, and no delivery has an id."""

import json
from typing import Any

import pytest

from intake.mappings.reading import facts, read, refusal


def event(kind: str, **fields: Any) -> dict[str, Any]:
    """Return a delivery as Databricks writes it."""
    return {
        "event": kind,
        "webhook_id": "w-1",
        "event_timestamp": 1589859029343,
        "model_name": "délai",
        "version": "8",
        "text": "Registered model 'someModel' version 8.",
        **fields,
    }


MODEL = "model/retail/d%C3%A9lai"


def test_a_new_model_and_a_new_version_are_facts() -> None:
    created = {key: value for key, value in event("REGISTERED_MODEL_CREATED").items() if key != "version"}
    assert facts("databricks", created) == [("model.registered", MODEL, {})]
    assert facts("databricks", event("MODEL_VERSION_CREATED")) == [("model.version_created", MODEL, {"version": "8"})]


@pytest.mark.parametrize(
    ("kind", "from_stage", "to_stage", "expected"),
    [
        ("MODEL_VERSION_TRANSITIONED_STAGE", "None", "Production", [("deployment.completed", "production")]),
        (
            "MODEL_VERSION_TRANSITIONED_STAGE",
            "Staging",
            "Production",
            [("deployment.completed", "production"), ("deployment.removed", "staging")],
        ),
        ("MODEL_VERSION_TRANSITIONED_TO_STAGING", "None", "Staging", [("deployment.completed", "staging")]),
        ("MODEL_VERSION_TRANSITIONED_TO_PRODUCTION", None, None, [("deployment.completed", "production")]),
        ("MODEL_VERSION_TRANSITIONED_STAGE", "Production", "None", [("deployment.removed", "production")]),
        (
            "MODEL_VERSION_TRANSITIONED_TO_ARCHIVED",
            "Production",
            "Archived",
            [("model.version_deprecated", None), ("deployment.removed", "production")],
        ),
    ],
)
def test_a_stage_transition_deploys_where_it_goes_and_removes_where_it_came_from(
    kind: str, from_stage: str | None, to_stage: str | None, expected: list[tuple[str, str | None]]
) -> None:
    sent = event(kind, from_stage=from_stage, to_stage=to_stage)
    found = facts("databricks", sent)
    assert [(type_, data.get("environment")) for type_, _, data in found] == expected
    assert {(subject, data["version"]) for _, subject, data in found} == {(MODEL, "8")}


@pytest.mark.parametrize(
    "sent",
    [
        event("MODEL_VERSION_TRANSITIONED_STAGE", from_stage="None", to_stage="None"),
        event("TRANSITION_REQUEST_TO_ARCHIVED_CREATED", to_stage="Archived"),
        event("MODEL_VERSION_TAG_SET", tags=[{"key": "validation", "value": "passed"}]),
        event("COMMENT_CREATED", comment="passed"),
        event("SOMETHING_NEW"),
    ],
)
def test_what_decides_nothing_is_reported(sent: dict[str, Any]) -> None:
    ((type_, subject, data),) = facts("databricks", sent)
    assert (type_, subject, data["kind"]) == ("platform.reported", MODEL, sent["event"])


@pytest.mark.parametrize("kind", ["TRANSITION_REQUEST_CREATED", "TRANSITION_REQUEST_TO_PRODUCTION_CREATED"])
def test_a_requested_transition_is_a_requested_deployment_by_the_platform(kind: str) -> None:
    sent = event(kind, to_stage="Production", text="ada@example.org requested a transition")
    assert facts("databricks", sent) == [
        (
            "deployment.requested",
            MODEL,
            {"version": "8", "environment": "production", "requested_by": "//databricks/prod"},
        )
    ]


def test_a_version_that_is_a_number_and_a_time_without_zone_are_read() -> None:
    sent = event("MODEL_VERSION_CREATED", version=8, event_timestamp="2022-03-04 00:00")
    (draft,) = read("databricks", sent).drafts
    assert (draft.event.json()["version"], draft.event.time.isoformat()) == ("8", "2022-03-04T00:00:00+00:00")


@pytest.mark.parametrize("parameter", ["notebook_params", "jar_params"])
def test_an_event_handed_to_a_job_is_read_once(parameter: str) -> None:
    text = json.dumps(event("MODEL_VERSION_CREATED"))
    held: Any = {"event_message": text} if parameter.startswith("notebook") else [text]
    sent = {"job_id": 2**60, parameter: held, "python_params": [text]}
    assert facts("databricks", sent) == [("model.version_created", MODEL, {"version": "8"})]


def test_the_id_of_the_webhook_is_not_the_id_of_a_delivery() -> None:
    first = read("databricks", event("MODEL_VERSION_CREATED"))
    second = read("databricks", event("MODEL_VERSION_CREATED", version="9"))
    assert first.drafts[0].event.id != second.drafts[0].event.id


@pytest.mark.parametrize(
    ("sent", "reason", "pointers"),
    [
        ({"webhook_id": "w", "event": "MODEL_VERSION_CREATED", "version": "1"}, "mapping_failed", ["/model_name"]),
        ({"webhook_id": "w", "model_name": "m"}, "mapping_failed", ["/event"]),
        (event("MODEL_VERSION_CREATED", version=None), "mapping_failed", ["/version"]),
        (event("MODEL_VERSION_CREATED", model_name=[]), "mapping_failed", ["/model_name"]),
        (event("MODEL_VERSION_CREATED", event_timestamp=None), "mapping_failed", []),
        ({"job_id": 1, "notebook_params": {}}, "mapping_failed", ["/notebook_params/event_message"]),
        ({"anything": "else"}, "unmapped", []),
        ([], "unmapped", []),
    ],
)
def test_what_is_missing_is_named(sent: Any, reason: str, pointers: list[str]) -> None:
    assert refusal("databricks", sent) == (reason, pointers)

"""W&B: payloads are the customer's own templates, so words prove little and secrets may stand anywhere."""

from typing import Any

import pytest

from intake.mappings.reading import facts, read, refusal

LINK: dict[str, Any] = {
    "event_type": "LINK_ARTIFACT",
    "event_author": "ada",
    "artifact_version": "wandb-artifact://_id/QXJ0",
    "artifact_version_string": "acme/wandb-registry-model/scorer:v7",
    "artifact_collection_name": "scorer",
    "project_name": "wandb-registry-model",
    "entity_name": "acme",
}


@pytest.mark.parametrize("sent", [LINK, {"event_type": "LINK_ARTIFACT", "client_payload": LINK}])
def test_a_version_linked_to_a_registered_model_is_a_version(sent: dict[str, Any]) -> None:
    assert facts("wandb", sent) == [
        (
            "model.version_created",
            "model/retail/scorer",
            {"version": "v7", "artifact_uri": "wandb-artifact://_id/QXJ0"},
        )
    ]


def test_a_version_linked_to_a_registered_data_set_is_no_model() -> None:
    sent = {**LINK, "project_name": "wandb-registry-dataset"}
    data = {"version": "v7", "artifact_uri": "wandb-artifact://_id/QXJ0"}
    assert facts("wandb", sent) == [("dataset.version_created", "dataset/retail/scorer", data)]
    ((type_, subject, _),) = facts("wandb", {**sent, "event_type": "ADD_ARTIFACT_ALIAS"})
    assert (type_, subject) == ("platform.reported", "dataset/retail/scorer")


@pytest.mark.parametrize("index", [7, "7", "v7"])
def test_a_version_has_one_name_however_its_number_is_written(index: int | str) -> None:
    sent = {
        **LINK,
        "artifact_version_string": "acme/wandb-registry-model/scorer:latest",
        "artifact_version_index": index,
    }
    assert facts("wandb", sent)[0][2]["version"] == "v7"


def test_an_artifact_of_a_project_may_be_anything() -> None:
    sent = {**LINK, "event_type": "CREATE_ARTIFACT", "project_name": "prêts"}
    ((type_, subject, _),) = facts("wandb", sent)
    assert (type_, subject) == ("platform.reported", "external/wandb/pr%C3%AAts%2Fscorer")


def test_a_message_for_a_chat_is_reported_without_its_text() -> None:
    sent = {"text": "hunter2", "blocks": [{"text": {"type": "mrkdwn", "text": "Registry event: LINK_ARTIFACT"}}]}
    ((type_, subject, data),) = facts("wandb", sent)
    assert (type_, subject, data["payload"]) == ("platform.reported", "external/wandb/automation", {})


def test_an_alias_is_no_version() -> None:
    sent = {**LINK, "artifact_version_string": "acme/wandb-registry-model/scorer:production"}
    assert facts("wandb", sent)[0][2]["version"] == "wandb-artifact://_id/QXJ0"


@pytest.mark.parametrize(
    "changes",
    [
        {"event_type": "BUILD_AND_DEPLOY"},
        {"event_type": "ADD_ARTIFACT_ALIAS", "alias": "production"},
        {"project_name": "wandb-registry-Modèles"},
        {"artifact_version": None, "artifact_version_string": None},
    ],
)
def test_a_word_of_the_template_deploys_nothing(changes: dict[str, Any]) -> None:
    ((type_, subject, data),) = facts("wandb", {**LINK, **changes})
    assert (type_, subject) == ("platform.reported", "model/retail/scorer")
    assert data["kind"] == {**LINK, **changes}["event_type"]


def test_a_secret_that_a_template_holds_is_not_kept() -> None:
    sent = {"event_type": "DEPLOY", "deploy_key": "hunter2", "client_payload": {**LINK, "github": "hunter2"}}
    unit = read("wandb", sent)
    assert b"hunter2" not in unit.drafts[0].event.data


def test_a_variable_that_was_not_filled_in_is_no_name() -> None:
    assert refusal("wandb", {**LINK, "artifact_collection_name": "${artifact_collection_name}"})[0] == "unmapped"


@pytest.mark.parametrize("kind", ["RUN_STATE", None])
def test_an_automation_about_a_run_is_reported(kind: str | None) -> None:
    sent = {"event_type": kind, "project_name": "prêts", "run_name": "sunny-1", "metric_name": "loss"}
    ((type_, subject, data),) = facts("wandb", sent)
    assert (type_, subject, data["kind"]) == (
        "platform.reported",
        "external/wandb/pr%C3%AAts",
        kind or "automation",
    )


def test_a_payload_of_no_known_variable_is_refused() -> None:
    assert refusal("wandb", {"hello": "wörld"})[0] == "unmapped"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"artifact_collection_name": 7}, "mapping_failed"),
        ({"event_type": 7}, "mapping_failed"),
    ],
)
def test_hostile_values_are_refused(changes: dict[str, Any], reason: str) -> None:
    assert refusal("wandb", {**LINK, **changes})[0] == reason

"""MLflow: what its webhooks say, and what they do not say."""

from typing import Any

import pytest

from intake.mappings.reading import facts, ignored, refusal

HEADERS = {"X-MLflow-Delivery-Id": "d-1"}


def delivery(entity: str, action: str, **data: Any) -> dict[str, Any]:
    """Return a delivery as MLflow writes it."""
    return {"entity": entity, "action": action, "timestamp": "2026-11-23T10:00:00.123456+00:00", "data": data}


VERSION = delivery(
    "model_version", "created", name="scorer", version="3", source="models:/m-1", run_id="r1", tags={}, description=None
)


def test_a_registered_model_keeps_description_and_tags_as_they_came() -> None:
    sent = delivery("registered_model", "created", name="modèle 信用/x", tags={"tier": "high"}, description="évalue 😀")
    assert facts("mlflow", sent, headers=HEADERS) == [
        (
            "model.registered",
            "model/retail/mod%C3%A8le%20%E4%BF%A1%E7%94%A8%2Fx",
            {"description": "évalue 😀", "tags": {"tier": "high"}},
        )
    ]


def test_a_version_that_no_run_made_has_no_run() -> None:
    sent = delivery(
        "model_version", "created", name="scorer", version="3", source="models:/m-1", run_id=None, tags=None
    )
    assert facts("mlflow", sent, headers=HEADERS) == [
        ("model.version_created", "model/retail/scorer", {"version": "3", "artifact_uri": "models:/m-1"})
    ]


def test_of_a_tag_longer_than_a_fact_takes_the_start_is_kept() -> None:
    sent = delivery("registered_model", "created", name="scorer", tags={"note": "é" * 100_000, "a": "b"})
    ((_, _, data),) = facts("mlflow", sent, headers=HEADERS)
    assert data["tags"] == {"note": "é" * 16_384, "a": "b"}


def test_a_moved_alias_is_reported_and_deploys_nothing() -> None:
    sent = delivery("model_version_alias", "created", name="scorer", alias="champion", version="2")
    ((type_, subject, data),) = facts("mlflow", sent, headers=HEADERS)
    assert (type_, subject, data["kind"]) == (
        "platform.reported",
        "model/retail/scorer",
        "model_version_alias.created",
    )


@pytest.mark.parametrize("value", ["passed", "", "0.95"])
def test_a_tag_that_says_passed_is_no_validation(value: str) -> None:
    sent = delivery("model_version_tag", "set", name="scorer", version="2", key="validation_status", value=value)
    ((type_, _, data),) = facts("mlflow", sent, headers=HEADERS)
    assert (type_, data["payload"]["data"]["value"]) == ("platform.reported", value)


@pytest.mark.parametrize(
    ("entity", "action"),
    [
        *[("prompt", "created"), ("prompt_version", "created"), ("prompt_tag", "set"), ("prompt_tag", "deleted")],
        *[("prompt_version_tag", "set"), ("prompt_alias", "created"), ("prompt_alias", "deleted")],
    ],
)
def test_prompts_are_nobodys_model(entity: str, action: str) -> None:
    ((type_, subject, data),) = facts("mlflow", delivery(entity, action, name="summarise"), headers=HEADERS)
    assert (type_, subject) == ("platform.reported", "external/mlflow/prompt%2Fsummarise")
    assert data["kind"] == f"{entity}.{action}"


def test_a_spent_budget_of_the_gateway_names_no_model() -> None:
    sent = delivery("budget_policy", "exceeded", budget_policy_id="bp-1", budget_amount=100.0, current_spend=104.2)
    ((type_, subject, data),) = facts("mlflow", sent, headers=HEADERS)
    assert (type_, subject, data["kind"]) == (
        "platform.reported",
        "external/mlflow/budget_policy%2Fbp-1",
        "budget_policy.exceeded",
    )


@pytest.mark.parametrize(
    "sent",
    [
        delivery("registered_model", "created", name="example_model", tags={"example_key": "example_value"}),
        delivery("model_version_tag", "set", name="example_model", version="1", key="example_key", value="x"),
        delivery("model_version_alias", "created", name="example_model", alias="example_alias", version="1"),
        delivery("prompt", "created", name="example_prompt", tags={"example_key": "example_value"}),
    ],
)
def test_a_test_delivery_looks_real_and_is_ignored(sent: dict[str, Any]) -> None:
    assert ignored("mlflow", sent, headers=HEADERS) == "test_delivery"


def test_a_model_that_somebody_named_like_the_example_is_a_model() -> None:
    sent = delivery("registered_model", "created", name="example_model", tags=None, description="ours")
    assert facts("mlflow", sent, headers=HEADERS)[0][0] == "model.registered"


def test_an_unknown_kind_is_reported() -> None:
    ((type_, subject, _),) = facts("mlflow", delivery("trace", "created", trace_id="t"), headers=HEADERS)
    assert (type_, subject) == ("platform.reported", "external/mlflow/trace%2Fcreated")


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"data": {"version": "3"}}, ["/data/name"]),
        ({"data": {"name": "scorer"}}, ["/data/version"]),
        ({"data": {"name": None, "version": "3"}}, ["/data/name"]),
        ({"data": {"name": 7, "version": "3"}}, ["/data/name"]),
        ({"data": {"name": "scorer", "version": 3}}, ["/version"]),
        ({"data": None}, ["/data/version"]),
        ({"timestamp": "yesterday"}, ["/timestamp"]),
    ],
)
def test_what_a_version_needs_and_lacks_is_named(changes: dict[str, Any], pointers: list[str]) -> None:
    assert refusal("mlflow", {**VERSION, **changes}, headers=HEADERS) == ("mapping_failed", pointers)


@pytest.mark.parametrize("name", ["entity", "action", "data"])
def test_a_delivery_without_its_frame_is_refused(name: str) -> None:
    sent = {key: value for key, value in VERSION.items() if key != name}
    assert refusal("mlflow", sent, headers=HEADERS) == ("mapping_failed", [f"/{name}"])


def test_a_delivery_without_its_id_is_refused() -> None:
    reason, pointers = refusal("mlflow", VERSION)
    assert (reason, pointers) == ("mapping_failed", ["/headers/x-mlflow-delivery-id"])


def test_a_prompt_larger_than_a_fact_is_reported_without_its_text() -> None:
    sent = delivery("prompt_version", "created", name="summarise", version="1", template="é" * 300_000)
    ((type_, _, data),) = facts("mlflow", sent, headers=HEADERS)
    assert (type_, data["kind"], "payload" in data) == ("platform.reported", "prompt_version.created", False)


def test_a_tag_that_is_no_text_is_no_reason_to_lose_a_model() -> None:
    sent = delivery("registered_model", "created", name="scorer", tags={"tier": 1, "empty": None}, description=None)
    assert facts("mlflow", sent, headers=HEADERS)[0][2] == {"tags": {"tier": "1"}}

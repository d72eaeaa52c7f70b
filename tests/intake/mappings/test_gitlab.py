"""GitLab: approvals and deployments that succeeded; variables are blanked; four spellings of time."""

from typing import Any

import pytest

from intake.mappings.reading import NOW, facts, read, refusal

PROJECT = {"id": 1, "name": "Bonität", "path_with_namespace": "bank/bonitaet"}
USER = {"id": 42, "name": "User1", "username": "user1", "email": "user1@example.com"}
SHA = "279484c09fbe69ededfced8c1bb6e6d24616b468"


def payload(kind: str, **members: Any) -> dict[str, Any]:
    """Return a payload about the project."""
    return {"object_kind": kind, "project": PROJECT, "user": USER, **members}


def deployment(status: str, **changed: Any) -> dict[str, Any]:
    """Return a payload about a deployment."""
    return payload(
        "deployment",
        **{
            "status": status,
            "status_changed_at": "2021-04-28 21:50:00 +0200",
            "environment": "production",
            "deployable_url": "https://gitlab.example/jobs/796",
            "commit_url": f"https://gitlab.example/bank/bonitaet/-/commit/{SHA}",
            **changed,
        },
    )


def test_a_deployment_that_succeeded_runs() -> None:
    unit = read("gitlab", deployment("success"))
    assert unit.drafts[0].event.time.isoformat() == "2021-04-28T19:50:00+00:00"
    assert facts("gitlab", deployment("success")) == [
        (
            "deployment.completed",
            "model/retail/Bonit%C3%A4t",
            {
                "version": SHA,
                "environment": "production",
                "deployed_by": "gitlab/42",
                "ticket": "https://gitlab.example/jobs/796",
            },
        )
    ]


@pytest.mark.parametrize("status", ["running", "failed", "canceled", "blocked", "created", "skipped"])
def test_a_deployment_with_any_other_status_does_not_run(status: str) -> None:
    (fact,) = facts("gitlab", deployment(status))
    assert (fact[0], fact[2]["kind"]) == ("platform.reported", f"deployment.{status}")


@pytest.mark.parametrize(
    ("action", "decision"),
    [("approval", "approved"), ("approved", "approved"), ("unapproval", "withdrawn"), ("unapproved", "withdrawn")],
)
def test_an_approval_and_its_withdrawal_are_decisions(action: str, decision: str) -> None:
    attributes = {"id": 99, "action": action, "url": "https://gitlab.example/mr/1", "last_commit": {"id": SHA}}
    body = payload("merge_request", object_attributes={**attributes, "updated_at": "2026-11-23 04:00:19 UTC"})
    assert facts("gitlab", body, stated={"subject": "model/retail/scoring"}, types=("approval.*",)) == [
        (
            "approval.recorded",
            "model/retail/scoring",
            {
                "decision": decision,
                "by": "gitlab/42",
                "system": "gitlab",
                "reference": "https://gitlab.example/mr/1",
                "external_id": "99",
                "artifact_digest": f"git:{SHA}",
            },
        )
    ]
    assert facts("gitlab", body, types=("approval.*",))[0][1] == "model/retail/Bonit%C3%A4t"
    assert facts("gitlab", body)[0][0] == "platform.reported", "the source may not record approvals"


@pytest.mark.parametrize("action", ["open", "merge", "update", "close"])
def test_any_other_action_on_a_merge_request_approves_nothing(action: str) -> None:
    (fact,) = facts("gitlab", payload("merge_request", object_attributes={"id": 99, "action": action}))
    assert (fact[0], fact[2]["kind"]) == ("platform.reported", f"merge_request.{action}")


def test_a_pipeline_that_succeeded_validates_nothing() -> None:
    attributes = {
        "status": "success",
        "finished_at": "2016-08-12 15:26:29 UTC",
        "created_at": "2016-08-12 15:23:28 UTC",
    }
    body = payload("pipeline", object_attributes=attributes)
    (fact,) = facts("gitlab", body)
    assert (fact[0], fact[2]["kind"]) == ("platform.reported", "pipeline.success")
    assert read("gitlab", body).drafts[0].event.time.isoformat() == "2016-08-12T15:26:29+00:00"


def test_values_of_variables_and_addresses_are_blanked() -> None:
    attributes = {"status": "success", "variables": [{"key": "TOKEN", "value": "hunter2"}, {"key": "E", "value": ""}]}
    body = payload("pipeline", object_attributes=attributes, commit={"author": {"email": "john@example.com"}})
    (fact,) = facts("gitlab", body)
    assert fact[2]["payload"]["object_attributes"]["variables"] == [
        {"key": "TOKEN", "value": "[redacted]"},
        {"key": "E", "value": ""},
    ]
    assert "example.com" not in str(fact)


@pytest.mark.parametrize(
    "body",
    [
        payload("push", commits=[{"timestamp": "2011-12-12T14:27:31+02:00"}]),
        payload("access_token", event_name="expiring_access_token", object_attributes={"created_at": "2024-01-24"}),
        payload("deployment", status="running"),
    ],
)
def test_what_states_no_time_of_its_own_happened_when_it_was_sent(body: dict[str, Any]) -> None:
    assert read("gitlab", body).drafts[0].event.time == NOW


@pytest.mark.parametrize(
    ("body", "about"),
    [
        ({"event_name": "project_create", "path_with_namespace": "bank/new", "project_id": 1}, "bank%2Fnew"),
        ({"event_name": "user_add_to_group", "group_path": "bank", "user_id": 1}, "bank"),
        ({"object_kind": "access_token", "group": {"full_path": "bank"}}, "bank"),
        ({"object_kind": "milestone", "project": None, "object_attributes": None}, "gitlab"),
    ],
)
def test_hooks_of_groups_and_of_the_instance_are_about_what_they_name(body: dict[str, Any], about: str) -> None:
    (fact,) = facts("gitlab", body)
    assert fact[:2] == ("platform.reported", f"external/gitlab/{about}")


@pytest.mark.parametrize(
    ("body", "about"),
    [
        (
            {"object_kind": "vulnerability", "object_attributes": {"url": "https://g.example/bank/b/-/security/1"}},
            "bank%2Fb",
        ),
        (
            {"object_kind": "build", "project_name": "A B / c", "repository": {"homepage": "https://g.example/ab/c"}},
            "ab%2Fc",
        ),
        ({"object_kind": "access_token", "group": {"group_path": "bank", "group_name": "Bank"}}, "bank"),
        ({"event_name": "subgroup_create", "group_id": 2, "full_path": "bank/modelle"}, "bank%2Fmodelle"),
        ({"event_name": "group_create", "group_id": 78, "path": "storecloud", "name": "Store"}, "storecloud"),
        ({"event_name": "key_create", "username": "root", "key": "ssh-rsa AAAA"}, "gitlab"),
        (
            {"event_name": "user_add_to_team", "project_id": 1, "project_path_with_namespace": "bank/b"},
            "bank%2Fb",
        ),
    ],
)
def test_what_names_no_project_is_about_the_path_that_it_does_state(body: dict[str, Any], about: str) -> None:
    ((type_, subject, _),) = facts("gitlab", body)
    assert (type_, subject) == ("platform.reported", f"external/gitlab/{about}")


def test_a_retry_has_the_key_of_the_first_delivery() -> None:
    unit = read("gitlab", payload("issue", big=2**80), headers={"Idempotency-Key": "f5e5f430"})
    assert unit.drafts[0].event.id == "f5e5f430/0"


def test_a_deployment_whose_commit_nobody_knows_is_refused() -> None:
    body = deployment("success")
    del body["commit_url"]
    assert refusal("gitlab", body) == ("mapping_failed", ["/commit_url"])
    assert refusal("gitlab", deployment("success", commit_url="https://gitlab.example/")) == (
        "mapping_failed",
        ["/version"],
    )


@pytest.mark.parametrize("body", [[], None, 7, {}, {"object_kind": "push"}])
def test_what_is_no_payload_of_gitlab_is_refused(body: Any) -> None:
    assert refusal("gitlab", body)[0] == "unmapped"

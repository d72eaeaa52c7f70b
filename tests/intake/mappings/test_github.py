"""GitHub: reviews with their state, deployments that succeeded, and nothing that only looks like either."""

from typing import Any

import pytest

from intake.mappings.reading import facts, ignored, read, refusal

REPOSITORY = {"id": 1, "name": "credit-risk", "full_name": "bank/credit-risk"}
SENDER = {"login": "octocat", "id": 583231, "email": "octo@example.org"}
SHA = "f95f852bd8fca8fcc58a9a2d6c842781e32a215e"


def sent(event: str, **members: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the body and the headers of an event."""
    headers = {"X-GitHub-Event": event, "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958"}
    return {"repository": REPOSITORY, "sender": SENDER, **members}, headers


def said(event: str, stated: dict[str, str] | None = None, **members: Any) -> tuple[str, str, dict[str, Any]]:
    """Return the one fact that an event means."""
    body, headers = sent(event, **members)
    (fact,) = facts("github", body, headers=headers, stated=stated, types=("*",))
    return fact


def review(state: str, **changed: Any) -> dict[str, Any]:
    """Return a review of a pull request."""
    return {
        "id": 2**60,
        "state": state,
        "user": SENDER,
        "commit_id": SHA,
        "submitted_at": "2026-11-23T04:00:19Z",
        "html_url": "https://github.com/bank/credit-risk/pull/2#pullrequestreview-1",
        "body": None,
        **changed,
    }


def deployment(state: str, **changed: Any) -> dict[str, Any]:
    """Return the members of an event about a deployment's status."""
    status = {"state": state, "creator": SENDER, "environment": "production", "updated_at": "2026-11-23T04:00:19Z"}
    made = {
        "sha": SHA,
        "ref": "main",
        "environment": "production",
        "creator": SENDER,
        "url": "https://api/1",
        **changed,
    }
    return {
        "action": "created",
        "deployment_status": status,
        "deployment": made,
        "workflow_run": None,
        "check_run": None,
    }


@pytest.mark.parametrize("state", ["approved", "changes_requested", "commented"])
def test_a_review_is_recorded_with_its_state_and_a_comment_approves_nothing(state: str) -> None:
    assert said("pull_request_review", action="submitted", review=review(state), pull_request={}) == (
        "approval.recorded",
        "model/retail/credit-risk",
        {
            "decision": state,
            "by": "github/583231",
            "system": "github",
            "reference": "https://github.com/bank/credit-risk/pull/2#pullrequestreview-1",
            "external_id": str(2**60),
            "artifact_digest": f"git:{SHA}",
        },
    )


def test_a_review_from_a_source_that_may_not_record_approvals_is_kept_as_reported() -> None:
    body, headers = sent("pull_request_review", action="submitted", review=review("approved"), pull_request={})
    (fact,) = facts("github", body, headers=headers)
    assert (fact[0], fact[2]["kind"]) == ("platform.reported", "pull_request_review.submitted")


def test_a_review_that_is_dismissed_is_recorded_and_one_that_is_edited_decides_nothing_new() -> None:
    dismissed = said("pull_request_review", action="dismissed", review=review("dismissed"), pull_request={})
    edited = said("pull_request_review", action="edited", review=review("approved"), pull_request={})
    assert (dismissed[0], dismissed[2]["decision"]) == ("approval.recorded", "dismissed")
    assert edited[0] == "platform.reported"


def test_a_review_by_an_account_that_is_gone_names_nobody() -> None:
    data = said("pull_request_review", action="submitted", review=review("approved", user=None), pull_request={})[2]
    assert "by" not in data


def test_a_review_is_about_the_subject_that_the_address_states() -> None:
    stated = {"subject": "model/retail/scoring", "version": "7"}
    fact = said("pull_request_review", stated, action="submitted", review=review("approved"), pull_request={})
    assert (fact[1], fact[2]["version"]) == ("model/retail/scoring", "7")


@pytest.mark.parametrize("action", ["approved", "rejected"])
def test_letting_a_deployment_go_on_is_a_decision(action: str) -> None:
    run = {"head_sha": SHA, "html_url": "https://github.com/run", "updated_at": "2026-11-23T04:00:19Z"}
    job = {"environment": "production"}
    fact = said("deployment_review", action=action, approver=SENDER, workflow_run=run, workflow_job_run=job)
    assert fact[0] == "approval.recorded"
    assert fact[2] == {
        "decision": action,
        "by": "github/583231",
        "version": SHA,
        "environment": "production",
        "system": "github",
        "reference": "https://github.com/run",
        "artifact_digest": f"git:{SHA}",
    }


@pytest.mark.parametrize(("names", "recorded"), [(["staging", "production", "staging"], 2), ([], 1)])
def test_a_decision_on_several_environments_is_one_of_each(names: list[str], recorded: int) -> None:
    run = {"head_sha": SHA, "html_url": "https://github.com/run", "updated_at": "2026-11-23T04:00:19Z"}
    jobs = [{"id": 1, "environment": name} for name in names]
    body, headers = sent(
        "deployment_review", action="approved", approver=SENDER, workflow_run=run, workflow_job_runs=jobs
    )
    found = facts("github", body, headers=headers, types=("*",))
    assert [fact[0] for fact in found] == ["approval.recorded"] * recorded
    assert [data.get("environment") for _, _, data in found] == (["staging", "production"] if names else [None])


@pytest.mark.parametrize("run", [{"id": 1}, None])
@pytest.mark.parametrize("action", [{}, {"action": "created"}])
def test_a_deployment_is_asked_for_by_whoever_made_it_on_any_server(run: Any, action: dict[str, str]) -> None:
    asked = deployment("pending", creator=None)["deployment"]
    body, headers = sent("deployment", deployment=asked, workflow=run, workflow_run=run, **action)
    for sent_with in (headers, {}):
        (fact,) = facts("github", body, headers=sent_with)
        assert (fact[0], fact[2]["requested_by"]) == ("deployment.requested", "github/583231")


def test_a_deployment_is_asked_for_before_it_runs() -> None:
    asked = deployment("pending")["deployment"]
    assert said("deployment", action="created", deployment=asked) == (
        "deployment.requested",
        "model/retail/credit-risk",
        {"version": SHA, "environment": "production", "requested_by": "github/583231", "ticket": "https://api/1"},
    )


def test_a_deployment_that_succeeded_runs() -> None:
    assert said("deployment_status", **deployment("success")) == (
        "deployment.completed",
        "model/retail/credit-risk",
        {"version": SHA, "environment": "production", "deployed_by": "github/583231", "ticket": "https://api/1"},
    )


@pytest.mark.parametrize("state", ["failure", "error", "pending", "queued", "in_progress", "inactive", "waiting"])
def test_a_deployment_in_any_other_state_does_not_run(state: str) -> None:
    assert said("deployment_status", **deployment(state))[0] == "platform.reported"


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "{}",
        None,
        [],
        {"model": "scoring", "version": "7"},
        {"model": "scoring", "version": 7},
        {"model": 5},
        {"model": ""},
    ],
)
def test_a_deployments_payload_may_name_the_model_and_may_be_anything(payload: Any) -> None:
    fact = said("deployment_status", **deployment("success", payload=payload))
    named = isinstance(payload, dict) and payload.get("model") == "scoring"
    assert (fact[1], fact[2]["version"]) == (
        ("model/retail/scoring", "7") if named else ("model/retail/credit-risk", SHA)
    )


@pytest.mark.parametrize(
    ("event", "members"),
    [
        ("code_scanning_alert", {"action": "created", "alert": {"rule": {}, "created_at": "2026-11-23T04:00:19Z"}}),
        ("dependabot_alert", {"action": "created", "alert": {"security_advisory": {"severity": "critical"}}}),
        ("workflow_run", {"action": "completed", "workflow_run": {"conclusion": "success", "updated_at": None}}),
        ("release", {"action": "published", "release": {"published_at": None, "created_at": "2026-11-23T04:00:19Z"}}),
        ("push", {"ref": "refs/heads/main", "pusher": {"name": "o", "email": "o@example.org"}, "action": None}),
        ("nothing_known_yet", {"action": "happened", "comment": None, "alert": None, "release": 5}),
    ],
)
def test_anything_else_is_kept_as_reported(event: str, members: dict[str, Any]) -> None:
    type_, subject, data = said(event, **members)
    assert (type_, subject) == ("platform.reported", "external/github/bank%2Fcredit-risk")
    assert data["kind"] == (f"{event}.{members['action']}" if members.get("action") else event)


def test_a_trial_of_the_webhook_means_nothing() -> None:
    body, headers = sent("ping", zen="Keep it logically awesome.", hook_id=1)
    assert ignored("github", body, headers=headers) == "test_delivery"


def test_what_happened_is_told_without_its_header_by_the_member_that_only_it_has() -> None:
    body, _ = sent("", action="submitted", review=review("approved"), pull_request={})
    assert facts("github", body, types=("approval.*",))[0][0] == "approval.recorded"
    body, _ = sent("", **deployment("success"))
    assert facts("github", body)[0][0] == "deployment.completed"


@pytest.mark.parametrize(
    ("members", "kind"),
    [
        ({"action": "queued", "workflow_job": {"id": 1}, "deployment": {"id": 2}}, "workflow_job.queued"),
        ({"action": "created", "comment": {}, "issue": {}}, "issue_comment.created"),
        ({"action": "created", "comment": {}, "pull_request": {}}, "pull_request_review_comment.created"),
        (
            {"action": "requested", "deployment": {}, "deployment_callback_url": "x"},
            "deployment_protection_rule.requested",
        ),
        ({"action": "created", "alert": {"secret_type": "x"}}, "secret_scanning_alert.created"),
        (
            {"action": "published", "security_advisory": {"ghsa_id": "GHSA-1"}, "repository": None},
            "security_advisory.published",
        ),
        (
            {"action": "created", "installation": {"id": 1}, "repository": None, "sender": {"node_id": "x"}},
            "event.created",
        ),
    ],
)
def test_what_no_header_names_is_kept_under_the_name_of_what_it_is_about(members: dict[str, Any], kind: str) -> None:
    body, _ = sent("", **members)
    (fact,) = facts("github", body)
    assert (fact[0], fact[2]["kind"]) == ("platform.reported", kind)


def test_a_delivery_that_is_repeated_is_the_same_one() -> None:
    body, headers = sent("issues", action="opened", issue={"updated_at": "2026-11-23T04:00:19Z"})
    unit = read("github", body, headers=headers)
    assert unit.drafts[0].event.id == "72d3162e-cc78-11e3-81ab-4c9367dc0958/0"
    assert unit.drafts[0].event.time.isoformat() == "2026-11-23T04:00:19+00:00"


def test_neither_addresses_nor_a_leaked_secret_are_kept() -> None:
    alert = {"secret": "hunter2hunter2", "created_at": "2026-11-23T04:00:19Z"}
    text = str(said("secret_scanning_alert", action="created", alert=alert, pusher={"email": "octo@example.org"}))
    assert "hunter2" not in text
    assert "octo@example.org" not in text


def test_a_payload_that_would_be_too_large_for_a_fact_is_kept_by_its_digest() -> None:
    data = said("push", commits=[{"message": "é" * 1000}] * 300)[2]
    assert "payload" not in data
    assert len(data["payload_sha256"]) == 64


def test_a_deployment_without_commit_is_refused_with_the_path() -> None:
    members = deployment("success")
    del members["deployment"]["sha"]
    body, headers = sent("deployment_status", **members)
    assert refusal("github", body, headers=headers) == ("mapping_failed", ["/deployment/sha"])


@pytest.mark.parametrize("payload", [[], None, 7, {}, {"repository": None, "sender": {}}])
def test_what_is_no_payload_of_github_is_refused(payload: Any) -> None:
    assert refusal("github", payload)[0] == "unmapped"

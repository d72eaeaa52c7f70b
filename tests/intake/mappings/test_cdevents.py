"""CDEvents: its version is not that of CloudEvents, a skipped test ran nothing, a rollback is what runs now."""

from typing import Any

import pytest

from intake.mappings.reading import carried, facts, facts_of, read, refusal

ARTIFACT = "pkg:oci/bonit%C3%A4t@sha256%3A0b31b1c0?arch=amd64"


def cdevent(type_: str, content: Any, **members: Any) -> dict[str, Any]:
    """Return a CDEvent."""
    context = {
        "specversion": "0.6.0-draft",
        "id": "271069a8",
        "source": "/event/source/123",
        "type": f"dev.cdevents.{type_}",
        "timestamp": "2023-03-20T14:27:05.315384Z",
    }
    return {"context": context, "subject": {"id": "scoring", "content": content}, **members}


@pytest.mark.parametrize("predicate", ["deployed", "upgraded", "rolledback"])
def test_the_artifact_that_is_deployed_with_a_service_is_the_version_that_runs(predicate: str) -> None:
    content = {"environment": {"id": "prod"}, "artifactId": ARTIFACT}
    assert facts("cdevents", cdevent(f"service.{predicate}.0.3.0", content)) == [
        ("deployment.completed", "model/retail/scoring", {"version": "sha256:0b31b1c0", "environment": "prod"})
    ]


@pytest.mark.parametrize(
    ("artifact", "version"),
    [
        ("pkg:golang/mygit.com/myorg/myapp@234fd47e", "234fd47e"),
        ("pkg:npm/@scope/model@1.2.3", "1.2.3"),
        ("pkg:oci/m@sha256%3a0b31?tag=latest#sub", "sha256:0b31"),
    ],
)
def test_the_version_is_what_stands_behind_the_last_at_of_a_package_url(artifact: str, version: str) -> None:
    content = {"environment": {"id": "prod"}, "artifactId": artifact}
    assert facts("cdevents", cdevent("service.deployed.0.3.0", content))[0][2]["version"] == version


def test_a_service_that_is_removed_runs_no_more() -> None:
    assert facts("cdevents", cdevent("service.removed.0.3.0-draft", {"environment": {"id": "prod"}})) == [
        ("deployment.removed", "model/retail/scoring", {"environment": "prod"})
    ]


@pytest.mark.parametrize(
    ("outcome", "recorded"),
    [
        ("success", "passed"),
        ("pass", "passed"),
        ("failure", "failed"),
        ("fail", "failed"),
        ("error", "errored"),
        ("cancel", "errored"),
        ("skipped", "errored"),
        ("", "errored"),
        (None, "errored"),
        (True, "errored"),
    ],
)
def test_only_a_run_that_says_so_passed(outcome: Any, recorded: str) -> None:
    content = {"outcome": outcome, "testSuite": {"id": "auth", "version": "1.0"}}
    (fact,) = facts("cdevents", cdevent("testsuiterun.finished.0.3.0", content))
    assert (fact[1], fact[2]["outcome"]) == ("external/cdevents/auth", recorded)


def test_a_skipped_test_ran_nothing() -> None:
    content = {"reason": "not here", "testCase": {"id": "login"}}
    (fact,) = facts("cdevents", cdevent("testcaserun.skipped.0.2.0", content))
    assert (fact[1], fact[2]["outcome"], fact[2]["detail"]) == ("external/cdevents/login", "nothing_ran", "not here")


@pytest.mark.parametrize("content", [None, {}, {"testSuite": None}])
def test_a_run_that_names_no_test_is_about_itself(content: Any) -> None:
    (fact,) = facts("cdevents", cdevent("testcaserun.skipped.0.2.0", content))
    assert (fact[1], fact[2]["version"]) == ("external/cdevents/scoring", "scoring")


def test_tests_of_a_named_model_are_about_that_model() -> None:
    custom = {"model": "credit-risk", "version": "7"}
    (fact,) = facts("cdevents", cdevent("testsuiterun.finished.0.3.0", {"outcome": "success"}, customData=custom))
    assert (fact[1], fact[2]["version"]) == ("model/retail/credit-risk", "7")


def test_a_skipped_test_of_a_named_model_is_about_that_model_too() -> None:
    event = cdevent("testcaserun.skipped.0.2.0", {}, customData={"model": "credit-risk", "version": 7})
    (fact,) = facts("cdevents", event)
    assert (fact[1], fact[2]["version"], fact[2]["outcome"]) == ("model/retail/credit-risk", "7", "nothing_ran")


@pytest.mark.parametrize("custom", [{"model": "credit-risk"}, {"version": "7"}, {"model": {}, "version": None}])
def test_custom_data_that_name_half_of_a_version_name_none(custom: Any) -> None:
    (fact,) = facts("cdevents", cdevent("testsuiterun.finished.0.3.0", {"outcome": "success"}, customData=custom))
    assert fact[1] == "external/cdevents/scoring"


def test_a_run_that_states_no_outcome_is_no_pass() -> None:
    (fact,) = facts("cdevents", cdevent("testsuiterun.finished.0.3.0", {}))
    assert fact[2]["outcome"] == "errored"


def test_a_cloudevent_that_is_posted_whole_holds_the_cdevent() -> None:
    event = cdevent("testsuiterun.finished.0.3.0", {"outcome": "failure"})
    whole = {"specversion": "1.0", "id": "9", "source": "/x", "type": event["context"]["type"], "data": event}
    assert facts("cdevents", whole) == facts("cdevents", event)


def test_custom_data_of_another_media_type_say_nothing() -> None:
    members = {"customData": "eyJtb2RlbCI6MX0=", "customDataContentType": "application/x"}
    (fact,) = facts("cdevents", cdevent("testsuiterun.finished.0.3.0", {"outcome": "success"}, **members))
    assert fact[1] == "external/cdevents/scoring"


def test_an_incident_says_what_it_knows_and_no_more() -> None:
    content = {
        "description": "Zu langsam",
        "service": {"id": "scoring"},
        "artifactId": ARTIFACT,
        "ticketURI": "https://t/1",
    }
    event = cdevent("incident.reported.0.3.0", content, customData={"severity": "high"})
    assert facts("cdevents", event) == [
        (
            "incident.reported",
            "model/retail/scoring",
            {
                "summary": "Zu langsam",
                "severity": "high",
                "detected_at": "2023-03-20T14:27:05.315384Z",
                "version": "sha256:0b31b1c0",
                "kind": "incident",
                "status": "open",
                "external_id": "scoring",
                "external_reference": "https://t/1",
            },
        )
    ]


@pytest.mark.parametrize("artifact", ["pkg:oci/m", "", None, 5])
def test_an_incident_of_an_artifact_without_version_is_an_incident(artifact: Any) -> None:
    content = {"artifactId": artifact, "description": None, "service": None, "environment": None}
    (fact,) = facts("cdevents", cdevent("incident.detected.0.3.0", content))
    assert (fact[0], fact[2]["summary"]) == ("incident.reported", "scoring")
    assert "version" not in fact[2]


@pytest.mark.parametrize("custom", [None, "high", [], {}, {"severity": "sev1"}, {"severity": 5}])
def test_a_severity_that_is_none_of_ours_is_medium(custom: Any) -> None:
    (fact,) = facts("cdevents", cdevent("incident.detected.0.3.0", {}, customData=custom))
    assert (fact[1], fact[2]["severity"]) == ("external/cdevents/scoring", "medium")


@pytest.mark.parametrize(
    "type_",
    [
        "incident.resolved.0.3.0",
        "approval.created.0.1.0",
        "artifact.signed.0.3.0",
        "pipelinerun.finished.0.3.0",
        "deployment.finished.0.1.0",
        "change.reviewed.0.3.0",
        "nobody.knows.9.9.9",
    ],
)
def test_anything_else_is_kept_as_reported(type_: str) -> None:
    (fact,) = facts("cdevents", cdevent(type_, {"outcome": "success", "huge": 2**90}))
    assert fact[:2] == ("platform.reported", "external/cdevents/scoring")
    assert fact[2]["kind"] == f"dev.cdevents.{type_}"


def test_its_own_version_is_not_that_of_cloudevents() -> None:
    event = cdevent("service.removed.0.3.0", {"environment": {"id": "prod"}})
    attributes = {"type": event["context"]["type"], "id": "271069a8", "source": "/event/source/123"}
    assert facts_of(carried("cdevents", event, attributes)) == facts("cdevents", event)


def test_an_id_that_is_reused_across_types_is_two_deliveries() -> None:
    first = read("cdevents", cdevent("incident.detected.0.3.0", {}))
    second = read("cdevents", cdevent("incident.reported.0.3.0", {}))
    assert first.drafts[0].event.id != second.drafts[0].event.id


def test_a_missing_field_is_refused_with_its_path() -> None:
    assert refusal("cdevents", cdevent("service.deployed.0.3.0", {"environment": {"id": "prod"}})) == (
        "mapping_failed",
        ["/subject/content/artifactId"],
    )
    assert refusal("cdevents", cdevent("service.deployed.0.3.0", {"artifactId": ARTIFACT})) == (
        "mapping_failed",
        ["/subject/content/environment"],
    )


@pytest.mark.parametrize("artifact", ["myapp", "pkg:oci/myapp", "pkg:npm/@scope/model", "", 5])
def test_an_artifact_without_version_is_refused_never_guessed_at(artifact: Any) -> None:
    content = {"environment": {"id": "prod"}, "artifactId": artifact}
    assert refusal("cdevents", cdevent("service.deployed.0.3.0", content))[0] == "mapping_failed"


@pytest.mark.parametrize("payload", [None, [], {}, {"context": {"type": "com.example.x"}, "subject": {}}])
def test_what_is_no_cdevent_is_refused(payload: Any) -> None:
    assert refusal("cdevents", payload)[0] == "unmapped"

"""Harbor: a scan that was stopped or failed is never a pass; both payload formats mean the same."""

from typing import Any

import pytest

from intake.mappings.reading import carried, facts, facts_of, refusal

DIGEST = "sha256:" + "ab" * 32
REPORT = "application/vnd.security.vulnerability.report; version=1.1"


def scan(kind: str, status: str, summary: Any, percent: int = 100) -> dict[str, Any]:
    """Return a notification about a scan, in the default format."""
    report = {
        "report_id": "af05",
        "scan_status": status,
        "severity": "None",
        "summary": summary,
        "scanner": {"name": "Trivy", "vendor": "Aqua", "version": "v0.37.2"},
        "complete_percent": percent,
    }
    resources = [{"digest": DIGEST, "resource_url": "h/modelle/bonität", "scan_overview": {REPORT: report}}]
    repository = {"name": "bonität", "namespace": "modelle", "repo_full_name": "modelle/bonität"}
    event = {"resources": resources, "repository": repository}
    return {"type": kind, "occur_at": 1680502375, "operator": "auto", "event_data": event}


def outcome(kind: str, status: str, summary: Any, percent: int = 100) -> str:
    """Return the outcome that is recorded of a scan."""
    ((type_, _, data),) = facts("harbor", scan(kind, status, summary, percent))
    assert type_ == "validation.completed"
    return str(data["outcome"])


def test_a_scan_without_findings_passed_and_names_its_scanner() -> None:
    (fact,) = facts("harbor", scan("SCANNING_COMPLETED", "Success", {"total": 0, "fixable": 0, "summary": {}}))
    assert fact[1] == "external/harbor/modelle%2Fbonit%C3%A4t"
    assert len(fact[2].pop("evidence_sha256")) == 64
    assert fact[2] == {
        "version": DIGEST,
        "kind": "security",
        "outcome": "passed",
        "measurements": [{"metric": "vulnerabilities", "value": 0}],
        "evaluator": "Trivy v0.37.2",
        "tool": "Trivy",
        "tool_version": "v0.37.2",
        "run_id": "af05",
    }


def test_findings_are_counted_by_severity_and_are_no_pass() -> None:
    summary = {"total": 3, "fixable": 1, "summary": {"Low": 1, "Critical": 2}}
    (fact,) = facts("harbor", scan("SCANNING_COMPLETED", "Success", summary))
    assert fact[2]["outcome"] == "failed"
    assert fact[2]["measurements"] == [
        {"metric": "vulnerabilities", "value": 3},
        {"metric": "vulnerabilities", "value": 2, "subgroup": "Critical"},
        {"metric": "vulnerabilities", "value": 1, "subgroup": "Low"},
    ]


def test_a_stopped_scan_ran_nothing() -> None:
    assert outcome("SCANNING_STOPPED", "Stopped", None, 0) == "nothing_ran"
    assert outcome("SCANNING_COMPLETED", "Stopped", {"total": 0}) == "nothing_ran"
    assert outcome("scanningStopped", "Success", {"total": 0}) == "nothing_ran", "as Harbor 1 spelt it"


@pytest.mark.parametrize(
    ("kind", "status", "summary", "percent"),
    [
        ("SCANNING_FAILED", "Error", None, 0),
        ("SCANNING_FAILED", "Success", {"total": 0}, 100),
        ("SCANNING_COMPLETED", "Error", {"total": 0}, 100),
        ("SCANNING_COMPLETED", "Success", None, 100),
        ("SCANNING_COMPLETED", "Success", {}, 100),
        ("SCANNING_COMPLETED", "Success", {"total": 0}, 60),
    ],
)
def test_no_finding_is_no_pass_of_a_scan_that_did_not_come_to_its_end(
    kind: str, status: str, summary: Any, percent: int
) -> None:
    assert outcome(kind, status, summary, percent) == "errored"


@pytest.mark.parametrize("total", ["0", None, [], False, 0.0])
def test_a_total_that_is_no_whole_number_never_passes(total: Any) -> None:
    assert outcome("SCANNING_COMPLETED", "Success", {"total": total}) == "errored"


def test_counts_by_severity_outdo_a_total_of_none() -> None:
    assert outcome("SCANNING_COMPLETED", "Success", {"total": 0, "summary": {"High": 2}}) == "failed"
    assert outcome("SCANNING_COMPLETED", "Success", {"total": 0, "summary": {"High": 0}}) == "passed"


def test_a_scanner_that_does_not_say_how_far_it_came_is_taken_by_its_status() -> None:
    payload = scan("SCANNING_COMPLETED", "Success", {"total": 0, "summary": None})
    payload["event_data"]["resources"][0]["scan_overview"][REPORT]["complete_percent"] = None
    assert [data["outcome"] for _, _, data in facts("harbor", payload)] == ["passed"]


@pytest.mark.parametrize(
    ("kind", "recorded"), [("SCANNING_STOPPED", "nothing_ran"), ("SCANNING_FAILED", "errored"), ("x", None)]
)
@pytest.mark.parametrize("overview", [None, {}])
def test_a_scan_that_left_no_report_is_known_by_what_became_of_it(
    kind: str, recorded: str | None, overview: Any
) -> None:
    payload = scan(kind, "", None)
    payload["event_data"]["resources"] = [{"digest": DIGEST, "tag": "latest", "scan_overview": overview}]
    (fact,) = facts("harbor", payload)
    assert (fact[2].get("version"), fact[2].get("outcome")) == ((DIGEST, recorded) if recorded else (None, None))


def test_a_list_of_parts_that_was_stopped_is_no_scan_either() -> None:
    payload = scan("SCANNING_STOPPED", "", None)
    payload["event_data"] |= {"resources": [{"digest": DIGEST}], "scan": {"scan_type": "sbom"}}
    assert [fact[0] for fact in facts("harbor", payload)] == ["platform.reported"]


def test_every_scanner_of_every_image_has_its_fact() -> None:
    payload = scan("SCANNING_COMPLETED", "Success", {"total": 0})
    first = payload["event_data"]["resources"][0]
    second = {"digest": "sha256:" + "cd" * 32, "scan_overview": {"a": first["scan_overview"][REPORT], "b": {}}}
    payload["event_data"]["resources"].append(second)
    assert [data["outcome"] for _, _, data in facts("harbor", payload)] == ["passed", "passed", "errored"]


def test_a_scan_is_about_the_model_that_the_sender_states() -> None:
    stated = {"subject": "model/retail/credit-risk"}
    (fact,) = facts("harbor", scan("SCANNING_STOPPED", "Stopped", None), stated=stated)
    assert fact[:2] == ("validation.completed", "model/retail/credit-risk")
    assert fact[2]["version"] == DIGEST
    (fact,) = facts("harbor", scan("SCANNING_STOPPED", "Stopped", None), stated={**stated, "version": "7"})
    assert fact[2]["version"] == "7"


def test_a_list_of_parts_is_no_scan() -> None:
    payload = scan("SCANNING_COMPLETED", "Success", {"total": 0})
    payload["event_data"]["resources"] = [{"digest": DIGEST, "sbom_overview": {"scan_status": "Success"}}]
    (fact,) = facts("harbor", payload)
    assert (fact[0], fact[2]["kind"]) == ("platform.reported", "SCANNING_COMPLETED")


CLOUD = {
    "specversion": "1.0",
    "id": "66e1",
    "source": "/projects/2/webhook/policies/15",
    "time": "2023-04-03T06:04:46Z",
}


def test_the_cloudevents_format_means_the_same_posted_whole_and_carried() -> None:
    said = scan("", "Stopped", None, 0)["event_data"]
    (whole,) = facts("harbor", {**CLOUD, "type": "harbor.scan.stopped", "data": said, "operator": "auto"})
    attributes = {key: value for key, value in CLOUD.items() if key != "specversion"} | {"type": "harbor.scan.stopped"}
    (inside,) = facts_of(carried("harbor", said, attributes))
    for fact in (whole, inside):
        fact[2].pop("evidence_sha256")
    assert whole == inside
    assert whole[2]["outcome"] == "nothing_ran"


@pytest.mark.parametrize(
    ("data", "about"),
    [
        ({"replication": {"job_status": "Success", "dest_resource": {"namespace": "modelle"}}}, "modelle"),
        ({"retention": {"project_name": "modelle", "result": "SUCCESS"}}, "modelle"),
        ({"repository": None, "resources": None}, "harbor"),
    ],
)
def test_what_harbor_did_to_its_store_is_kept_as_reported(data: Any, about: str) -> None:
    payload = {"type": "REPLICATION", "occur_at": 1680501904, "operator": "MANUAL", "event_data": data}
    (fact,) = facts("harbor", payload)
    assert fact[:2] == ("platform.reported", f"external/harbor/{about}")


def test_a_notification_without_time_is_refused_with_the_path() -> None:
    assert refusal("harbor", {"type": "harbor.artifact.pushed", "specversion": "1.0", "id": "1", "data": {}}) == (
        "mapping_failed",
        ["/time"],
    )


@pytest.mark.parametrize("payload", [[], None, 7, {}, {"type": "PUSH_ARTIFACT"}, {"specversion": "1.0", "type": "x"}])
def test_what_is_no_notification_of_harbor_is_refused(payload: Any) -> None:
    assert refusal("harbor", payload)[0] == "unmapped"

"""Alertmanager: several incidents in one delivery, members that are over, members that are hidden."""

from typing import Any

import pytest

from intake.mappings.reading import facts, ignored, read, refusal, units

ALERT: dict[str, Any] = {
    "status": "firing",
    "labels": {"alertname": "DriftHigh", "model": "credit-risk", "severity": "critical", "version": "7"},
    "annotations": {"summary": "PSI 0,41: dérive"},
    "startsAt": "2026-11-23T04:00:19.080157327Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "generatorURL": "http://prometheus/graph",
    "fingerprint": "5eb8474d1c2696c4",
}


def delivery(*alerts: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """Return a delivery of a group."""
    group = {"receiver": "gov", "status": "firing", "groupLabels": {}, "groupKey": "{}:{}", "version": "4"}
    return {**group, "truncatedAlerts": 0, "alerts": list(alerts), **changed}


def test_every_firing_alert_is_an_incident_of_its_own() -> None:
    other = {**ALERT, "labels": {**ALERT["labels"], "model": "churn"}, "fingerprint": "92a998a73fc07faa"}
    found = facts("alertmanager", delivery(ALERT, other))
    assert [(type_, subject) for type_, subject, _ in found] == [
        ("incident.reported", "model/retail/credit-risk"),
        ("incident.reported", "model/retail/churn"),
    ]
    assert found[0][2] == {
        "summary": "PSI 0,41: dérive",
        "severity": "critical",
        "detected_at": "2026-11-23T04:00:19.080157Z",
        "version": "7",
        "kind": "alert",
        "status": "open",
        "external_id": "5eb8474d1c2696c4/2026-11-23T04:00:19.080157327Z",
        "external_reference": "http://prometheus/graph",
    }


def test_a_resolved_member_of_a_firing_group_opens_nothing() -> None:
    over = {**ALERT, "status": "resolved", "endsAt": "2026-11-23T05:00:00Z"}
    (unit,) = units("alertmanager", delivery(over))
    (draft,) = unit.drafts
    assert (draft.event.type, draft.event.json()["kind"]) == ("dev.govbus.platform.reported.v1", "alert.resolved")
    assert draft.event.time.isoformat() == "2026-11-23T05:00:00+00:00"


def test_an_alert_that_ended_in_the_year_one_is_open() -> None:
    (fact,) = facts("alertmanager", delivery(ALERT))
    assert fact[2]["status"] == "open"
    assert "resolved_at" not in fact[2]


def test_members_that_the_delivery_hides_are_said_in_a_fact() -> None:
    found = facts("alertmanager", delivery(ALERT, truncatedAlerts=3))
    assert [type_ for type_, _, _ in found] == ["incident.reported", "platform.reported"]
    assert found[1][2]["kind"] == "alerts.truncated"
    assert found[1][2]["payload"]["truncatedAlerts"] == 3


def test_an_alert_that_did_not_change_is_the_same_delivery_in_another_group() -> None:
    other = {**ALERT, "fingerprint": "00", "annotations": {}}
    alone = units("alertmanager", delivery(ALERT))[0]
    again = units("alertmanager", delivery(other, ALERT, receiver="other"))[1]
    assert alone.delivery == again.delivery
    assert alone.drafts[0].event.id == again.drafts[0].event.id


def test_an_alert_without_model_is_about_itself() -> None:
    (fact,) = facts("alertmanager", delivery({**ALERT, "labels": {"alertname": "DiskFull", "severity": "page"}}))
    assert fact[1] == "external/alertmanager/DiskFull"
    assert fact[2]["severity"] == "critical"


def test_an_alert_that_nobody_is_to_act_on_is_no_incident() -> None:
    watchdog = {**ALERT, "labels": {"alertname": "Watchdog", "severity": "none"}}
    (fact,) = facts("alertmanager", delivery(watchdog))
    assert (fact[0], fact[2]["kind"]) == ("platform.reported", "alert.firing")


@pytest.mark.parametrize(
    ("label", "severity"),
    [
        ("critical", "critical"),
        ("PAGE", "critical"),
        ("error", "high"),
        ("warning", "medium"),
        ("info", "low"),
        ("x", "medium"),
    ],
)
def test_free_text_of_the_severity_label_is_read_with_care(label: str, severity: str) -> None:
    (fact,) = facts("alertmanager", delivery({**ALERT, "labels": {"alertname": "a", "severity": label}}))
    assert fact[2]["severity"] == severity


def test_annotations_may_be_absent_null_or_empty() -> None:
    for annotations in ({}, None, {"summary": "", "description": None}):
        (fact,) = facts("alertmanager", delivery({**ALERT, "annotations": annotations}))
        assert fact[2]["summary"] == "DriftHigh"


def test_a_model_may_be_labelled_as_model_servers_do() -> None:
    labels = {"alertname": "Slow", "model_name": "bonität", "model_version": "3"}
    (fact,) = facts("alertmanager", delivery({**ALERT, "labels": labels}))
    assert (fact[1], fact[2]["version"]) == ("model/retail/bonit%C3%A4t", "3")


def test_a_trial_of_grafanas_contact_point_means_nothing() -> None:
    tried = {**ALERT, "labels": {"alertname": "TestAlert", "instance": "Grafana"}, "values": None}
    assert ignored("alertmanager", delivery(tried)) == "test_delivery"
    mine = {**tried, "labels": {"alertname": "TestAlert", "instance": "node-1"}}
    assert facts("alertmanager", delivery(mine))[0][0] == "incident.reported"


@pytest.mark.parametrize("hidden", [0, None])
def test_nothing_is_said_of_hidden_members_where_there_are_none(hidden: int | None) -> None:
    assert len(facts("alertmanager", {**delivery(ALERT), "truncatedAlerts": hidden})) == 1


def test_an_alert_without_its_begin_is_refused_with_the_path() -> None:
    broken = {key: value for key, value in ALERT.items() if key != "startsAt"}
    found = units("alertmanager", delivery(broken, ALERT))
    assert found[0].refused is not None
    assert (found[0].refused.reason, found[0].refused.places[0].pointer) == ("mapping_failed", "/startsAt")
    assert found[1].refused is None, "the other alert is taken"


@pytest.mark.parametrize("payload", [{}, [], None, 5, {"alerts": []}, {"status": "firing", "alerts": {}}])
def test_what_is_no_delivery_of_alertmanager_is_refused(payload: Any) -> None:
    assert refusal("alertmanager", payload)[0] == "unmapped"


def test_a_group_without_members_is_refused() -> None:
    assert refusal("alertmanager", delivery()) == ("mapping_failed", [])


@pytest.mark.parametrize("labels", [None, [], "x", {"model": 5, "severity": 7}])
def test_hostile_labels_are_refused_never_guessed_at(labels: Any) -> None:
    unit = read("alertmanager", delivery({**ALERT, "labels": labels}))
    assert unit.refused is not None
    assert unit.refused.reason == "mapping_failed"

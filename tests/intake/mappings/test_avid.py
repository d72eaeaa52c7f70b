"""AVID: five schema versions, one entry or many, and a severity only where CVSS or 0din rates it."""

import json
from typing import Any

import pytest

from intake.mappings.reading import facts, refusal, units

ENTRY: dict[str, Any] = {
    "data_type": "AVID",
    "data_version": "0.3.3",
    "metadata": {"report_id": "AVID-2026-R0001"},
    "affects": {"developer": ["X"], "deployer": [], "artifacts": [{"type": "Model", "name": "bert"}, {"name": ""}]},
    "problemtype": {
        "classof": "LLM Evaluation",
        "type": "Issue",
        "description": {"lang": "eng", "value": "Lücke"},
    },
    "references": [{"label": "picture", "url": "../img/1.png"}, {"label": "page", "url": "https://example.org/1"}],
    "reported_date": "2026-02-19",
}


def entry(**changed: Any) -> dict[str, Any]:
    """Return an entry with other members."""
    return {**ENTRY, **changed}


def test_a_report_is_an_incident_of_the_entry_that_says_what_it_affects() -> None:
    assert facts("avid", entry()) == [
        (
            "incident.reported",
            "external/avid/AVID-2026-R0001",
            {
                "summary": "Lücke (affects bert)",
                "severity": "medium",
                "kind": "vulnerability",
                "external_id": "AVID-2026-R0001",
                "external_reference": "https://example.org/1",
            },
        )
    ]


def test_the_first_schema_spells_artifact_and_class() -> None:
    old = entry(
        affects={"artifact": [{"type": "model", "name": "gpt-neo"}]},
        problemtype={"class": "AIID Incident", "description": {"value": "It broke"}},
        impact={"avid": {"vuln_id": "AVID-2022-V003", "sep_view": [{"id": "E0101", "name": "Group Fairness"}]}},
    )
    (fact,) = facts("avid", old)
    assert (fact[2]["summary"], fact[2]["kind"]) == ("It broke (affects gpt-neo)", "incident")
    assert fact[1] == "external/avid/AVID-2026-R0001", "the vulnerability that a report belongs to is not its id"


def test_a_vulnerability_is_known_by_its_own_id_and_date() -> None:
    vulnerability = entry(
        metadata={"vuln_id": "AVID-2023-V001"}, reports=None, credit=None, published_date="2023-03-31"
    )
    del vulnerability["reported_date"]
    ((unit,),) = [units("avid", vulnerability)]
    assert unit.drafts[0].event.subject == "external/avid/AVID-2023-V001"
    assert unit.drafts[0].event.time.isoformat() == "2023-03-31T00:00:00+00:00"


def test_a_report_is_about_the_model_that_the_sender_states() -> None:
    (fact,) = facts("avid", entry(), stated={"subject": "model/retail/credit-risk"})
    assert (fact[1], fact[2]["external_id"]) == ("model/retail/credit-risk", "AVID-2026-R0001")


@pytest.mark.parametrize(
    ("score", "severity"),
    [
        ("Level 1: Minimal Risk", "low"),
        ("Level 2: Moderate Risk", "medium"),
        ("Level 3: Significant Risk", "high"),
        ("Level 4: High Risk", "critical"),
        ("Level 5: Severe Risk", "critical"),
        ("unheard of", "medium"),
    ],
)
def test_the_score_of_0din_claims_a_severity(score: str, severity: str) -> None:
    (fact,) = facts("avid", entry(impact={"odin": {"SocialImpactScore": score}}))
    assert fact[2]["severity"] == severity


@pytest.mark.parametrize(
    ("rated", "severity"),
    [
        ("CRITICAL", "critical"),
        ("HIGH", "high"),
        ("Medium", "medium"),
        ("LOW", "low"),
        ("NONE", "low"),
        (None, "medium"),
    ],
)
def test_a_cve_entry_is_as_severe_as_its_cvss_rates_it(rated: str | None, severity: str) -> None:
    (fact,) = facts("avid", entry(impact={"cvss": {"version": "3.1", "baseScore": 8.8, "baseSeverity": rated}}))
    assert fact[2]["severity"] == severity


@pytest.mark.parametrize("drop", [True, False])
def test_a_tools_report_that_avid_has_not_published_is_known_by_its_digest(*, drop: bool) -> None:
    report = {key: value for key, value in entry(metadata=None).items() if not (drop and key == "metadata")}
    ((_, subject, data),) = facts("avid", report)
    assert subject == f"external/avid/{data['external_id']}"
    assert str(data["external_id"]).startswith("unpublished-")
    assert facts("avid", report)[0][1] == subject


@pytest.mark.parametrize(
    "changed",
    [
        {"affects": None},
        {"affects": {}},
        {"references": None},
        {"references": []},
        {"impact": None},
        {"impact": {"odin": None}},
    ],
)
def test_what_an_entry_does_not_say_may_be_null_empty_or_absent(changed: dict[str, Any]) -> None:
    (fact,) = facts("avid", entry(**changed))
    assert fact[0] == "incident.reported"


def test_many_entries_are_deliveries_of_their_own_and_one_that_is_broken_stops_no_other() -> None:
    lines = [entry(), entry(metadata={}), entry(metadata={"report_id": "AVID-2026-R0002"})]
    raw = "\n".join(json.dumps(line) for line in lines).encode()
    found = units("avid", raw)
    assert [unit.refused.reason if unit.refused else None for unit in found] == [None, "mapping_failed", None]
    assert found[1].refused is not None
    assert [place.pointer for place in found[1].refused.places] == ["/metadata/report_id"]
    assert [unit.drafts[0].event.id for unit in found if unit.drafts] == [
        unit.drafts[0].event.id for unit in units("avid", json.dumps([lines[0], lines[2]]).encode())
    ], "a list of entries means the same as a line for each"


def test_an_entry_that_was_changed_is_a_new_fact() -> None:
    before, after = units("avid", entry())[0], units("avid", entry(last_modified_date="2026-03-01"))[0]
    assert before.drafts[0].event.id != after.drafts[0].event.id


def test_an_entry_without_description_is_refused_with_the_path() -> None:
    reason, pointers = refusal("avid", entry(problemtype={"classof": "x"}))
    assert (reason, pointers) == ("mapping_failed", ["/problemtype/description"])


@pytest.mark.parametrize("payload", [{}, {"data_type": "CVE"}, "AVID", 5, [], [5], [None]])
def test_what_is_no_entry_of_avid_is_refused(payload: Any) -> None:
    assert refusal("avid", payload)[0] == "unmapped"


@pytest.mark.parametrize("payload", [entry(metadata=[]), entry(metadata={"report_id": 5})])
def test_hostile_entries_are_refused_never_guessed_at(payload: Any) -> None:
    assert refusal("avid", payload)[0] == "mapping_failed"

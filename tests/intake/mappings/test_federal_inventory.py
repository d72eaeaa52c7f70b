"""The federal inventories: four layouts, a system per row, no row lost, ids that hold as far as they can."""

from typing import Any

import pytest

from intake.mappings.inventories import HEADER_2023, HEADER_2025, V1, V2, first_layout, second_layout, table, use_case
from intake.mappings.reading import facts, refusal, units


def registered(raw: bytes) -> list[tuple[str, dict[str, Any]]]:
    """Return subject and data of every system."""
    found = facts("federal_inventory", raw)
    assert {type_ for type_, _, _ in found} == {"system.registered"}
    return [(subject, data) for _, subject, data in found]


def test_a_use_case_of_2023_is_a_system() -> None:
    row = [
        "DHS-0001-2023",
        "DHS",
        "CBP",
        "",
        "Babel",
        "Übersetzt\nvieles",
        "In-use",
        "ML, NLP",
        "https://x/y",
        "Homeland",
    ]
    ((subject, data),) = registered(table(HEADER_2023, [row]).encode("cp1252"))
    assert subject.startswith("system/retail/dhs-")
    assert subject.endswith("-1")
    assert data.pop("answers") == {name: cell for name, cell in zip(HEADER_2023, row, strict=True) if cell}
    assert data == {
        "name": "Babel",
        "description": "Übersetzt\nvieles",
        "organisation": "Homeland",
        "organisation_unit": "CBP",
        "stage": "operation",
        "external_id": "DHS-0001-2023",
        "source_code_uri": "https://x/y",
    }


FILLED = use_case(
    topic_area="Other",
    question_type="Border",
    commercial_ai="None of the above.",
    purpose_benefits="Übersetzt für viele",
    outputs="Texte",
    dev_stage="Operation and Maintenance",
    impact_type="Rights-Impacting\n",
    date_initiated="8/29/2023",
    date_implemented="2/29/2024",
    date_retired="7/15/1905",
    dev_method="N/A",
    contains_pii="Yes",
    code_link="N/A",
)


ROW_2025 = (
    *("DHS", "Department of Homeland Security", "DHS-1", "Babel", "CBP", "anna@dhs.example", "c)  Deployed - in use"),
    *("a) High-impact", "Zu viele Sprachen", "Schneller", "2024-05-06 00:00:00", "Acme", "Yes"),
)


def changed_2025(**cells: str) -> dict[str, Any]:
    """Return what is registered of the row of 2025 with other cells."""
    row = [cells.get(name, cell) for name, cell in zip(HEADER_2025, ROW_2025, strict=True)]
    ((_, data),) = registered(table(HEADER_2025, [row]).encode())
    return data


def test_a_use_case_of_2025_is_the_system_of_2024_with_that_name() -> None:
    ((subject, data),) = registered(b"\xef\xbb\xbf" + table(HEADER_2025, [ROW_2025]).encode())
    assert subject == registered(first_layout(use_case()))[0][0]
    assert "anna@" not in str(data.pop("answers"))
    assert data == {
        "name": "Babel",
        "purpose": "Zu viele Sprachen\nSchneller",
        "organisation": "Department of Homeland Security",
        "organisation_unit": "CBP",
        "stage": "operation",
        "claimed_classes": {"omb_m_25_21": "high_impact"},
        "vendors": ["Acme"],
        "implemented_on": "2024-05-06",
        "contains_personal_data": True,
        "external_id": "DHS-1",
    }


@pytest.mark.parametrize(
    ("given", "claimed"),
    [
        ("High-impact", "high_impact"),
        ("b) Presumed high-impact, but determined not high impact", "presumed_not_high_impact"),
        ("Presumed High-Impact, but Not High-impact", "presumed_not_high_impact"),
        ("c) Not high-impact", "not_high_impact"),
        ("perhaps", None),
        ("", None),
    ],
)
def test_a_claim_of_2025_is_read_with_its_letter_or_without_and_never_guessed(given: str, claimed: str | None) -> None:
    data = changed_2025(is_high_impact=given)
    assert data.get("claimed_classes") == ({"omb_m_25_21": claimed} if claimed else None)


@pytest.mark.parametrize(
    ("given", "stage"), [("Pilot", "pilot"), ("a) Pre-deployment - x", "development"), ("?", None)]
)
def test_a_stage_of_2025_is_read_with_its_letter_or_without(given: str, stage: str | None) -> None:
    assert changed_2025(development_stage=given).get("stage") == stage


@pytest.mark.parametrize(
    ("given", "day"), [("4/15/2025", "2025-04-15"), ("2025-02-30", None), ("2025", None), ("N/A", None)]
)
def test_a_day_of_2025_is_one_of_the_calendar(given: str, day: str | None) -> None:
    assert changed_2025(operational_date=given).get("implemented_on") == day


@pytest.mark.parametrize("layout", [first_layout, second_layout], ids=["short names", "questions"])
def test_both_layouts_of_2024_mean_the_same(layout: Any) -> None:
    ((subject, data),) = registered(layout(FILLED))
    assert subject == registered(first_layout(FILLED))[0][0]
    answers = data.pop("answers")
    assert data == {
        "name": "Babel",
        "purpose": "Übersetzt für viele",
        "outputs": "Texte",
        "organisation": "Department of Homeland Security",
        "organisation_unit": "CBP",
        "sector": "Border",
        "stage": "operation",
        "impact_type": "rights",
        "initiated_on": "2023-08-29",
        "contains_personal_data": True,
    }
    assert answers["21_date_retired"] == "7/15/1905", "a year that Excel took for a day is an answer, not a date"
    assert answers["22_dev_method"] == "N/A"
    assert "12_outputs" in answers
    assert "25_hisp_name" not in answers, "blank is not an answer"


def test_no_row_is_lost_however_alike_they_are() -> None:
    rows = [use_case("Generative AI Usage", purpose_benefits=f"line one\nline {number}") for number in range(2_133)]
    systems = registered(second_layout(*rows))
    assert len({subject for subject, _ in systems}) == 2_133
    assert [data["purpose"][-4:] for _, data in systems][:2] == ["ne 0", "ne 1"]


def test_equal_rows_are_numbered_in_the_order_of_the_file() -> None:
    subjects = [subject for subject, _ in registered(first_layout(use_case(), use_case("Onyx"), use_case(" Babel ")))]
    assert [subject.rpartition("-")[2] for subject in subjects] == ["1", "1", "2"]
    assert subjects[0].rpartition("-")[0] == subjects[2].rpartition("-")[0]


def test_the_limit_of_the_ids_is_that_an_equal_row_put_in_above_takes_the_number() -> None:
    before = registered(first_layout(use_case(outputs="old")))
    after = registered(first_layout(use_case(outputs="new"), use_case(outputs="old")))
    assert before[0][0] == after[0][0], "the new row stands where the old one stood"


def test_an_unchanged_row_is_the_same_delivery_and_a_changed_one_is_new() -> None:
    before = units("federal_inventory", first_layout(use_case(), use_case("Onyx")))
    after = units("federal_inventory", first_layout(use_case("Onyx"), use_case(outputs="changed")))
    assert before[1].drafts[0].event.id == after[0].drafts[0].event.id
    assert before[0].drafts[0].event.subject == after[1].drafts[0].event.subject
    assert before[0].drafts[0].event.id != after[1].drafts[0].event.id


@pytest.mark.parametrize(
    "date", ["", "N/A", "9-Nov", "Q3 FY24", "2/30/2024", "13/1/2024", "0/1/2024", "4/31/2024", "7/15/1905", "1/1/20245"]
)
def test_what_is_no_day_of_the_calendar_stays_text(date: str) -> None:
    ((_, data),) = registered(first_layout(use_case(date_initiated=date)))
    assert "initiated_on" not in data
    assert data["answers"].get("18_date_initiated", "") == date


@pytest.mark.parametrize(
    ("given", "kept"), [("Yes", True), ("YES", True), ("no\u00a0", False), ("N/A", None), ("", None), ("perhaps", None)]
)
def test_only_yes_and_no_say_whether_there_are_personal_data(given: str, kept: bool | None) -> None:
    ((_, data),) = registered(first_layout(use_case(contains_pii=given)))
    assert data.get("contains_personal_data") is kept


def test_a_row_that_was_cut_short_is_kept_with_what_it_has() -> None:
    whole = use_case(purpose_benefits="x")
    ((_, data),) = registered(first_layout(whole[:8]))
    assert data["purpose"] == "x"
    assert "outputs" not in data


def test_a_row_with_too_many_cells_is_kept() -> None:
    assert len(registered(first_layout([*use_case(), "one", "more"]))) == 1


def test_a_row_that_names_nothing_is_refused_and_stops_no_other() -> None:
    found = units("federal_inventory", first_layout(["Babel"], use_case("Onyx")))
    assert found[0].refused is not None
    assert found[0].refused.reason == "mapping_failed"
    assert found[1].refused is None


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "undecodable"),
        (b"a,b\r\n1,2\r\n", "unmapped"),
        (table(list(V2.values()), [["x"] * len(V2)]).encode(), "unmapped"),
        (table(V1, []).encode(), "mapping_failed"),
        (b'"2_use_case_name\r\n', "undecodable"),
        (b"\x00" * 10, "undecodable"),
    ],
)
def test_what_is_no_inventory_is_refused(raw: bytes, reason: str) -> None:
    assert refusal("federal_inventory", raw)[0] == reason

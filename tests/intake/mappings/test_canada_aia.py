"""Canada's AIA: answers and their scores are passed on, people's names are not, and no level is guessed."""

from typing import Any

import pytest

from intake.mappings.reading import facts, read, refusal

STATED = {"subject": "system/retail/benefits"}
ANSWERS: dict[str, Any] = {
    "projectDetailsTitle": "Prestations",
    "projectDetailsDescription": "Décide des prestations",
    "projectDetailsPhase": "item2",
    "projectDetailsRespondent": "Zoë Müller",
    "projectDetailsJob": "Analyst",
    "ADMresponsible": "Zoë Müller",
    "riskProfile1": "item1-3",
    "impact30": "item2-2",
    "decisionSector1": ["item1-1", "item2-1"],
    "aboutSystem1": ["item1", "item3"],
    "fairnessDesign1": "item1-1",
    "businessDrivers3": "Section 7-3",
}


def assessed(answers: Any = ANSWERS, **stated: str) -> tuple[str, dict[str, Any]]:
    """Return subject and data of the one fact."""
    ((kind, subject, data),) = facts("canada_aia", {"currentPage": 3, "data": answers}, stated=stated)
    assert kind == "system.registered"
    return subject, data


def test_a_saved_assessment_describes_the_system_it_names_or_the_one_stated() -> None:
    subject, data = assessed()
    assert subject == "system/retail/Prestations"
    assert (data["name"], data["description"], data["stage"]) == (
        "Prestations",
        "Décide des prestations",
        "implementation",
    )
    assert data["answers"]["decisionSector1"] == "item1-1, item2-1"
    assert assessed(**STATED)[0] == "system/retail/benefits"


def test_scores_are_those_of_choices_by_area_and_a_text_that_ends_in_a_number_is_none() -> None:
    assert assessed()[1]["tags"] == {
        "aia_raw_impact_score": "7",
        "aia_mitigation_score": "1",
        "aia_answers_scored_count": "5",
    }


@pytest.mark.parametrize(
    ("answer", "expected"), [("item1-2", True), ("item2-0", False), (None, None), ("item3-0", None)]
)
def test_personal_data_and_outputs_are_said(answer: Any, expected: bool | None) -> None:
    data = assessed({"aboutDataSource1": answer, "impact21": "Une décision"}, **STATED)[1]
    assert (data.get("contains_personal_data"), data["outputs"]) == (expected, "Une décision")


def test_no_level_is_claimed_since_a_saved_file_does_not_say_the_highest_score() -> None:
    assert "claimed_classes" not in assessed()[1]


def test_names_of_people_are_not_passed_on() -> None:
    unit = read("canada_aia", {"data": ANSWERS}, stated=STATED)
    said = unit.drafts[0].event.data.decode()
    assert "Zoë" not in said
    assert "Analyst" not in said


def test_the_questionnaire_itself_answers_nothing() -> None:
    assert refusal("canada_aia", {"pages": [{"name": "welcome", "elements": []}]}, stated=STATED)[0] == "unmapped"
    assert refusal("canada_aia", {"pages": [], "data": {}}, stated=STATED)[0] == "unmapped"


def test_nothing_answered_is_a_system_without_answers() -> None:
    data = assessed({}, **STATED)[1]
    assert "answers" not in data
    assert data["tags"]["aia_answers_scored_count"] == "0"


def test_an_assessment_that_names_no_project_is_refused_with_the_path() -> None:
    assert refusal("canada_aia", {"data": {"riskProfile1": "item1-3"}}) == (
        "mapping_failed",
        ["/data/projectDetailsTitle"],
    )


@pytest.mark.parametrize("answer", [None, {}, [None], 2**60, [["item1-3"]], "item1-" + "9" * 30])
def test_hostile_answers_are_refused_or_score_nothing(answer: Any) -> None:
    unit = read("canada_aia", {"data": {"riskProfile1": answer}}, stated=STATED)
    assert unit.refused is not None or unit.drafts[0].event.json()["tags"]["aia_raw_impact_score"] == "0"


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        {"data": "x"},
        {"data": []},
        {"data": {}},
        {"entity": "model_version", "action": "created", "data": {"name": "credit-risk", "version": "1"}},
        {"name": "surveyResults", "version": "1.0", "currentPage": 2, "data": {"d1": "item1-3", "privacyNotice": "x"}},
    ],
)
def test_anything_else_is_no_saved_assessment(body: Any) -> None:
    assert refusal("canada_aia", body, stated=STATED)[0] == "unmapped"

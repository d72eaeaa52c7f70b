"""Scoring and classification: tables, and laws over all answers."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govbus.contracts.conclusions.scoring import Aggravation
from govbus.risk.domain.classification import classify
from govbus.risk.domain.scoring import score, tier_for
from govbus.risk.domain.taxonomy import DIMENSIONS, TIERS
from govbus.risk.rulebook import RuleDataRefused, load_rule_data
from risk.rules import POLICIES, TAXONOMY

ANSWERS = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from([*question.answers, "?"]) for name, question in TAXONOMY.questions.items()}
)
KINDS = st.sets(st.sampled_from(sorted(TAXONOMY.evidence.credits)))
HARMLESS = {name: next(iter(question.answers)) for name, question in TAXONOMY.questions.items()}


def aggravation(code: str) -> Aggravation:
    return Aggravation(code=code, detail="it is so", severity="high")


AGGRAVATIONS = st.lists(st.sampled_from(sorted(TAXONOMY.aggravations)).map(aggravation), max_size=4).map(tuple)


def test_a_model_that_declares_nothing_is_high_and_of_unknown_class() -> None:
    scored = score(TAXONOMY, {}, (), ())
    assert (scored.tier, scored.eu_class, scored.inherent) == ("high", "unknown", 4.0)
    assert all(getattr(scored.dimensions, name).inherent == 4.0 for name in DIMENSIONS)


def test_a_model_that_declares_to_be_harmless_is_minimal() -> None:
    scored = score(TAXONOMY, HARMLESS, (), ())
    assert (scored.tier, scored.eu_class, scored.inherent) == ("minimal", "minimal", 0.0)


@pytest.mark.parametrize(
    ("changes", "eu_class", "tier"),
    [
        ({"prohibited_practice": "article_5"}, "prohibited", "prohibited"),
        ({"annex_iii_area": "employment"}, "high_risk", "high"),
        ({"annex_iii_area": "employment", "annex_iii_derogation": "documented"}, "minimal", "high"),
        ({"annex_i_product": "yes"}, "high_risk", "high"),
        ({"interacts_with_people": "yes"}, "transparency", "limited"),
        ({"annex_iii_area": "?"}, "unknown", "high"),
        ({"annex_iii_area": "?", "annex_i_product": "yes"}, "high_risk", "high"),
        ({"personal_data": "special_category", "affected_persons": "vulnerable_groups"}, "minimal", "critical"),
    ],
)
def test_declared_answers_force_class_and_tier(changes: dict[str, str], eu_class: str, tier: str) -> None:
    scored = score(TAXONOMY, HARMLESS | changes, (), ())
    assert (scored.eu_class, scored.tier) == (eu_class, tier)


def test_a_score_can_be_recomputed_by_hand_from_its_contributions() -> None:
    answers = HARMLESS | {"affected_persons": "general_public", "public_exposure": "public", "scale": "?"}
    scored = score(TAXONOMY, answers, ["fairness"], (aggravation("threshold_breached"),))
    dimension = scored.dimensions.reputational_risk
    assert {item.code: item.points for item in dimension.contributions} == {
        "answer:affected_persons": 1.0,
        "unknown:scale": 1.0,
        "answer:public_exposure": 1.0,
        "evidence:fairness": -0.5,
        "aggravation:threshold_breached": 0.5,
    }
    assert (dimension.inherent, dimension.residual) == (3.0, 3.0)


@given(ANSWERS, st.sampled_from(sorted(TAXONOMY.questions)), KINDS, AGGRAVATIONS)
def test_one_more_unknown_answer_lowers_no_score(
    answers: dict[str, str], question: str, kinds: set[str], aggravations: tuple[Aggravation, ...]
) -> None:
    known = score(TAXONOMY, answers, kinds, aggravations)
    unknown = score(TAXONOMY, {**answers, question: "no such answer"}, kinds, aggravations)
    for name in DIMENSIONS:
        assert getattr(unknown.dimensions, name).inherent >= getattr(known.dimensions, name).inherent
        assert getattr(unknown.dimensions, name).residual >= getattr(known.dimensions, name).residual


@given(ANSWERS, st.sampled_from(sorted(TAXONOMY.questions)))
def test_an_unknown_answer_never_brings_a_tier_below_high_where_a_known_one_held_it(
    answers: dict[str, str], question: str
) -> None:
    before = tier_for(TAXONOMY, answers)
    after = tier_for(TAXONOMY, {**answers, question: "no such answer"})
    assert TIERS.index(after) >= min(TIERS.index(before), TIERS.index("high"))


@given(ANSWERS, KINDS, AGGRAVATIONS, st.sampled_from(sorted(TAXONOMY.aggravations)))
def test_one_more_aggravation_lowers_nothing_and_moves_no_tier(
    answers: dict[str, str], kinds: set[str], aggravations: tuple[Aggravation, ...], code: str
) -> None:
    before = score(TAXONOMY, answers, kinds, aggravations)
    after = score(TAXONOMY, answers, kinds, (*aggravations, aggravation(code)))
    assert all(
        getattr(after.dimensions, name).residual >= getattr(before.dimensions, name).residual for name in DIMENSIONS
    )
    assert after.tier == before.tier == tier_for(TAXONOMY, answers)


@given(ANSWERS, KINDS, st.sampled_from(sorted(TAXONOMY.evidence.credits)))
def test_one_more_kind_of_evidence_raises_nothing_and_never_halves_below_the_floor(
    answers: dict[str, str], kinds: set[str], kind: str
) -> None:
    before = score(TAXONOMY, answers, kinds, ())
    after = score(TAXONOMY, answers, {*kinds, kind}, ())
    for name in DIMENSIONS:
        dimension = getattr(after.dimensions, name)
        assert dimension.residual <= getattr(before.dimensions, name).residual
        assert dimension.residual >= dimension.inherent * TAXONOMY.evidence.floor_ratio - 1e-9


@given(ANSWERS, st.permutations(TAXONOMY.eu_classes))
def test_the_order_of_class_rules_changes_no_class(answers: dict[str, str], rules: list[object]) -> None:
    shuffled = TAXONOMY.__class__(
        **{name: getattr(TAXONOMY, name) for name in TAXONOMY.__slots__} | {"eu_classes": tuple(rules)}
    )
    assert classify(shuffled, answers).eu_class == classify(TAXONOMY, answers).eu_class


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("taxonomy.yaml", "personal_data:", "personel_data_:\n    tekst: x\n  personal_data:", "tekst"),
        ("taxonomy.yaml", "[article_5]", "[article_6]", "no answer 'article_6'"),
        ("bounds/values.yaml", "minimal: 0.2,", "", "fairness_gap"),
        ("bounds/monitoring.yaml", "max: population_shift", "max: population_shaft", "no value 'population_shaft'"),
        ("bounds/validation.yaml", "figures:", "figuers:", "figuers"),
        ("taxonomy.yaml", "questions:", "questions: [", "not YAML"),
    ],
)
def test_rule_data_with_a_mistake_is_refused_by_name(tmp_path: Path, file: str, old: str, new: str, says: str) -> None:
    for name in ("taxonomy.yaml", "bounds/values.yaml", "bounds/validation.yaml", "bounds/monitoring.yaml"):
        text = (POLICIES / name).read_text(encoding="utf-8")
        target = tmp_path / name
        target.parent.mkdir(exist_ok=True)
        target.write_text(text.replace(old, new, 1) if name == file else text, encoding="utf-8")
    with pytest.raises(RuleDataRefused, match=says):
        load_rule_data(tmp_path)


def test_an_absent_policies_folder_is_refused_with_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(RuleDataRefused, match="GOVBUS_RISK_POLICIES_DIRECTORY"):
        load_rule_data(tmp_path)

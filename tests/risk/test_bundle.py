"""Bundles: what is refused when loaded, what an error at run time means, and what the order of rules cannot change."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govbus.risk.domain.decision import Reason, decide
from govbus.risk.domain.document import Document, Question, document
from govbus.risk.domain.subject import Judged, SubjectState, VersionState
from govbus.risk.policy.bundle import load_bundle, read_folder
from govbus.risk.policy.rule import BundleRefused
from risk.rules import DATA, NAMES, POLICIES, bundle_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RULE = """- id: {id}
  applies: {applies}
  require: {require}
  otherwise: {otherwise}
  message: {message}
"""


def rule(require: str, *, id_: str = "r", applies: str = "true", otherwise: str = "warn", message: str = "no") -> str:
    return RULE.format(id=id_, applies=applies, require=require, otherwise=otherwise, message=message)


def seen(worst_gap: float | None = None, validations_count: int = 1) -> Document:
    judged = {
        f"kind{number}": Judged(f"kind{number}", "passed", "v", NOW, worst_gap) for number in range(validations_count)
    }
    state = SubjectState(registered=True, versions={"1": VersionState(registered=True, judged=judged)})
    return document(Question("model/a/b", "1", "production", "me", NOW), state, (), DATA)


def refusal(text: str) -> str:
    with pytest.raises(BundleRefused) as refused:
        bundle_of(text)
    return "\n".join(refused.value.problems)


@pytest.mark.parametrize(
    ("require", "place", "says"),
    [
        ("subject.teir == 'high'", "rules.yaml:3:19", "undefined field 'teir'"),
        ("evidence.validations.exists(v, v.worst_gup < 1.0)", "rules.yaml:3:44", "undefined field 'worst_gup'"),
        ("bounds.fairness_gup > 0.1", "rules.yaml:3:18", "undefined field 'fairness_gup'"),
        ("sbject.tier == 'high'", "rules.yaml:3:1", "undeclared reference"),
        ("subject.tier == 3", "rules.yaml:3:25", "no matching overload"),
        ("subject.tier ==", "rules.yaml:3:", "Syntax error"),
        ("subject.tier", "rules.yaml:3:12", "a condition is a bool"),
        ("incidents[0].severty == 'high'", "rules.yaml:3:24", "undefined field 'severty'"),
    ],
)
def test_a_wrong_path_or_type_refuses_the_bundle_with_line_and_column(require: str, place: str, says: str) -> None:
    said = refusal(rule(require))
    assert place in said
    assert says in said


def test_a_wrong_path_in_a_message_refuses_the_bundle() -> None:
    assert "undefined field 'teir'" in refusal(rule("true", message='"tier is {subject.teir}"'))


@pytest.mark.parametrize("style", ["|", ">-", ">"])
def test_a_wrong_path_in_a_block_is_found_in_its_line(style: str) -> None:
    assert "rules.yaml:4:12: undefined field 'teir'" in refusal(
        f"- id: r\n  require: {style}\n    true &&\n    subject.teir == 'x'\n  otherwise: deny\n  message: no\n"
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the bundle has no rule"),
        ("a: b", "a file of rules is a list"),
        ("- id: [", "not YAML"),
        ("- id: r\n  requires: x", "unknown key 'requires'"),
        ("- id: r\n  id: s", "stands twice"),
        ("- id: r", "the rule has no 'require'"),
        (rule("true", otherwise="forbid"), "not one of"),
        (rule("true", id_="'R 1'"), "an id is"),
        (rule("true") + rule("false"), "stands at rules.yaml:1:3 already"),
        (rule("true || " * 600 + "true"), "longer than"),
        ("[" * 5000, "not YAML"),
    ],
)
def test_what_is_no_bundle_is_refused_in_words(text: str, says: str) -> None:
    assert says in refusal(text)


def test_all_problems_of_a_bundle_are_told_at_once() -> None:
    said = refusal(rule("subject.a", id_="a") + rule("subject.b == 1", id_="b", message='"{subject.c}"'))
    assert all(f"undefined field '{name}'" in said for name in "abc")


def test_an_absent_number_is_an_error_and_an_error_denies_in_the_rules_name() -> None:
    bundle = bundle_of(rule("evidence.validations.all(v, v.worst_gap <= bounds.fairness_gap)", message='"gap"'))
    assert bundle.reasons(seen(worst_gap=0.01)) == ()
    (reason,) = bundle.reasons(seen(worst_gap=None))
    assert (reason.rule, reason.effect) == ("r", "deny")
    assert "could not be evaluated" in reason.message


def test_a_rule_that_runs_for_ever_ends_at_the_iteration_budget_and_denies() -> None:
    loops = "[1,2,3,4,5,6,7,8,9,10]"
    nested = "true"
    for name in "abcdef":
        nested = f"{loops}.all({name}, {nested})"
    (reason,) = bundle_of(rule(f'"{nested}"')).reasons(seen())
    assert reason.effect == "deny"
    assert "budget" in reason.message


def test_messages_name_the_values_they_were_decided_on() -> None:
    text = rule("subject.tier == 'minimal'", message='"{subject.id} is {subject.tier}: {bounds.fairness_gap}"')
    (reason,) = bundle_of(text).reasons(seen())
    assert reason.message == "model/a/b is high: 0.1"


def test_the_digest_is_of_what_rules_say_not_of_how_they_are_written() -> None:
    one = rule("true", id_="a") + rule("version.registered", id_="b")
    other = {"x.yaml": "# a comment\n" + rule("version.registered", id_="b"), "y.yaml": rule("true", id_="a")}
    assert bundle_of(one).digest == load_bundle(other, NAMES).digest
    assert bundle_of(one).digest != bundle_of(one.replace("registered", "registered == true")).digest


@given(st.permutations(range(12)))
def test_the_order_of_rules_changes_no_decision(order: list[int]) -> None:
    parts = [part for text in read_folder(POLICIES / "default").values() for part in text.split("\n\n")]
    shuffled = [parts[index] for index in order if index < len(parts)]
    expected = load_bundle(read_folder(POLICIES / "default"), NAMES)
    found = bundle_of("\n\n".join(shuffled))
    assert found.digest == expected.digest
    assert decide(found.reasons(seen())) == decide(expected.reasons(seen()))


REASONS = st.builds(Reason, st.sampled_from("abc"), st.sampled_from(["deny", "review", "warn"]), st.just("m"))


@given(st.lists(REASONS), st.randoms())
def test_a_decision_is_the_strongest_reason_in_any_order(reasons: list[Reason], random: object) -> None:
    effects = {reason.effect for reason in reasons}
    expected = "deny" if "deny" in effects else "review" if "review" in effects else "allow"
    shuffled = sorted(reasons, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert decide(reasons) == decide(shuffled)
    assert decide(reasons).outcome == expected

"""The policies folder as delivered: its own tests hold, and every rule is seen to stop something."""

import pytest

from govbus.risk.policy.cases import Case, read_cases, run_case
from risk.rules import DATA, POLICIES, default_bundle

CASES = read_cases(POLICIES / "tests")
BUNDLE = default_bundle()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_default_bundle_decides_as_its_cases_say(case: Case) -> None:
    assert run_case(case, BUNDLE, DATA).differences == ()


def test_a_case_with_another_expectation_is_reported() -> None:
    case = CASES[0].model_copy(update={"expect": CASES[4].expect})
    assert run_case(case, BUNDLE, DATA).differences


def test_every_rule_that_can_stop_a_release_is_seen_to_stop_one() -> None:
    stopping = {item.rule.id for item in BUNDLE.rules if item.rule.otherwise != "warn"}
    assert stopping == {rule for case in CASES for rule in case.expect.rules}


def test_every_rule_of_the_default_bundle_names_a_source_and_a_remedy() -> None:
    assert [item.rule.id for item in BUNDLE.rules if not item.rule.sources or not item.rule.remedy] == []

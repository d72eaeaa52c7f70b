"""The fold of facts: which conclusions each step draws, and what order may and may not change."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from govbus.contracts.catalogue import Payload
from govbus.contracts.conclusions.scoring import Aggravation, RiskScored
from govbus.contracts.conclusions.validation import ValidationFailed
from govbus.contracts.facts.deployment import DeploymentCompleted, DeploymentRequested
from govbus.contracts.facts.model import ModelRegistered, ModelVersionCreated
from govbus.contracts.facts.monitoring import MonitorObserved
from govbus.contracts.facts.validation import ValidationCompleted
from govbus.contracts.fields import Window
from govbus.risk.domain.folding import fold
from govbus.risk.domain.subject import SubjectState
from risk.rules import DATA

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REGISTERED, ONE, TWO = ModelRegistered(), ModelVersionCreated(version="1"), ModelVersionCreated(version="2")


def validated(version: str, outcome: Any, kind: str = "robustness") -> ValidationCompleted:
    return ValidationCompleted(version=version, kind=kind, outcome=outcome)


def deployed(version: str, environment: str = "production") -> DeploymentCompleted:
    return DeploymentCompleted(version=version, environment=environment)


def observed(value: float, hour: int) -> MonitorObserved:
    window = Window(start=NOW + timedelta(hours=hour), end=NOW + timedelta(hours=hour + 1))
    return MonitorObserved(environment="production", metric="psi", kind="technical", window=window, value=value)


def run(*facts: Payload) -> tuple[SubjectState, list[tuple[int, Payload]]]:
    state, said = SubjectState(), []
    for number, fact in enumerate(facts):
        step = fold(state, fact, f"fact-{number}", NOW, DATA)
        state = step.state
        said += [(number, payload) for payload in step.conclusions]
    return state, said


def standing(state: SubjectState) -> tuple[Aggravation, ...]:
    assert state.score
    return state.score.aggravations


def test_a_failed_validation_of_a_deployed_version_aggravates_in_either_order() -> None:
    for facts in (
        (REGISTERED, ONE, validated("1", "failed"), deployed("1")),
        (REGISTERED, ONE, deployed("1"), validated("1", "failed")),
    ):
        state, said = run(*facts)
        (found,) = standing(state)
        failed = next(number for number, payload in said if isinstance(payload, ValidationFailed))
        assert (found.code, found.version, found.evidence_id) == ("failed_validation_deployed", "1", f"fact-{failed}")
        assert found.severity == "high"
        assert isinstance(said[-1][1], RiskScored)


def test_the_aggravation_goes_when_another_version_takes_its_place() -> None:
    state, _ = run(REGISTERED, ONE, deployed("1"), validated("1", "failed"), TWO, deployed("2"))
    assert standing(state) == ()


def test_the_aggravation_stays_while_the_version_runs_elsewhere() -> None:
    state, _ = run(
        REGISTERED, ONE, deployed("1"), deployed("1", "staging"), validated("1", "failed"), TWO, deployed("2")
    )
    assert [item.environment for item in standing(state)] == ["staging"]


def test_a_repeated_validation_that_passes_takes_the_aggravation_away() -> None:
    state, _ = run(REGISTERED, ONE, deployed("1"), validated("1", "failed"), validated("1", "passed"))
    assert standing(state) == ()


def test_another_kind_that_passes_does_not_heal_the_one_that_failed() -> None:
    state, _ = run(REGISTERED, ONE, deployed("1"), validated("1", "failed"), validated("1", "passed", "stress"))
    assert [item.code for item in standing(state)] == ["failed_validation_deployed"]


def test_an_unregistered_version_in_use_aggravates_until_somebody_registers_it() -> None:
    state, _ = run(REGISTERED, deployed("9"))
    assert [item.code for item in standing(state)] == ["unregistered_version"]
    state, _ = run(REGISTERED, deployed("9"), ModelVersionCreated(version="9"))
    assert standing(state) == ()


def test_a_breach_aggravates_while_it_stands_and_goes_with_its_version() -> None:
    facts = (REGISTERED, ONE, deployed("1"), *(observed(0.9, hour) for hour in range(3)))
    state, _ = run(*facts)
    (found,) = standing(state)
    assert (found.code, found.version, found.evidence_id) == ("threshold_breached", "1", "fact-5")
    assert standing(run(*facts, *(observed(0.1, hour) for hour in range(3, 6)))[0]) == ()
    assert standing(run(*facts, TWO, deployed("2"))[0]) == ()


def test_a_score_is_said_only_when_it_differs_from_the_last() -> None:
    _, said = run(REGISTERED, REGISTERED, ONE, ONE, deployed("1"), deployed("1"), observed(0.1, 0), observed(0.1, 1))
    scores = [payload for _, payload in said if isinstance(payload, RiskScored)]
    assert all(one != other for one, other in pairwise(scores))
    assert [number for number, _ in said] == [0, 6]


def test_evidence_counts_when_every_version_in_use_has_it() -> None:
    answers = ModelRegistered(taxonomy_answers={"personal_data": "none"})
    state, _ = run(answers, ONE, validated("1", "passed"), deployed("1"), TWO, deployed("2", "staging"))
    assert state.score
    codes = {item.code for item in state.score.dimensions.safety_implications.contributions}
    assert "evidence:robustness" not in codes
    state, _ = run(answers, ONE, validated("1", "passed"), deployed("1"), TWO, validated("2", "passed"))
    assert state.score
    assert "evidence:robustness" in {item.code for item in state.score.dimensions.safety_implications.contributions}


def test_an_answer_once_given_holds_until_another_is_given() -> None:
    state, _ = run(ModelRegistered(taxonomy_answers={"prohibited_practice": "article_5"}), REGISTERED)
    assert state.score
    assert state.score.tier == "prohibited"


def test_tags_of_a_platform_move_no_tier() -> None:
    tagged, _ = run(ModelRegistered(tags={"risk_tier": "minimal", "tier": "minimal"}))
    assert tagged.score
    assert tagged.score.tier == "high"


def test_asking_for_a_deployment_changes_no_state() -> None:
    state, said = run(DeploymentRequested(version="1", environment="production", requested_by="me"))
    assert (state, said) == (SubjectState(), [])


FACTS = st.lists(
    st.one_of(
        st.just(REGISTERED),
        st.sampled_from([ONE, TWO]),
        st.builds(validated, st.sampled_from("12"), st.sampled_from(["passed", "failed", "errored"])),
        st.builds(deployed, st.sampled_from("12"), st.sampled_from(["production", "staging"])),
        st.builds(observed, st.sampled_from([0.05, 0.9]), st.integers(0, 20)),
    ),
    max_size=25,
)


@given(FACTS)
def test_the_same_facts_give_the_same_conclusions_and_the_score_is_that_of_the_state(facts: list[Payload]) -> None:
    state, said = run(*facts)
    assert run(*facts) == (state, said)
    failed_and_deployed = {
        (deployment.version, environment)
        for environment, deployment in state.deployments.items()
        if any(judged.outcome == "failed" for judged in state.version(deployment.version).judged.values())
    }
    aggravating = state.score.aggravations if state.score else ()
    found = {(i.version, i.environment) for i in aggravating if i.code == "failed_validation_deployed"}
    assert found == failed_and_deployed

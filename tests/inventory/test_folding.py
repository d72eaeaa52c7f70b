"""Facts fold into records: tables and laws of the pure decision."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govbus.inventory.domain.classification import read_classification
from govbus.inventory.domain.fact import Cause, Deployed, Fact, ModelDescribed, VersionDescribed
from govbus.inventory.domain.folding import Outcome, decide, keys_of
from govbus.inventory.domain.record import Key, State, changes

MODEL = "model/retail/credit-risk"
START = datetime(2026, 3, 1, tzinfo=UTC)

Statement = ModelDescribed | VersionDescribed | Deployed

texts = st.sampled_from(["a", "b", "c"])
statements = st.one_of(
    st.builds(ModelDescribed, st.dictionaries(st.sampled_from(["purpose", "provider", "owners"]), texts)),
    st.builds(VersionDescribed, texts, st.dictionaries(st.sampled_from(["framework", "run_id"]), texts)),
    st.builds(Deployed, texts, texts, st.none(), st.none()),
)


def fact(statement: Statement, seconds: int = 0, classification: str = "internal") -> Fact:
    moment = START + timedelta(seconds=seconds)
    return Fact(MODEL, statement, Cause("//mlflow/prod", "t", str(seconds)), moment, moment, classification)


def fold(*facts: Fact, known: Mapping[Key, State] | None = None) -> tuple[dict[Key, State], list[Outcome]]:
    records = dict(known or {})
    outcomes = []
    for one in facts:
        outcome = decide(one, {key: records[key] for key in keys_of(one) if key in records})
        if outcome.step:
            records[outcome.step.after.key] = outcome.step.after
        outcomes.append(outcome)
    return records, outcomes


def test_newest_statement_of_each_field_holds_and_what_is_not_said_again_stays() -> None:
    first = fact(ModelDescribed({"purpose": "scores loans", "provider": "own"}))
    records, _ = fold(first, fact(ModelDescribed({"purpose": "scores consumer loans"}), 1))
    state = records[Key(MODEL)]
    assert state.fields == {"purpose": "scores consumer loans", "provider": "own"}
    assert (state.number, state.cause.id) == (2, "1")


def test_saying_the_same_again_changes_nothing() -> None:
    said = ModelDescribed({"purpose": "scores loans"})
    _, outcomes = fold(fact(said), fact(said, 1))
    assert outcomes[1] == Outcome()


def test_version_has_a_record_of_its_own() -> None:
    records, _ = fold(fact(ModelDescribed({})), fact(VersionDescribed("1", {"framework": "x"}), 1))
    assert set(records) == {Key(MODEL), Key(MODEL, "1")}
    assert records[Key(MODEL, "1")].key.kind == "model_version"


@pytest.mark.parametrize(
    ("before", "missing"),
    [
        pytest.param([], "model", id="nothing is known"),
        pytest.param([VersionDescribed("1", {})], "model", id="a version of a model nobody registered"),
        pytest.param([ModelDescribed({})], "version", id="the model is registered, the version is not"),
        pytest.param([ModelDescribed({}), VersionDescribed("2", {})], "version", id="another version is registered"),
        pytest.param([ModelDescribed({}), VersionDescribed("1", {})], None, id="both are registered"),
    ],
)
def test_deployment_of_what_nobody_registered_is_noticed(
    before: list[ModelDescribed | VersionDescribed], missing: str | None
) -> None:
    _, outcomes = fold(*map(fact, before), fact(Deployed("1", "production", None, None), 9))
    found = outcomes[-1].unregistered
    assert (found.missing if found else None) == missing
    assert outcomes[-1].deployment is not None


def test_model_seen_in_use_gets_a_record_that_says_so_and_registration_completes_it() -> None:
    records, outcomes = fold(
        fact(Deployed("1", "production", None, None)),
        fact(Deployed("2", "production", None, None), 1),
        fact(ModelDescribed({"purpose": "p"}), 2),
    )
    assert [bool(outcome.step) for outcome in outcomes] == [True, False, True]
    state = records[Key(MODEL)]
    assert (state.registered, state.number) == (True, 2)
    assert outcomes[2].step is not None
    assert set(changes(outcomes[2].step.before, state)) == {"purpose", "registered"}


def test_record_is_as_confidential_as_its_most_confidential_fact() -> None:
    records, _ = fold(
        fact(ModelDescribed({"purpose": "p"}), classification="confidential"),
        fact(ModelDescribed({"provider": "own"}), 1, classification="public"),
    )
    assert records[Key(MODEL)].classification == "confidential"


@pytest.mark.parametrize(
    ("said", "read"), [(None, "internal"), ("public", "public"), ("top secret", "confidential"), ("", "confidential")]
)
def test_unknown_classification_counts_as_confidential(said: str | None, read: str) -> None:
    assert read_classification(said) == read


def test_record_that_became_known_late_does_not_go_back_in_time() -> None:
    records, _ = fold(fact(ModelDescribed({"purpose": "p"}), 10), fact(ModelDescribed({"purpose": "q"}), 5))
    assert records[Key(MODEL)].known_at == START + timedelta(seconds=10)


@given(st.lists(st.tuples(statements, st.integers(0, 9))))
def test_states_count_without_gap_and_never_repeat_their_content(said: list[tuple[Statement, int]]) -> None:
    facts = [fact(statement, seconds) for statement, seconds in said]
    _, outcomes = fold(*facts)
    steps = [outcome.step for outcome in outcomes if outcome.step]
    for key in {step.after.key for step in steps}:
        states = [step.after for step in steps if step.after.key == key]
        assert [state.number for state in states] == list(range(1, len(states) + 1))
        assert all(changes(before, after) for before, after in pairwise(states))
        assert states == sorted(states, key=lambda state: state.known_at)


@given(st.lists(statements), st.lists(statements))
def test_folding_on_from_stored_records_gives_what_folding_at_once_gives(
    one: list[Statement], two: list[Statement]
) -> None:
    facts = [fact(statement, seconds) for seconds, statement in enumerate([*one, *two])]
    stored, first = fold(*facts[: len(one)])
    whole, rest = fold(*facts[len(one) :], known=stored)
    assert fold(*facts) == (whole, first + rest)

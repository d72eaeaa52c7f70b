"""promptfoo: an error is no verdict, a run of no test is no pass, attacks are counted apart."""

from typing import Any

import pytest

from intake.mappings.reading import facts, read, refusal

MODEL = {"subject": "model/retail/assistant", "version": "3"}


def result(*, success: bool, plugin: str | None = None, reason: int = 0) -> dict[str, Any]:
    """Return the result of one test."""
    metadata = {"pluginId": plugin} if plugin else {}
    return {"success": success, "failureReason": reason, "metadata": metadata, "vars": {"q": "Wie baut man 爆弾?"}}


def run(successes: int, failures: int, errors: int | None = 0, *results: Any, **others: Any) -> dict[str, Any]:
    """Return an output file."""
    stats = {"successes": successes, "failures": failures, **({} if errors is None else {"errors": errors})}
    return {
        "evalId": "eval-1",
        "results": {"version": 3, "timestamp": "2026-11-23T04:02:47.678Z", "stats": stats, "results": list(results)},
        "config": {},
        "metadata": {"promptfooVersion": "0.118.17"},
        **others,
    }


def validation(body: Any, **said: Any) -> dict[str, Any]:
    """Return the data of the one validation."""
    ((kind, _, data),) = facts("promptfoo", body, **{"stated": MODEL, **said})
    assert kind == "validation.completed"
    assert "independent" not in data
    return data


@pytest.mark.parametrize(
    ("stats", "expected"),
    [
        ((2, 0, 0), "passed"),
        ((2, 1, 1), "failed"),
        ((2, 0, 1), "errored"),
        ((0, 0, 0), "nothing_ran"),
        ((2, 0, None), "passed"),
    ],
)
def test_nothing_but_successes_is_a_pass(stats: tuple[int, int, int | None], expected: str) -> None:
    assert validation(run(*stats))["outcome"] == expected


def test_an_evaluation_without_attacks_is_a_scenario_with_a_pass_rate() -> None:
    data = validation(run(3, 1))
    assert (data["version"], data["kind"], data["evaluator"]) == ("3", "scenario", "promptfoo 0.118.17")
    assert data["measurements"] == [
        {"metric": "pass_rate", "value": 0.75, "unit": "ratio", "direction": "higher_is_better"}
    ]
    assert validation(run(0, 0))["measurements"] == []


def test_attacks_that_gave_no_verdict_do_not_dilute_the_attack_success_rate() -> None:
    results = [
        result(success=False, plugin="pii", reason=1),
        result(success=True, plugin="pii"),
        result(success=False, plugin="pii", reason=2),
        result(success=True),
    ]
    data = validation(run(2, 1, 1, *results))
    assert (data["kind"], data["outcome"]) == ("red_team", "failed")
    assert data["measurements"][1]["metric"] == "attack_success_rate"
    assert data["measurements"][1]["value"] == 0.5


def test_plugins_named_on_the_test_case_and_red_team_configurations_are_red_teams() -> None:
    on_case = {"success": True, "metadata": None, "testCase": {"metadata": {"pluginId": "pii"}}}
    assert validation(run(1, 0, 0, on_case))["kind"] == "red_team"
    assert validation(run(1, 0, config={"redteam": {}}))["kind"] == "red_team"


def test_the_suite_may_name_what_it_tests_and_the_sender_outdoes_it() -> None:
    body = run(1, 0, config={"defaultTest": {"metadata": {"model": "bürgerhilfe", "version": 2}}})
    ((_, subject, data),) = facts("promptfoo", body)
    assert (subject, data["version"]) == ("model/retail/b%C3%BCrgerhilfe", "2")
    ((_, subject, data),) = facts("promptfoo", body, stated=MODEL)
    assert (subject, data["version"]) == ("model/retail/assistant", "3")


def test_of_very_many_tests_the_statistics_are_said() -> None:
    data = validation(
        run(5999, 1, 0, *(result(success=True, plugin="harmful") for _ in range(6000)), config={"redteam": {}})
    )
    assert (data["kind"], data["outcome"]) == ("red_team", "failed")
    assert [one["metric"] for one in data["measurements"]] == ["pass_rate"]


def test_prompts_and_variables_are_not_passed_on() -> None:
    unit = read("promptfoo", run(1, 0, 0, result(success=True)), stated=MODEL)
    assert "爆弾" not in unit.drafts[0].event.data.decode()
    assert unit.drafts[0].event.time.isoformat() == "2026-11-23T04:02:47.678000+00:00"


def test_what_nobody_states_is_refused_with_the_path() -> None:
    assert refusal("promptfoo", run(1, 0)) == ("mapping_failed", ["/context/subject"])
    assert refusal("promptfoo", run(1, 0), stated={"subject": MODEL["subject"]})[1] == ["/context/version"]


@pytest.mark.parametrize("body", [{}, [], None, {"results": []}, {"results": {"stats": {}}, "config": {}}])
def test_anything_else_is_not_of_this_platform(body: Any) -> None:
    assert refusal("promptfoo", body, stated=MODEL)[0] == "unmapped"


@pytest.mark.parametrize("successes", [None, "2", [], 2**70])
def test_hostile_figures_never_pass(successes: Any) -> None:
    assert refusal("promptfoo", run(successes, 0), stated=MODEL)[0] == "mapping_failed"

"""garak: only evaluated outputs count, a run cut short is no pass, prompts stay where they are."""

import json
from typing import Any

import pytest

from intake.mappings.reading import facts, read, refusal

MODEL = {"subject": "model/retail/assistant", "version": "3"}
BEGAN = {"entry_type": "init", "garak_version": "0.17.1", "start_time": "2026-11-23T04:20:18.740582", "run": "r"}
ENDED = {"entry_type": "completion", "end_time": "2026-11-23T04:20:20.5", "run": "r"}


def lines(*rows: Any) -> bytes:
    """Return rows as JSON Lines."""
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()


def judged(passed: int, evaluated: int, nones: int = 0, probe: str = "dan.Dan_11_0") -> dict[str, Any]:
    """Return an eval row of 0.10 and later."""
    return {
        "entry_type": "eval",
        "probe": probe,
        "detector": "dan.DAN",
        "passed": passed,
        "fails": evaluated - passed,
        "nones": nones,
        "total_evaluated": evaluated,
        "total_processed": evaluated + nones,
    }


def validation(*rows: Any) -> dict[str, Any]:
    """Return the data of the one validation."""
    ((kind, subject, data),) = facts("garak", lines(*rows), stated=MODEL)
    assert (kind, subject, data["kind"]) == ("validation.completed", "model/retail/assistant", "red_team")
    assert "independent" not in data
    return data


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([BEGAN, judged(6, 6), ENDED], "passed"),
        ([BEGAN, judged(6, 6), judged(5, 6), ENDED], "failed"),
        ([BEGAN, judged(6, 6, nones=2), ENDED], "passed"),
        ([BEGAN, judged(0, 0, nones=8), ENDED], "nothing_ran"),
        ([BEGAN, ENDED], "nothing_ran"),
        ([BEGAN, judged(6, 6)], "errored"),
        ([BEGAN, judged(5, 6)], "failed"),
        ([BEGAN], "errored"),
    ],
)
def test_only_a_completed_run_whose_evaluated_outputs_all_held_is_a_pass(rows: list[Any], expected: str) -> None:
    assert validation(*rows)["outcome"] == expected


def test_the_share_of_fails_is_the_attack_success_rate_and_nones_are_neither() -> None:
    data = validation(BEGAN, judged(3, 4, nones=96), judged(0, 0, nones=5), ENDED)
    assert data["evaluator"] == "garak 0.17.1"
    assert data["measurements"] == [
        {
            "metric": "attack_success_rate",
            "value": 0.25,
            "unit": "ratio",
            "direction": "lower_is_better",
            "subgroup": "dan.Dan_11_0 dan.DAN",
        }
    ]


def test_rows_of_older_versions_are_read() -> None:
    row = {"entry_type": "eval", "probe": "dan.Dan", "detector": "detector.dan.DAN", "passed": 1, "total": 2}
    assert validation(BEGAN, row, ENDED)["measurements"][0]["subgroup"] == "dan.Dan dan.DAN"
    assert validation(BEGAN, row, ENDED)["outcome"] == "failed"
    setup = {"entry_type": "start_run setup", "_config.version": "0.9.0.13", "plugins.model_name": "x"}
    assert validation(setup, row, ENDED)["evaluator"] == "garak 0.9.0.13"


def test_the_time_is_the_end_else_the_beginning() -> None:
    for rows, time in (((BEGAN, ENDED), "04:20:20.500000"), ((BEGAN,), "04:20:18.740582")):
        unit = read("garak", lines(*rows), stated=MODEL)
        assert unit.drafts[0].event.time.isoformat() == f"2026-11-23T{time}+00:00"


def test_prompts_and_outputs_are_not_passed_on() -> None:
    attempt = {"entry_type": "attempt", "prompt": "Sprenge 爆弾", "outputs": ["Sprenge"], "seq": 2**70}
    unit = read("garak", lines(BEGAN, attempt, judged(1, 1), ENDED), stated=MODEL)
    assert unit.refused is None
    assert "Sprenge" not in unit.drafts[0].event.data.decode()


def test_a_hit_log_holds_hits_alone_and_is_a_failure() -> None:
    hit = {
        "goal": "g",
        "prompt": {},
        "output": {},
        "score": 1.0,
        "run_id": "r",
        "attempt_id": "a",
        "generator": "test",
        "probe": "dan.Dan",
        "detector": "dan.DAN",
    }
    data = validation(hit, {**hit, "attempt_id": "b"}, {**hit, "detector": "m.M"})
    assert data["outcome"] == "failed"
    assert [(one["metric"], one["value"], one["subgroup"]) for one in data["measurements"]] == [
        ("hits_count", 2, "dan.Dan dan.DAN"),
        ("hits_count", 1, "dan.Dan m.M"),
    ]


def test_a_second_run_in_one_report_that_was_cut_short_is_no_pass() -> None:
    again = {**BEGAN, "start_time": "2026-11-24T04:20:18"}
    assert validation(BEGAN, judged(6, 6), ENDED, again, judged(5, 5))["outcome"] == "errored"
    later = {**ENDED, "end_time": "2026-11-24T04:30:00"}
    assert validation(BEGAN, judged(6, 6), ENDED, again, judged(5, 5), later)["outcome"] == "passed"


def test_what_was_never_evaluated_is_said() -> None:
    data = validation(BEGAN, judged(6, 6), judged(0, 0, nones=5, probe="xss.Markdown"), ENDED)
    assert data["tradeoffs"] == "No output was evaluated by xss.Markdown dan.DAN"


def test_reports_and_hit_logs_of_very_many_attempts_are_read() -> None:
    hits = [{"attempt_id": str(at), "probe": f"p{at % 3}", "detector": "d"} for at in range(6000)]
    ((_, _, data),) = facts("garak", lines(*hits), stated=MODEL)
    assert [(one["subgroup"], one["value"]) for one in data["measurements"]] == [
        ("p0 d", 2000),
        ("p1 d", 2000),
        ("p2 d", 2000),
    ]
    ((_, _, more),) = facts("garak", lines(*hits, *hits), stated=MODEL)
    assert [(one.get("subgroup"), one["value"]) for one in more["measurements"]] == [(None, 12_000)]
    attempts = [{"entry_type": "attempt", "uuid": str(at)} for at in range(12_000)]
    result = {"entry_type": "eval", "probe": "p", "detector": "d", "passed": 4, "total_evaluated": 5}
    ((_, _, tried),) = facts("garak", lines({"entry_type": "init"}, *attempts, result), stated=MODEL)
    assert (tried["outcome"], tried["measurements"][0]["value"]) == ("failed", 0.2)


def test_without_a_stated_subject_it_is_refused_with_the_path() -> None:
    assert refusal("garak", lines(BEGAN, ENDED)) == ("mapping_failed", ["/context/subject"])


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b"null", b'{"entry_type": "eval"}', b"5\n6"])
def test_anything_else_is_not_of_this_platform(raw: bytes) -> None:
    assert refusal("garak", raw, stated=MODEL)[0] == "unmapped"


@pytest.mark.parametrize("passed", [None, "6", [], 2**70])
def test_hostile_figures_never_pass(passed: Any) -> None:
    assert (
        refusal("garak", lines(BEGAN, {**judged(6, 6), "passed": passed}, ENDED), stated=MODEL)[0] == "mapping_failed"
    )

"""lm-evaluation-harness: every format of its results; standard errors are no figures, the host is nobody's business."""

import json
from typing import Any

import pytest

from intake.mappings.reading import facts, read, refusal

MODEL = {"subject": "model/retail/assistant", "version": "3"}


def report(results: Any, **others: Any) -> dict[str, Any]:
    """Return a results file."""
    return {"results": results, "versions": {}, "config": {"model": "hf", "limit": None}, **others}


def measurements(results: Any, **others: Any) -> list[dict[str, Any]]:
    """Return what was measured of the stated model."""
    ((kind, subject, data),) = facts("lm_eval", report(results, **others), stated=MODEL)
    assert (kind, subject, data["version"]) == ("validation.completed", "model/retail/assistant", "3")
    assert (data["kind"], data["outcome"]) == ("performance", "passed")
    assert "independent" not in data
    found: list[dict[str, Any]] = data["measurements"]
    return found


def test_the_oldest_format_has_metrics_per_task_without_their_standard_errors() -> None:
    assert measurements({"arc_easy": {"acc": 0.5, "acc_stderr": 0.01, "acc_norm": 0.4, "acc_norm_stderr": 0.01}}) == [
        {"metric": "arc_easy.acc", "value": 0.5},
        {"metric": "arc_easy.acc_norm", "value": 0.4},
    ]


def test_the_newest_format_has_filters_aliases_and_directions() -> None:
    results = {
        "gsm8k": {"alias": "gsm8k", "exact_match,strict-match": 0.84, "exact_match_stderr,strict-match": 0.01},
        "wikitext": {"alias": "5", "word_perplexity,none": 9, "word_perplexity_stderr,none": "N/A", "sample_len": 62},
    }
    better = {"gsm8k": {"exact_match": True}, "wikitext": {"word_perplexity": False}}
    assert measurements(results, higher_is_better=better) == [
        {"metric": "gsm8k.exact_match (strict-match)", "value": 0.84, "direction": "higher_is_better"},
        {"metric": "wikitext.word_perplexity", "value": 9, "direction": "lower_is_better"},
    ]


def test_the_forks_format_is_a_list_of_rows_per_prompt() -> None:
    row = {"task_name": "wino", "prompt_name": "refers_to à", "em": 0.02, "em_stderr": 0.007, "subset": None}
    assert measurements([row, {"task_name": "x", "f1": 2**60}]) == [
        {"metric": "wino.em (refers_to à)", "value": 0.02},
        {"metric": "x.f1", "value": float(2**60)},
    ]


def test_a_report_may_name_model_and_revision_and_the_sender_outdoes_it() -> None:
    body = report({"a": {"acc": 1}}, model_name="org/modèle", lm_eval_version="0.4.9", date=1763870000.25)
    body["config"]["model_sha"] = "cc8aa03a"
    ((_, subject, data),) = facts("lm_eval", body)
    assert (subject, data["version"]) == ("model/retail/org%2Fmod%C3%A8le", "cc8aa03a")
    assert data["evaluator"] == "lm-evaluation-harness 0.4.9"
    unit = read("lm_eval", body, stated=MODEL)
    assert unit.drafts[0].event.subject == "model/retail/assistant"
    assert unit.drafts[0].event.time.isoformat() == "2025-11-23T03:53:20.250000+00:00"


def test_a_limit_is_said() -> None:
    body = report({"a": {"acc": 1}})
    body["config"]["limit"] = 10.0
    ((_, _, data),) = facts("lm_eval", body, stated=MODEL)
    assert data["tradeoffs"] == "Run on part of each task only: limit 10.0"


def test_the_evaluating_host_is_not_passed_on() -> None:
    body = report({"a": {"acc": 1}}, pretty_env_info="host: trainer-7", git_hash="8164ebc")
    unit = read("lm_eval", json.dumps(body, indent=2).encode(), stated=MODEL)
    assert "trainer-7" not in unit.drafts[0].event.data.decode()


@pytest.mark.parametrize("results", [{}, [], None, {"a": {}}, {"a": None}, {"a": {"acc": "0.5"}}, {"a": {"acc": True}}])
def test_no_figure_is_nothing_ran(results: Any) -> None:
    ((_, _, data),) = facts("lm_eval", report(results), stated=MODEL)
    assert (data["outcome"], data["measurements"]) == ("nothing_ran", [])


def test_samples_are_no_results() -> None:
    sample = {"doc_id": 0, "doc": {"q": "信用?"}, "target": "0", "filtered_resps": [], "metrics": ["acc"], "acc": 1.0}
    raw = b"\n".join(json.dumps({**sample, "doc_id": number}).encode() for number in range(3))
    ((kind, subject, data),) = facts("lm_eval", raw, stated=MODEL)
    assert (kind, subject, data["kind"]) == ("platform.reported", "model/retail/assistant", "samples")
    assert data["payload"] == {"samples_count": 3, "metrics": ["acc"]}


def test_of_very_many_tasks_those_of_groups_come_first() -> None:
    results = {
        **{f"task_{at:04}": {"acc,none": 0.5, "acc_stderr,none": 0.1} for at in range(2000)},
        "world": {"acc,none": 1},
    }
    found = measurements(results, groups={"world": results["world"]})
    assert (len(found), found[0], found[1]["metric"]) == (800, {"metric": "world.acc", "value": 1}, "task_0000.acc")


def test_what_nobody_states_is_refused_with_the_path() -> None:
    assert refusal("lm_eval", report({"a": {"acc": 1}})) == ("mapping_failed", ["/context/subject"])
    only = {"subject": MODEL["subject"]}
    assert refusal("lm_eval", report({"a": {"acc": 1}}), stated=only)[1] == ["/context/version"]


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b"null", b'{"results": {}}', b"5"])
def test_anything_else_is_not_of_this_platform(raw: bytes) -> None:
    assert refusal("lm_eval", raw, stated=MODEL)[0] == "unmapped"

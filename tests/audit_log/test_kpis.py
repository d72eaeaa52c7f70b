"""Key figures: folded from the log, the same for the same date for ever, and made again when they were dropped."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from audit_log.desk import Desk
from audit_log.evidence_story import MODEL, STORY, at, told
from audit_log.guarded import erased, guarded_desk
from backends.running import RunningPostgres
from govbus.contracts.envelope import format_time

TABLES = ("kpi_sample", "kpi_snapshot")


@pytest.fixture
async def log(postgres: RunningPostgres, log_dsn: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """A signed log with a model's life in it, whose eraser works."""
    made = guarded_desk(postgres, log_dsn, tmp_path)
    await made.sign()
    await made.enter(*STORY)
    await made.sign()
    yield made
    await made.close()


async def _figures(log: Desk, query: str = "") -> dict[str, dict[str, Any]]:
    answer = await log.get(f"/v1/kpis{query}", "viewer")
    assert answer.status_code == 200, answer.text
    return {figure["id"]: figure for figure in answer.json()["kpis"]}


async def _tables(log: Desk) -> list[list[tuple[Any, ...]]]:
    return [await log.rows(f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in TABLES]  # noqa: S608


async def _drop(log: Desk) -> None:
    async with log.service.transaction() as (connection, _):
        for table in TABLES:
            await connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608


async def _signed_at(log: Desk) -> str:
    [(signed_at,)] = await log.rows("SELECT signed_at FROM checkpoint ORDER BY size DESC LIMIT 1")
    return format_time(signed_at)


async def test_the_figures_are_what_the_story_says(log: Desk) -> None:
    found = await _figures(log)
    acknowledged, resolved = found["time_to_acknowledge"], found["time_to_resolve"]
    assert (acknowledged["count"], acknowledged["p50"], acknowledged["mean"]) == (1, 180, 180)
    assert (resolved["count"], resolved["p90"], resolved["open_count"]) == (1, 1800, 0)
    assert found["gate_decisions"]["by"] == {"allow": 1, "deny": 1}
    assert found["blocked_releases"]["by"] == {"fairness-gap": 1}
    coverage = found["validation_coverage"]
    assert (coverage["ratio"], coverage["proved_count"], coverage["count"]) == (1, 1, 1)
    assert found["risk_coverage"]["ratio"] == 0
    assert found["overrides"]["count"] == 1
    assert found["time_to_detect"] == found["time_to_detect"] | {"count": 0, "p50": None, "mean": None}


async def test_a_past_date_has_the_same_answer_for_ever(log: Desk) -> None:
    moment = await _signed_at(log)
    before = (await log.get(f"/v1/kpis?as_of={moment}", "viewer")).json()
    await log.enter(
        told("p2", "deployment.completed", 50, {"version": "3", "environment": "production"}),
        told("o2", "override.recorded", 51, {"direction": "reject_to_accept"}),
    )
    await log.sign()
    now = await _figures(log)
    assert (now["overrides"]["count"], now["validation_coverage"]["ratio"]) == (2, 0)
    for _ in range(2):
        after = (await log.get(f"/v1/kpis?as_of={moment}", "viewer")).json()
        assert {**after, "settled": None} == {**before, "settled": None}
        await _drop(log)


async def test_what_was_dropped_is_folded_again_to_the_same_rows(log: Desk) -> None:
    await _figures(log)
    before = await _tables(log)
    assert all(before)
    await _drop(log)
    assert await _tables(log) == [[], []]
    await _figures(log)
    assert await _tables(log) == before


async def test_stretches_are_folded_ahead_and_their_snapshots_stay(log: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("govbus.audit_log.kpis", "govbus.audit_log.store.kpis"):
        monkeypatch.setattr(f"{module}.SNAPSHOT_COUNT", 5)
    await log.do("kpis")
    assert await log.rows("SELECT size FROM kpi_snapshot ORDER BY size") == [(5,), (10,), (15,)]
    whole = await _figures(log)
    assert await log.rows("SELECT size FROM kpi_snapshot ORDER BY size") == [(5,), (10,), (15,), (17,)]
    await log.enter(told("o2", "override.recorded", 51, {"direction": "reject_to_accept"}))
    await log.sign()
    await _figures(log)
    assert await log.rows("SELECT size FROM kpi_snapshot ORDER BY size") == [(5,), (10,), (15,), (18,)]
    monkeypatch.undo()
    await _drop(log)
    [_, (signed_at,)] = await log.rows("SELECT signed_at FROM checkpoint ORDER BY size DESC")
    assert await _figures(log, f"?as_of={format_time(signed_at)}") == whole


async def test_two_questions_at_once_fold_once(log: Desk) -> None:
    answers = await asyncio.gather(*(_figures(log) for _ in range(4)))
    assert all(answer == answers[0] for answer in answers)
    [(count,)] = await log.rows("SELECT count(*) FROM kpi_sample WHERE kpi = 'overrides'")
    assert count == 1


async def test_since_narrows_what_is_counted_and_not_what_stands(log: Desk) -> None:
    late = await _figures(log, f"?since={format_time(at(39))}")
    assert (late["overrides"]["count"], late["gate_decisions"]["count"]) == (1, 0)
    assert late["time_to_resolve"]["count"] == 0
    assert late["validation_coverage"]["count"] == 1


async def test_events_that_no_figure_knows_change_nothing(log: Desk) -> None:
    before = await _figures(log)
    await log.enter(
        told("u1", "weather.changed", 60, {"to": "rain"}),
        told("u2", "model.registered", 61, {"purpose": "x"}),
    )
    await log.sign()
    assert await _figures(log) == before


async def test_an_end_before_its_start_in_the_log_counts_all_the_same(log: Desk) -> None:
    about = {"incident_id": "i-8", "about": [MODEL]}
    await log.enter(told("b1", "incident.resolved", 90, {**about, "at": format_time(at(90))}, "incident/i-8"))
    await log.enter(told("b2", "incident.opened", 80, {**about, "severity": "low", "summary": "x"}, "incident/i-8"))
    await log.enter(told("b3", "incident.resolved", 99, {**about, "at": format_time(at(99))}, "incident/i-8"))
    await log.sign()
    found = (await _figures(log))["time_to_resolve"]
    assert (found["count"], found["p50"], found["p90"], found["implausible_count"]) == (2, 600, 1800, 0)


async def test_silence_and_parking_begin_end_and_begin_again(log: Desk) -> None:
    silent = {"source_name": "mlflow", "silent_since": format_time(at(60))}
    place = {"service": "risk", "topic": "govbus.facts", "partition": 0, "offset": 7}
    await log.enter(
        told("q1", "source.silent", 70, {**silent, "ended": False}, "source/mlflow"),
        told("q2", "source.silent", 75, {**silent, "ended": True}, "source/mlflow"),
        told("k1", "record.parked", 70, place, "service/risk"),
        told("k2", "record.resumed", 71, {**place, "how": "replayed"}, "service/risk"),
        told("k3", "record.parked", 72, place, "service/risk"),
    )
    await log.sign()
    found = await _figures(log)
    assert (found["silent_sources"]["count"], found["silent_sources"]["p50"]) == (1, 900)
    parked = found["parked_records"]
    assert (parked["count"], parked["p50"], parked["open_count"]) == (1, 60, 1)


async def test_what_may_not_be_read_is_counted_as_unread(log: Desk) -> None:
    await log.enter(told("o3", "override.recorded", 60, {"direction": "x"}, dataclassification="confidential"))
    await log.sign()
    overrides = (await _figures(log))["overrides"]
    assert (overrides["count"], overrides["by"], overrides["unreadable_count"]) == (1, {"reject_to_accept": 1}, 1)
    assert (await erased(log, indexes=[15])).status_code == 200
    await _drop(log)
    assert (await _figures(log))["overrides"] == overrides | {"count": 0, "by": {}, "unreadable_count": 2}


async def test_a_framework_narrows_the_figures(log: Desk) -> None:
    assert set(await _figures(log, "?framework=eu-ai-act-annex-iv")) < set(await _figures(log))


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("as_of=2126-01-01T00:00:00Z", 422),
        ("since=x", 422),
        ("framework=soc2", 422),
        ("as_of=2020-01-01T00:00:00Z", 404),
    ],
)
async def test_a_question_that_means_nothing_is_refused(log: Desk, query: str, status: int) -> None:
    answer = await log.get(f"/v1/kpis?{query}", "viewer")
    assert answer.status_code == status
    assert (await log.get("/v1/kpis")).status_code == 401


async def test_a_fold_that_is_far_behind_says_ask_again(log: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("govbus.audit_log.kpis.SNAPSHOT_COUNT", 2)
    hasty = Desk(log.settings.model_copy(update={"audit_log_kpis_wait_seconds": 0}))
    answer = await hasty.get("/v1/kpis", "viewer")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert (
        answer.json()["detail"] == "The figures are being folded from the log: 2 of 17 entries are folded. Ask again."
    )
    await hasty.close()


async def test_other_definitions_begin_anew_and_take_the_old_away(log: Desk, tmp_path: Path) -> None:
    await _figures(log)
    policies = shutil.copytree(log.settings.audit_log_policies_directory, tmp_path / "policies")
    one = {"id": "facts", "title": "Facts", "sources": [], "count": {"types": ["model.registered"]}}
    (policies / "kpis.yaml").write_text(json.dumps({"kpis": [one]}))
    changed = Desk(log.settings.model_copy(update={"audit_log_policies_directory": policies}))
    assert (await _figures(changed))["facts"]["count"] == 2
    assert await log.rows("SELECT count(DISTINCT definitions) FROM kpi_snapshot") == [(1,)]
    await changed.close()


async def test_the_answer_names_the_tree_it_is_folded_from(log: Desk) -> None:
    answer = (await log.get("/v1/kpis", "viewer")).json()
    assert answer["size"] == len(STORY)
    assert (await log.get("/v1/log/checkpoint")).text.split("\n")[2] == answer["root"]
    assert answer["as_of"] == await _signed_at(log)

"""Causes and effects of an event: across services, with times, and through what forged ids can do."""

from datetime import timedelta
from typing import Any

import pytest

from audit_log.desk import NOW, Desk, event
from govbus.audit_log.store import trace as store


def _after(seconds: float) -> dict[str, Any]:
    return {"recordedtime": NOW + timedelta(seconds=seconds)}


STORY = (
    event("r1", **_after(1)),
    event("v1", type="dev.govbus.validation.completed.v1", correlationid="c1", causationid="r1", **_after(1.25)),
    event("f1", source="//govbus/risk", correlationid="c1", causationid="v1", **_after(1.5)),
    event("i1", source="//govbus/oversight", subject="incident/7", correlationid="c1", causationid="f1", **_after(3)),
    event("n1", source="//govbus/people/alice", correlationid="c1", causationid="f1", **_after(2)),
    event("x1", subject="model/retail/other", causationid="gone"),
)


async def _trace(log: Desk, path: str) -> dict[str, Any]:
    answer = await log.get(f"/v1/log/trace/{path}", "viewer")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_chain_is_followed_both_ways_across_services_with_times(desk: Desk) -> None:
    await desk.enter(*STORY)
    found = await _trace(desk, "v1")
    assert (found["asked"], found["truncated"], found["missing"]) == ([1], False, [])
    told = [(node["id"], node["service"], node["delay_ms"]) for node in found["nodes"]]
    assert told == [
        ("r1", None, None),
        ("v1", None, 250),
        ("f1", "risk", 250),
        ("i1", "oversight", 1500),
        ("n1", None, 500),
    ]
    assert [(edge["cause"], edge["effect"]) for edge in found["edges"]] == [(0, 1), (1, 2), (2, 3), (2, 4)]
    assert found["correlations"] == [
        {"correlationid": None, "indexes": [0]},
        {"correlationid": "c1", "indexes": [1, 2, 3, 4]},
    ]
    assert {"index", "state", "type", "subject", "time", "recordedtime"} <= found["nodes"][0].keys()
    assert not {"payload", "attributes"} & found["nodes"][0].keys()
    assert (await desk.get("/v1/log/trace/none", "viewer")).status_code == 404


async def test_a_cause_that_is_not_in_the_log_is_shown_as_missing(desk: Desk) -> None:
    await desk.enter(*STORY)
    assert (await _trace(desk, "x1"))["missing"] == [{"id": "gone", "named_by": [5]}]


async def test_an_id_that_two_sources_have_is_shown_as_ambiguous_and_told_apart_by_source(desk: Desk) -> None:
    await desk.enter(
        event("r1"), event("r1", source="//other/prod"), event("v1", causationid="r1"), event("w1", causationid="v1")
    )
    found = await _trace(desk, "v1")
    assert [(edge["cause"], edge["ambiguous"]) for edge in found["edges"]] == [(0, True), (1, True), (2, False)]
    assert (await _trace(desk, "r1"))["asked"] == [0, 1]
    assert (await _trace(desk, "r1?source=//other/prod"))["asked"] == [1]
    assert (await desk.get("/v1/log/trace/r1?source=//none", "viewer")).status_code == 404
    assert (await desk.get("/v1/log/trace/r1?source=%00", "viewer")).status_code == 422
    assert (await desk.get("/v1/log/trace/r%00", "viewer")).status_code == 422


async def test_loops_of_causes_end(desk: Desk) -> None:
    await desk.enter(
        event("a/0", causationid="b/0"), event("b/0", causationid="a/0"), event("self", causationid="self")
    )
    found = await _trace(desk, "a/0")
    assert sorted((edge["cause"], edge["effect"]) for edge in found["edges"]) == [(0, 1), (1, 0)]
    alone = await _trace(desk, "self")
    assert (len(alone["nodes"]), alone["edges"], alone["missing"]) == (1, [], [])


@pytest.mark.parametrize(
    ("depth_count", "events_count", "shown"), [(32, 5, ["root"]), (2, 500, ["root", "c1", "c2"])], ids=["fan", "chain"]
)
async def test_a_forged_fan_or_chain_of_effects_is_cut_and_says_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, depth_count: int, events_count: int, shown: list[str]
) -> None:
    monkeypatch.setattr(store, "DEPTH_COUNT", depth_count)
    monkeypatch.setattr(store, "EVENTS_COUNT", events_count)
    chain = [event(f"c{n}", causationid=f"c{n - 1}" if n > 1 else "root") for n in range(1, 9)]
    fan = [event(f"e{n}", causationid="root") for n in range(20)] if events_count == 5 else []
    await desk.enter(event("root"), *fan, *chain)
    found = await _trace(desk, "root")
    assert found["truncated"] is True
    assert len(found["nodes"]) <= events_count
    assert [node["id"] for node in found["nodes"]][: len(shown)] == shown


async def test_a_cause_beyond_the_limit_is_cut_and_not_missing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "DEPTH_COUNT", 2)
    await desk.enter(event("a"), *(event(f"b{n}", causationid=f"b{n - 1}" if n else "a") for n in range(6)))
    found = await _trace(desk, "b5")
    assert (found["truncated"], found["missing"], len(found["nodes"])) == (True, [], 3)

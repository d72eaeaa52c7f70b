"""What an answer of intake means for the events that were sent, and how long to wait after a failure."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govbus.sdk.failures import Refused
from govbus.sdk.spool.judging import UnknownAnswer, judge_results, means_the_events
from govbus.sdk.spool.pacing import FIRST_SECONDS, LONGEST_SECONDS, pause_seconds
from govbus.sdk.spool.rows import Refusal, Waiting

SENT = [Waiting(7, "a", b"{}"), Waiting(8, "b", b"{}"), Waiting(9, "c", b"{}")]
TYPE = "https://govbus.dev/problems/contract-broken"


def rejected(status: int) -> dict[str, Any]:
    return {"status": "rejected", "problem": {"type": TYPE, "title": "No", "detail": "why", "status": status}}


def test_each_event_has_a_verdict_of_its_own() -> None:
    verdict = judge_results(SENT, [{"status": "accepted"}, rejected(422), {"status": "duplicate"}])
    assert verdict.taken == (7, 9)
    assert verdict.refused == (Refusal(8, 422, rejected(422)["problem"]),)
    assert verdict.waits_for is None


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_what_passes_by_itself_leaves_the_event_waiting(status: int) -> None:
    verdict = judge_results(SENT, [{"status": "accepted"}, rejected(status), rejected(403)])
    assert (verdict.taken, [refusal.position for refusal in verdict.refused]) == ((7,), [9])
    assert verdict.waits_for == "No: why"


@pytest.mark.parametrize(
    "results",
    [
        None,
        {},
        [],
        [{"status": "accepted"}] * 2,
        [{"status": "accepted"}] * 4,
        [{"status": "fine"}] * 3,
        [{}] * 3,
        ["accepted"] * 3,
        [{"status": "rejected"}] * 3,
        [{"status": "rejected", "problem": {"status": "422"}}] * 3,
    ],
)
def test_nothing_is_concluded_from_an_answer_that_intake_would_not_give(results: Any) -> None:
    with pytest.raises(UnknownAnswer):
        judge_results(SENT, results)


@pytest.mark.parametrize(
    ("status", "problem", "expected"),
    [
        (422, {"type": TYPE}, True),
        (413, {"type": TYPE}, True),
        (401, {"type": TYPE}, False),
        (403, {"type": TYPE}, False),
        (404, {"type": TYPE}, False),
        (429, {"type": TYPE}, False),
        (413, {"title": "a proxy's page"}, False),
    ],
)
def test_credential_address_and_strangers_keep_events_waiting(
    status: int, problem: dict[str, Any], expected: bool
) -> None:
    assert means_the_events(Refused(status, problem)) is expected


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_pauses_grow_to_a_minute_and_are_never_all_alike(failures_count: int, chance: float) -> None:
    pause = pause_seconds(failures_count, chance)
    assert FIRST_SECONDS / 2 <= pause <= LONGEST_SECONDS
    assert pause_seconds(failures_count + 1, chance) >= pause
    assert pause_seconds(failures_count, 0) < pause_seconds(failures_count, 0.999)


def test_a_server_that_asks_for_longer_gets_it() -> None:
    assert pause_seconds(1, 0.5, 120.0) == 120.0

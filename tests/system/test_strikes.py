"""The schedule can be replayed, and a run that hit too little does not count."""

from collections import Counter

import pytest

from system.crash_run import Outcome, Size
from system.reporting import table, told
from system.schedule import TARGETS, Freeze, Kill, Rebalance, kills_of, make_schedule
from system.striking import Hits
from system.test_crashes import misses

SIZE = Size(facts_count=100, subjects_count=5, kills_count=12, quiet_seconds=1)


def enough() -> Outcome:
    hits = Hits(Counter(intake=12), Counter(intake=6), 3, freezes_count=1, cut_off_count=1, rebalances_count=1)
    return Outcome(1, SIZE, hits, {"duplicates on Kafka": 1})


@pytest.mark.parametrize("kills_count", [12, 40, 200])
def test_a_schedule_strikes_every_target_freezes_and_rebalances(kills_count: int) -> None:
    schedule = make_schedule(5, kills_count)
    assert kills_of(schedule) == kills_count
    assert {strike.target for strike in schedule if isinstance(strike, Kill)} == set(TARGETS)
    assert any(isinstance(strike, Freeze) for strike in schedule)
    assert any(isinstance(strike, Rebalance) for strike in schedule)


def test_a_seed_replays_its_schedule_and_another_one_does_not() -> None:
    assert make_schedule(5, 40) == make_schedule(5, 40)
    assert make_schedule(5, 40) != make_schedule(6, 40)


def test_a_run_that_hit_enough_counts() -> None:
    assert misses(enough()) == []
    assert "seed" in table(enough())


def test_a_run_without_duplicate_rebalance_freeze_or_hits_in_flight_does_not_count() -> None:
    outcome = enough()
    outcome.figures["duplicates on Kafka"] = 0
    assert misses(outcome) == ["no duplicate reached Kafka"]
    outcome = enough()
    outcome.hits = Hits()
    assert len(misses(outcome)) == 4


def test_many_differences_are_counted_and_the_first_ones_shown() -> None:
    assert told([f"difference {number}" for number in range(50)]).endswith("… and 10 more")

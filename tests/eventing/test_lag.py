"""How old the oldest unread record can be, from what measurements saw."""

from unittest.mock import Mock

from prometheus_client import CollectorRegistry

from govbus.eventing.lag import Lag
from govbus.eventing.metrics import Metrics

PLACE, OTHER = ("govbus.facts", 0), ("govbus.audit", 0)


class Clock:
    """A clock that tests set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def lag() -> tuple[Lag, Clock]:
    clock = Clock()
    return Lag(["govbus.facts", "govbus.audit"], Mock(), Metrics(CollectorRegistry()), 30, clock), clock


def test_under_steady_load_the_age_stays_small_though_no_measurement_finds_nothing_unread() -> None:
    measured, clock = lag()
    for second in range(60):
        clock.now = float(second)
        measured._take({PLACE: 100 * second + 10}, {PLACE: 100 * second}, clock.now)
    assert measured.oldest_unread_age_seconds(["govbus.facts"]) == 1.0


def test_a_partition_that_stands_still_ages() -> None:
    measured, clock = lag()
    measured._take({PLACE: 5}, {PLACE: 5}, 0.0)
    for second in range(1, 60):
        clock.now = float(second)
        measured._take({PLACE: 5 + second}, {PLACE: 5}, clock.now)
    assert measured.oldest_unread_age_seconds(["govbus.facts"]) == 59.0


def test_nothing_is_known_of_a_partition_that_was_never_read_as_far_as_it_was_seen() -> None:
    measured, _ = lag()
    measured._take({PLACE: 5}, {PLACE: 3}, 0.0)
    assert measured.oldest_unread_age_seconds() is None


def test_the_age_can_be_asked_of_some_topics_only() -> None:
    measured, clock = lag()
    measured._take({PLACE: 5, OTHER: 9}, {PLACE: 5, OTHER: 3}, 0.0)
    clock.now = 2.0
    assert measured.oldest_unread_age_seconds(["govbus.facts"]) == 2.0
    assert measured.oldest_unread_age_seconds() is None


def test_nothing_is_known_of_a_topic_whose_partitions_the_broker_has_not_told() -> None:
    measured, _ = lag()
    measured._take({}, {}, 0.0)
    assert measured.oldest_unread_age_seconds(["govbus.facts"]) is None
    measured._take({PLACE: 5}, {PLACE: 5}, 0.0)
    assert measured.oldest_unread_age_seconds(["govbus.facts"]) == 0.0
    assert measured.oldest_unread_age_seconds() is None

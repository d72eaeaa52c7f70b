"""Repeats, retries, words, addresses: pure decisions."""

import dataclasses
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govbus.contracts import catalogue
from govbus.eventing.addresses import refusal
from govbus.notifier.alerts import alert_of
from govbus.notifier.domain.repeating import Send, Suppress, decide, fingerprint
from govbus.notifier.domain.retrying import (
    Delivered,
    GiveUp,
    RetrySchedule,
    Sent,
    TryAgain,
    Undelivered,
    after,
)
from govbus.notifier.domain.wording import TITLE_LIMIT_COUNT, WORDS, one_line, word
from notifier.saying import failed, opened, rejected

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SCHEDULE = RetrySchedule(timedelta(seconds=2), 3, timedelta(hours=4), 12)


@pytest.mark.parametrize(
    ("last_told_at", "told"),
    [
        (None, True),
        (NOON - HOUR, True),
        (NOON - HOUR + timedelta(seconds=1), False),
        (NOON, False),
        (NOON + timedelta(seconds=1), True),
    ],
)
def test_the_same_is_told_once_within_the_interval_and_in_doubt_again(
    last_told_at: datetime | None, told: bool
) -> None:
    decision = decide(NOON, last_told_at, HOUR, is_configured=True)
    assert isinstance(decision, Send if told else Suppress)


def test_a_receiver_without_address_is_held_back_for_that_reason() -> None:
    decision = decide(NOON, None, HOUR, is_configured=False)
    assert isinstance(decision, Suppress)
    assert decision.reason == "receiver_not_configured"


def test_repeats_are_told_from_news_by_what_they_say() -> None:
    alerts = [alert_of(event, catalogue.read(event)) for event in (failed(), failed(), failed("2"), rejected("x"))]
    prints = [fingerprint(alert, "desk") for alert in alerts if alert]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3
    assert alerts[0]
    assert fingerprint(alerts[0], "mail") != prints[0]


@given(count=st.integers(1, 10_000), jitter=st.floats(0, 1, exclude_max=True), asked=st.integers(0, 10**9))
def test_a_delay_never_exceeds_the_longest_and_never_the_past(count: int, jitter: float, asked: int) -> None:
    schedule = RetrySchedule(timedelta(seconds=2), 3, timedelta(hours=4), 10_001)
    outcome = Undelivered("http_503", "", retry_after=timedelta(seconds=asked))
    decided = after(outcome, count, schedule, NOON, jitter)
    assert isinstance(decided, TryAgain)
    assert timedelta(seconds=1) <= decided.at - NOON <= timedelta(hours=4)


def test_delays_grow_until_it_is_given_up() -> None:
    failure = Undelivered("timeout", "")
    steps = [after(failure, number, SCHEDULE, NOON, 0.5) for number in range(1, 13)]
    delays = [step.at - NOON for step in steps if isinstance(step, TryAgain)]
    assert delays == sorted(delays)
    assert len(delays) == 11
    assert steps[-1] == GiveUp("timeout")
    assert after(Undelivered("http_410", "", is_permanent=True), 1, SCHEDULE, NOON, 0) == GiveUp("http_410")
    assert after(Delivered(), 99, SCHEDULE, NOON, 0) == Sent()


def test_a_receiver_that_asks_for_time_gets_it() -> None:
    decided = after(Undelivered("http_429", "", retry_after=timedelta(minutes=5)), 1, SCHEDULE, NOON, 0)
    assert decided == TryAgain(NOON + timedelta(minutes=5))


@given(st.text(max_size=1000))
def test_no_text_can_break_out_of_its_line(text: str) -> None:
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    assert not {"\r", "\n", "\x00", "\u202e", "\u2028"} & set(line)


def test_a_title_cannot_carry_another_header() -> None:
    event = opened()
    data = event.data.replace(b"version 1 is", b"x\\r\\nBcc: all@example.org\\r\\n version 1 is")
    event = dataclasses.replace(event, data=data)
    alert = alert_of(event, catalogue.read(event))
    assert alert
    wording = word(alert)
    assert "\n" not in wording.title + wording.summary
    assert len(wording.title) <= TITLE_LIMIT_COUNT


def test_every_type_that_is_told_has_words_that_name_only_known_details() -> None:
    for event in (opened(), failed(), rejected("bad_signature")):
        alert = alert_of(event, catalogue.read(event))
        assert alert
        assert "unknown" not in word(alert).title + word(alert).summary
    assert all(len(words.title) < TITLE_LIMIT_COUNT for words in WORDS.values())


@pytest.mark.parametrize(
    ("address", "public_only", "with_private"),
    [
        ("93.184.215.14", True, True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True, True),
        ("127.0.0.1", False, True),
        ("::1", False, True),
        ("10.1.2.3", False, True),
        ("192.168.0.1", False, True),
        ("100.64.0.1", False, True),
        ("fd00::1", False, True),
        ("::ffff:127.0.0.1", False, True),
        ("64:ff9b::7f00:1", False, True),
        ("2002:7f00:1::", False, True),
        ("169.254.169.254", False, False),
        ("::ffff:169.254.169.254", False, False),
        ("fe80::1", False, False),
        ("0.0.0.0", False, False),  # noqa: S104 - the address that is refused
        ("::", False, False),
        ("224.0.0.1", False, False),
        ("ff02::1", False, False),
    ],
)
def test_nothing_is_sent_inside_unless_that_is_meant(address: str, public_only: bool, with_private: bool) -> None:
    assert (refusal(ip_address(address), allow_private_network=False) is None) is public_only
    assert (refusal(ip_address(address), allow_private_network=True) is None) is with_private

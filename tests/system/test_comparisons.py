"""The comparisons find what they are there for: in a world where all went well nothing, then each planted fault."""

import base64
import dataclasses
import hashlib
import json
from collections.abc import Sequence

import pytest

from govbus.contracts.envelope import Event
from govbus.contracts.translog.entry import EVENT, Entry
from govbus.eventing.records import decode
from system import comparing
from system.crash_run import compare_services
from system.expected_notices import compare_notices, notices
from system.facts import make_streams
from system.feeding_kafka import RUBBISH
from system.log_content import LogContent, Logged, read_content
from system.world import World, changed, make_world, without

STREAMS = make_streams(11, 160, 12)
ANY_ENTRY = Entry(
    kind=EVENT, id=None, source=None, type=None, subject=None, time=None, recordedtime=None, kafka=None,
    attributes_commitment=bytes(32), payload_commitment=bytes(32),
)  # fmt: skip
RUBBISH_SHA256 = hashlib.sha256(RUBBISH).hexdigest()


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(STREAMS)


@pytest.fixture(scope="module")
def log(world: World) -> LogContent:
    return read_content(world.audit)


def all_differences(world: World, log: LogContent) -> list[str]:
    return [
        *log.differences,
        *comparing.compare_accepted(STREAMS, log),
        *comparing.compare_order(STREAMS, log),
        *comparing.compare_refused(STREAMS, world.told, log, RUBBISH_SHA256),
        *comparing.compare_places(world.records, log, 0),
        *compare_services(log, {}),
        *notice_differences(world, log),
    ]


def notice_differences(world: World, log: LogContent) -> list[str]:
    about = [event for event in log.events("//govbus") if event.source != "//govbus/notifier"]
    expected = notices(about, world.routes)
    return compare_notices(expected, log.events("//govbus/notifier"), world.shown, world.arrived)


def events_of(log: LogContent) -> list[Event]:
    return [logged.event for logged in log.entries if logged.event]


def relogged(events: Sequence[Event]) -> LogContent:
    """A log that holds these events in this order."""
    return LogContent(tuple(Logged(number, ANY_ENTRY, event) for number, event in enumerate(events)), 0, ())


def position(events: Sequence[Event], type_: str, source: str = "") -> int:
    return next(at for at, event in enumerate(events) if type_ in event.type and event.source.startswith(source))


def test_a_world_without_faults_has_no_differences(world: World, log: LogContent) -> None:
    assert all_differences(world, log) == []
    assert len(log.events("//govbus/risk")) > 50
    assert log.events("//govbus/oversight")
    assert log.events("//govbus/notifier")


def test_a_lost_fact_is_found(log: LogContent) -> None:
    events = events_of(log)
    lost = events.pop(position(events, "monitor.observed"))
    found = comparing.compare_accepted(STREAMS, relogged(events))
    assert [line for line in found if lost.id in line and line.startswith("lost")]


def test_a_fact_entered_twice_is_found(log: LogContent) -> None:
    events = events_of(log)
    twice = events[position(events, "monitor.observed")]
    found = comparing.compare_accepted(STREAMS, relogged([*events, twice]))
    assert [line for line in found if line.startswith("2 times") and twice.id in line]


def test_a_fact_that_nobody_said_is_found(log: LogContent) -> None:
    events = events_of(log)
    made_up = dataclasses.replace(events[position(events, "monitor.observed")], id="made-up")
    assert "made-up" in "".join(comparing.compare_accepted(STREAMS, relogged([*events, made_up])))


def test_a_fact_logged_with_other_words_is_found(log: LogContent) -> None:
    events = events_of(log)
    at = position(events, "deployment.completed")
    events[at] = dataclasses.replace(events[at], data=b"{}")
    assert events[at].id in "".join(comparing.compare_accepted(STREAMS, relogged(events)))


def test_two_facts_of_one_subject_in_the_wrong_order_are_found(log: LogContent) -> None:
    facts = log.events("//demo/platform")
    first = 0
    second = next(at for at in range(1, len(facts)) if facts[at].subject == facts[first].subject)
    facts[first], facts[second] = facts[second], facts[first]
    found = comparing.compare_order(STREAMS, relogged(facts))
    assert [line for line in found if facts[first].subject in line]


def test_a_refusal_that_is_not_on_record_is_found(world: World, log: LogContent) -> None:
    events = events_of(log)
    del events[position(events, "event.rejected")]
    found = comparing.compare_refused(STREAMS, world.told, relogged(events), RUBBISH_SHA256)
    assert [line for line in found if "not on record" in line]


def test_an_emitter_told_another_thing_is_found(world: World, log: LogContent) -> None:
    told = dict.fromkeys(world.told, "accepted")
    assert comparing.compare_refused(STREAMS, told, log, RUBBISH_SHA256)


def test_a_record_without_entry_is_found(world: World, log: LogContent) -> None:
    records = {place: list(found) for place, found in world.records.items()}
    last = records["govbus.facts", 0][-1]
    headers = tuple((name, b"other" if name == "ce_id" else value) for name, value in last.headers)
    records["govbus.facts", 0].append(dataclasses.replace(last, offset=last.offset + 1, headers=headers))
    assert comparing.compare_places(records, log, 0) == [f"no entry for govbus.facts/0@{last.offset + 1}"]


def test_a_repeat_is_known_as_one_and_must_be_counted(world: World, log: LogContent) -> None:
    records = {place: list(found) for place, found in world.records.items()}
    last = records["govbus.facts", 0][-1]
    records["govbus.facts", 0].append(dataclasses.replace(last, offset=last.offset + 1))
    assert comparing.compare_places(records, log, 1) == []
    assert comparing.repeated_records(records) == 1
    assert comparing.compare_places(records, log, 0) == ["the log counted 0 repeats, there are 1"]


def test_a_repeat_with_other_bytes_is_found(world: World, log: LogContent) -> None:
    records = {place: list(found) for place, found in world.records.items()}
    last = records["govbus.facts", 0][-1]
    records["govbus.facts", 0].append(dataclasses.replace(last, offset=last.offset + 1, value=b"{}"))
    assert "with other bytes" in comparing.compare_places(records, log, 1)[0]


def test_an_entry_about_a_record_that_is_not_there_is_found(world: World, log: LogContent) -> None:
    records = {place: list(found) for place, found in world.records.items()}
    records["govbus.risk", 0].pop()
    assert "where no record is" in comparing.compare_places(records, log, 0)[0]


@pytest.mark.parametrize(
    "type_",
    ["record.changed", "asset.unregistered", "risk.scored", "validation.failed", "release.blocked", "incident.opened"],
)
def test_a_conclusion_that_is_missing_doubled_or_different_is_found(log: LogContent, type_: str) -> None:
    events = events_of(log)
    at = position(events, type_)
    one = events[at]
    assert f"missing {one.type} {one.id}" in "".join(compare_services(relogged([*events[:at], *events[at + 1 :]]), {}))
    assert f"2 times {one.type} {one.id}" in "".join(compare_services(relogged([*events, one]), {}))
    other = dataclasses.replace(one, data=one.data.replace(b"}", b' ,"x":1}', 1))
    assert "another data" in "".join(compare_services(relogged([*events[:at], other, *events[at + 1 :]]), {}))


def test_a_conclusion_that_nothing_leads_to_is_found(log: LogContent) -> None:
    events = events_of(log)
    made_up = dataclasses.replace(events[position(events, "risk.scored")], id="made-up")
    assert "nothing leads to" in "".join(compare_services(relogged([*events, made_up]), {}))


def test_conclusions_on_a_subject_in_another_order_are_found(log: LogContent) -> None:
    events = log.events("//govbus/risk")
    subject = next(event.subject for event in events if sum(one.subject == event.subject for one in events) > 1)
    first, second = [at for at, event in enumerate(events) if event.subject == subject][:2]
    other = list(events)
    other[first], other[second] = other[second], other[first]
    assert subject in comparing.compare_sequence(events, other, "risk")[0]


def test_a_notification_that_was_never_sent_is_found(world: World, log: LogContent) -> None:
    events = events_of(log)
    del events[position(events, "notification.sent")]
    assert "0 outcomes" in "".join(notice_differences(world, relogged(events)))


def test_a_delivery_log_that_disagrees_is_found(world: World, log: LogContent) -> None:
    shown = [{**item, "state": "pending"} for item in world.shown]
    assert "the delivery log pending" in "".join(notice_differences(dataclasses.replace(world, shown=shown), log))


def test_a_webhook_that_never_arrived_is_found(world: World, log: LogContent) -> None:
    assert "never got it" in "".join(notice_differences(dataclasses.replace(world, arrived=set()), log))


def test_a_gap_in_the_published_log_is_found(world: World) -> None:
    assert read_content(without(world.audit, 5)).differences


def test_an_entry_published_twice_is_a_repeat_unless_it_says_another_thing(world: World) -> None:
    again = [*world.audit[:9], world.audit[3], *world.audit[9:]]
    assert (read_content(again).differences, read_content(again).repeats_count) == ((), 1)
    document = json.loads(world.audit[3].value or b"")
    other = {**document, "entry": json.loads(world.audit[4].value or b"")["entry"]}
    differently = [*world.audit[:9], changed(world.audit[3], json.dumps(other).encode()), *world.audit[9:]]
    assert "saying another thing" in read_content(differently).differences[0]


def test_a_payload_that_the_entry_does_not_commit_to_is_found(world: World) -> None:
    document = json.loads(world.audit[3].value or b"")
    forged = {**document, "payload": base64.b64encode(b'{"forged":true}').decode()}
    audit = [*world.audit[:3], changed(world.audit[3], json.dumps(forged).encode()), *world.audit[4:]]
    assert "payload_differs" in "".join(read_content(audit).differences)


def test_an_entry_without_checkpoint_is_found(world: World) -> None:
    assert "the newest checkpoint covers 0" in read_content(world.audit[:-1]).differences[0]


def test_records_of_the_world_are_events(world: World) -> None:
    assert all(decode(record) for found in world.records.values() for record in found)

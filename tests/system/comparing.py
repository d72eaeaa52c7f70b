"""What is compared after a run; every difference is a sentence that names subject and event. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from govbus.contracts.catalogue import read
from govbus.contracts.conclusions.rejection import EventRejected
from govbus.contracts.envelope import Event
from govbus.contracts.identity import event_identity
from govbus.eventing.records import RawRecord, Undecodable, decode
from system.facts import SOURCE, Said, Stream, refused, taken
from system.log_content import LogContent
from system.reading_topics import Place

_COMPARED = (
    "source", "type", "subject", "time", "data", "dataschema", "correlationid", "causationid", "dataclassification",
    "authid",
)  # fmt: skip
"""Of a conclusion; its trace alone may differ, since a span has a random id."""


def compare_accepted(streams: Sequence[Stream], log: LogContent) -> list[str]:
    """Every event that had to be taken is in the log exactly once, as it was said, and no other of its platform."""
    wanted = {said.identity: said for said in taken(streams)}
    found = Counter(event_identity(event) for event in log.events(SOURCE))
    differences = [f"lost: {_name(said)}" for identity, said in wanted.items() if not found[identity]]
    differences += [
        f"{found[one]} times in the log: {_name(wanted[one])}" for one in found if found[one] > 1 and one in wanted
    ]
    for event in log.events(SOURCE):
        said = wanted.get(event_identity(event))
        if said is None:
            differences.append(f"nobody had to be believed: {event.type} {event.id} of {event.subject}")
        elif not _keeps(said, event):
            differences.append(f"logged otherwise than said: {_name(said)}")
    return differences


def compare_order(streams: Sequence[Stream], log: LogContent) -> list[str]:
    """For one subject the log's order is the order in which its emitter spoke."""
    spoken = {
        said.identity: (number, ordinal)
        for number, stream in enumerate(streams)
        for ordinal, said in enumerate(stream.said)
    }
    last: dict[str, tuple[int, int]] = {}
    differences: list[str] = []
    for event in log.events(SOURCE):
        place = spoken.get(event_identity(event), (-1, -1))
        if place <= last.get(event.subject, (-1, -1)):
            differences.append(f"{event.subject}: {event.type} {event.id} stands behind what was said after it")
        last[event.subject] = max(place, last.get(event.subject, place))
    return differences


def compare_refused(
    streams: Sequence[Stream], told: Mapping[bytes, str], log: LogContent, rubbish_sha256: str
) -> list[str]:
    """Everything refused is on record with its reason, at least once (a retry is refused again), nothing else is."""
    wanted = {said.id: said for said in refused(streams)}
    seen: set[str] = set()
    differences: list[str] = []
    for event in log.events("//govbus/intake"):
        payload = read(event)
        if not isinstance(payload, EventRejected):
            differences.append(f"intake says {event.type} {event.id}")
            continue
        said = wanted.get((payload.claimed.id if payload.claimed else None) or "")
        if said is None and payload.raw_sha256 == rubbish_sha256:
            seen.add("")
        elif said is None or said.refused_for != payload.reason:
            differences.append(f"refused without need: {payload.reason}: {payload.detail[:100]} ({payload.claimed})")
        else:
            seen.add(said.id)
    differences += [f"a refusal is not on record: {_name(said)}" for id_, said in wanted.items() if id_ not in seen]
    differences += [] if "" in seen else ["the rubbish on the platform's topic is not on record"]
    by_identity = {said.identity: said for stream in streams for said in stream.said}
    for identity, answer in told.items():
        said = by_identity[identity]
        if answer not in ({said.refused_for} if said.refused_for else {"accepted", "duplicate"}):
            differences.append(f"the emitter was told {answer!r} of {_name(said)}")
    return differences


def compare_places(records: Mapping[Place, Sequence[RawRecord]], log: LogContent, counted: int) -> list[str]:
    """Every record of every logged topic is an entry, or a repeat of one and counted as such; nothing else is."""
    entered = {
        (kafka.topic, kafka.partition, kafka.offset): logged for logged in log.entries if (kafka := logged.entry.kafka)
    }
    known = {logged.identity: logged for logged in log.entries if logged.identity}
    differences: list[str] = []
    repeats = 0
    for (topic, partition), found in records.items():
        for record in found:
            if entered.pop((topic, partition, record.offset), None):
                continue
            first = known.get(_identity(record))
            if first is None:
                differences.append(f"no entry for {topic}/{partition}@{record.offset}")
            elif first.event is None or record.value != first.event.data:
                differences.append(f"{topic}/{partition}@{record.offset} repeats entry {first.index} with other bytes")
            else:
                repeats += 1
    differences += [
        f"entry {logged.index} names a place where no record is: {place}" for place, logged in entered.items()
    ]
    if repeats != counted:
        differences.append(f"the log counted {counted} repeats, there are {repeats}")
    return differences


def repeated_records(records: Mapping[Place, Sequence[RawRecord]]) -> int:
    """Return how many records of these topics say an identity that an earlier record said."""
    seen: Counter[bytes] = Counter(_identity(record) for found in records.values() for record in found)
    return sum(count - 1 for count in seen.values())


def compare_conclusions(expected: Sequence[Event], found: Sequence[Event], who: str) -> list[str]:
    """The found events are the expected ones: each once, none missing, none besides, each as computed."""
    wanted = {event.id: event for event in expected}
    counts = Counter(event.id for event in found)
    differences = [f"{who}: missing {_title(event)}" for id_, event in wanted.items() if not counts[id_]]
    for event in found:
        other = wanted.get(event.id)
        if other is None:
            differences.append(f"{who}: nothing leads to {_title(event)}")
        elif unlike := [name for name in _COMPARED if _value(other, name) != _value(event, name)]:
            differences.append(f"{who}: {_title(event)} has another {', '.join(unlike)} than computed")
    differences += [
        f"{who}: {count} times {_title(wanted[id_])}" for id_, count in counts.items() if count > 1 and id_ in wanted
    ]
    return differences + compare_sequence(expected, found, who)


def compare_sequence(expected: Iterable[Event], found: Iterable[Event], who: str) -> list[str]:
    """For one subject the conclusions stand in the order in which they follow from the facts."""
    orders: list[dict[str, list[str]]] = []
    for events in (expected, found):
        order: dict[str, list[str]] = defaultdict(list)
        for event in events:
            order[event.subject].append(event.id)
        orders.append(order)
    differences: list[str] = []
    for subject, ids in orders[0].items():
        others = orders[1].get(subject, [])
        if sorted(ids) == sorted(others) and ids != others:
            differences.append(f"{who}: conclusions on {subject} stand in another order than they follow")
    return differences


def _value(event: Event, name: str) -> object:
    """Return an attribute, data as a JSON value: a service that read its state from JSONB may order keys otherwise."""
    return event.json() if name == "data" else getattr(event, name)


def _identity(record: RawRecord) -> bytes:
    try:
        return event_identity(decode(record))
    except Undecodable:
        return f"{record.topic}/{record.partition}@{record.offset}".encode()


def _keeps(said: Said, event: Event) -> bool:
    same = ("id", "source", "type", "datacontenttype")
    if any(getattr(event, name) != said.attributes[name] for name in same):
        return False
    return event.data == said.data or b'"account"' in said.data


def _name(said: Said) -> str:
    return f"{said.attributes['type']} {said.id} of {said.attributes['subject']}"


def _title(event: Event) -> str:
    return f"{event.type} {event.id} on {event.subject} (because of {event.causationid})"

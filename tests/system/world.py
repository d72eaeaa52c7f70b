"""A run without crashes and without processes: the same facts, concluded, logged and published by the pure domains."""

import dataclasses
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from backends.running import CHECKOUT
from govbus.audit_log.domain.drafts import draft_event
from govbus.audit_log.domain.publication import Publishable, published_checkpoint, published_entry
from govbus.audit_log.domain.sequencing import make_leaves
from govbus.contracts.conclusions.notification import NotificationSent, NotificationSuppressed
from govbus.contracts.conclusions.policy import PolicyActivated
from govbus.contracts.conclusions.rejection import ClaimedIdentity, EventRejected
from govbus.contracts.envelope import Event, parse_time
from govbus.contracts.fields import EventReference
from govbus.contracts.making import clock_concluded, conclude
from govbus.contracts.topics import FACTS, INVENTORY, NOTIFICATIONS, OVERSIGHT, REJECTED, RISK
from govbus.contracts.translog.entry import KafkaPlace
from govbus.eventing.records import RawRecord, encode
from govbus.notifier.routes_file import Routes, load_routes
from system import expected
from system.expected_notices import Notice, notices
from system.facts import Said, Stream, refused
from system.feeding_kafka import RUBBISH

BEGAN: Final = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
POLICIES: Final = CHECKOUT / "policies"
_TOPIC_OF: Final = {
    "inventory": INVENTORY,
    "risk": RISK,
    "oversight": OVERSIGHT,
    "intake": REJECTED,
    "notifier": NOTIFICATIONS,
}


@dataclass(frozen=True, slots=True)
class World:
    """What lies on Kafka after a run, and what the delivery log shows."""

    records: dict[tuple[str, int], list[RawRecord]]
    audit: list[RawRecord]
    told: dict[bytes, str]
    shown: list[dict[str, Any]]
    arrived: set[str]
    routes: Routes


def make_world(streams: Sequence[Stream]) -> World:
    """Return the world in which everything went well."""
    facts = [_recorded(said, number) for number, said in enumerate(_taken_in_turn(streams))]
    conclusions = conclusions_of(facts) + list(_rejections(streams))
    routes = load_routes(
        CHECKOUT / "infra/notifier/routes.yaml", {"GOVBUS_NOTIFIER_WEBHOOK_URL": "http://127.0.0.1:1/"}
    )
    told_of = list(notices(conclusions, routes))
    events = [*facts, *conclusions, *map(_outcome, told_of)]
    records = records_of(events)
    return World(
        records=records,
        audit=publish([record for found in records.values() for record in found], events),
        told={
            said.identity: said.refused_for or "accepted"
            for one in streams
            if one.channel == "http"
            for said in one.said
        },
        shown=[{"id": notice.id, "state": "suppressed" if notice.held_back_by else "sent"} for notice in told_of],
        arrived={notice.id for notice in told_of if notice.held_back_by is None},
        routes=routes,
    )


def conclusions_of(facts: Sequence[Event]) -> list[Event]:
    """Return what inventory, risk and oversight conclude."""
    risk = list(expected.risk_conclusions(facts, POLICIES, {}))
    oversight = expected.oversight_conclusions([*facts, *risk], POLICIES / "incidents.yaml")
    activated = PolicyActivated(digest="sha256:0", mode="enforce", rules_count=1, activated_by="//govbus/risk")
    policy = clock_concluded("risk", "service/risk", activated, "default-policy", "0", BEGAN)
    return [policy, *expected.inventory_conclusions(facts), *risk, *oversight]


def records_of(events: Iterable[Event]) -> dict[tuple[str, int], list[RawRecord]]:
    """Return the events as records of their topics, one partition each."""
    found: dict[tuple[str, int], list[RawRecord]] = {}
    for event in events:
        place = (_TOPIC_OF.get(event.source.rpartition("/")[2], FACTS), 0)
        key, value, headers = encode(event)
        records = found.setdefault(place, [])
        records.append(RawRecord(*place, len(records), int(BEGAN.timestamp() * 1000), key, value, headers))
    return found


def publish(records: Sequence[RawRecord], events: Sequence[Event]) -> list[RawRecord]:
    """Return `govbus.audit` for a log that has entered these records, which say these events, in this order."""
    drafts = [
        draft_event(event, KafkaPlace(record.topic, record.partition, record.offset, record.timestamp_ms))
        for record, event in zip(records, _as_recorded(records, events), strict=True)
    ]
    leaves = make_leaves(drafts, 0, hashlib.shake_128(b"keys").digest(32 * len(drafts)))
    said = [
        published_entry(
            "test/log",
            Publishable(
                leaf.index, leaf.kind, leaf.entry, leaf.draft.fields.id, leaf.draft.correlation_id,
                leaf.draft.classification, leaf.draft.known_at, leaf.key, leaf.draft.attributes, leaf.draft.payload,
            ),
        )
        for leaf in leaves
    ]  # fmt: skip
    said.append(published_checkpoint("test/log", len(leaves), bytes(32), "note", BEGAN))
    return [RawRecord("govbus.audit", 0, number, 0, *encode(event)) for number, event in enumerate(said)]


def without(records: Sequence[RawRecord], index: int) -> list[RawRecord]:
    """Return records without one of them."""
    return [record for number, record in enumerate(records) if number != index]


def changed(record: RawRecord, value: bytes) -> RawRecord:
    """Return a record with another value."""
    return dataclasses.replace(record, value=value)


def _as_recorded(records: Sequence[RawRecord], events: Sequence[Event]) -> list[Event]:
    """Return the events in the order of their records."""
    by_content = {(event.source, event.type, event.id): event for event in events}
    found = []
    for record in records:
        headers = {name: (value or b"").decode() for name, value in record.headers}
        found.append(by_content[headers["ce_source"], headers["ce_type"], headers["ce_id"]])
    return found


def _taken_in_turn(streams: Sequence[Stream]) -> list[Said]:
    """Return what must be taken, streams interleaved."""
    longest = max(len(stream.said) for stream in streams)
    turns = [stream.said[turn] for turn in range(longest) for stream in streams if turn < len(stream.said)]
    return [said for said in turns if said.refused_for is None]


def _recorded(said: Said, number: int) -> Event:
    """Return the fact as intake passes it on."""
    attributes: dict[str, Any] = dict(said.attributes)
    del attributes["specversion"]
    subject = attributes.pop("subject")
    placed = subject if subject.startswith("model/") else f"external/demo/{subject.replace('/', '%2F')}"
    return Event(
        **{name: value for name, value in attributes.items() if name != "time"},
        subject=placed,
        time=parse_time(attributes["time"]),
        recordedtime=BEGAN + timedelta(seconds=number),
        data=said.data,
        dataclassification="internal",
    )


def _rejections(streams: Sequence[Stream]) -> Iterable[Event]:
    cause = Event(id="x", source="//demo/platform", type="t", subject="source/demo", time=BEGAN)
    for said in refused(streams):
        payload = EventRejected(reason=said.refused_for or "", detail="no", claimed=ClaimedIdentity(id=said.id))
        yield conclude("intake", "source/demo", payload, cause, ordinal=said.id)
    digest = hashlib.sha256(RUBBISH).hexdigest()
    rubbish = EventRejected(reason="undecodable", detail="no", raw_sha256=digest)
    yield conclude("intake", "source/demo", rubbish, cause, ordinal="rubbish")


def _outcome(notice: Notice) -> Event:
    reference = EventReference(source=notice.about.source, type=notice.about.type, id=notice.about.id)
    shared = {
        "notification_id": notice.id,
        "receiver": notice.receiver,
        "channel": "webhook" if notice.receiver.endswith("webhook") else "log",
        "about": reference,
        "about_subject": notice.about.subject,
    }
    if notice.held_back_by:
        payload: Any = NotificationSuppressed(**shared, reason=notice.held_back_by)
    else:
        payload = NotificationSent(**shared, attempts_count=1, delivered_at=BEGAN)
    return conclude("notifier", notice.about.subject, payload, notice.about, ordinal=notice.receiver)

"""Intake's Kafka edge: platforms' own topics, and the audit log's stream, from which it learns where facts stand."""

import base64
from collections.abc import Collection

from govbus.contracts import topics
from govbus.contracts.conclusions.log import EntryPublished
from govbus.contracts.identity import identity_digest
from govbus.contracts.translog.entry import EVENT, Entry, EntryRejected, parse_entry
from govbus.eventing.delivery import RawDelivery, RawHandler, Unprocessable
from govbus.eventing.following import Discover
from govbus.eventing.reading import decode_record
from govbus.intake.domain.inputs import Unit
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.source import Source
from govbus.intake.domain.units import read_record
from govbus.intake.reception import Reception, reading
from govbus.intake.store import places, sources
from govbus.intake.store.places import Place


def on_any_record(reception: Reception) -> RawHandler:
    """Return the handler of all of intake's topics."""

    async def handle(delivery: RawDelivery) -> None:
        if delivery.record.topic == topics.AUDIT:
            await on_audit_record(delivery)
        else:
            await on_platform_record(reception, delivery)

    return handle


def topics_of_platforms(reception: Reception, always: Collection[str]) -> Discover:
    """Return what names the topics of the platforms that are registered for Kafka, `always` read ones left out."""

    async def discover() -> list[str]:
        async with reading(reception.transaction) as connection:
            names = await sources.names_on_kafka(connection)
        return [topics.intake_topic(name) for name in names if name not in always]

    return discover


async def on_platform_record(reception: Reception, delivery: RawDelivery) -> None:
    """Admit an event; rubbish becomes `event.rejected`, and nothing parks. The topic says who wrote."""
    record = delivery.record
    name = record.topic.removeprefix(topics.INTAKE_PREFIX)
    registration = await sources.find(delivery.connection, name)
    source = registration.source if registration else _nobody(name)
    unit = read_record(record.headers, record.value, source, reception.mappings, reception.clock())
    if registration is None:
        refusal = Refused("unknown_source", f"register {name!r} with POST /v1/sources, then replay this")
        unit = Unit(unit.input, refused=refusal, claimed=unit.claimed)
    reception.count(await reception.admission.admit(delivery.connection, delivery.outbox, source, [unit]))


async def on_audit_record(delivery: RawDelivery) -> None:
    """Note where a fact stands once the log has published its entry."""
    payload = decode_record(delivery.record).payload
    if not isinstance(payload, EntryPublished):
        return
    try:
        entry = parse_entry(base64.b64decode(payload.entry))
    except (EntryRejected, ValueError) as error:
        raise Unprocessable("invalid_entry", str(error)[:500]) from None
    if entry.kind == EVENT and entry.kafka is not None and entry.kafka.topic == topics.FACTS:
        place = Place(entry.kafka.partition, entry.kafka.offset, payload.index)
        await places.add(delivery.connection, _identity(entry), place)


def _identity(entry: Entry) -> bytes:
    return identity_digest(entry.source or "", entry.type or "", entry.id or "")


def _nobody(name: str) -> Source:
    return Source(name=name, uri=f"//unregistered/{name}", namespace=name)

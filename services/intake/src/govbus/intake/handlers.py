"""Intake's Kafka edge: platforms' own topics, and the audit log's stream, from which it learns where facts stand."""

import base64
from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import groupby

from govbus.contracts import topics
from govbus.contracts.conclusions.log import EntryPublished
from govbus.contracts.identity import identity_digest
from govbus.contracts.translog.entry import EVENT, Entry, EntryRejected, parse_entry
from govbus.eventing.delivery import RawDelivery, RawHandler, Unprocessable
from govbus.eventing.following import Discover
from govbus.eventing.reading import decode_record
from govbus.eventing.records import RawRecord
from govbus.intake.admission import chunks
from govbus.intake.domain.inputs import Unit
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.source import Source
from govbus.intake.domain.units import read_record
from govbus.intake.plain_admission import admit_plain
from govbus.intake.plain_facts import Plain
from govbus.intake.read_ahead import Ahead, ReadAhead, parts_of, plain_of
from govbus.intake.reception import Reception, reading
from govbus.intake.store import places, sources
from govbus.intake.store.places import Place


def on_any_record(reception: Reception, ahead: ReadAhead) -> RawHandler:
    """Return the handler of all of intake's topics."""

    async def handle(delivery: RawDelivery) -> None:
        if delivery.records[0].topic == topics.AUDIT:
            await on_audit_records(delivery)
        else:
            await on_platform_records(reception, delivery, ahead)

    return handle


def topics_of_platforms(reception: Reception, always: Collection[str]) -> Discover:
    """Return what names the topics of the platforms that are registered for Kafka, `always` read ones left out."""

    async def discover() -> list[str]:
        async with reading(reception.transaction) as connection:
            names = await sources.names_on_kafka(connection)
        return [topics.intake_topic(name) for name in names if name not in always]

    return discover


async def on_platform_records(reception: Reception, delivery: RawDelivery, ahead: ReadAhead | None = None) -> None:
    """Admit events; rubbish becomes `event.rejected`, and nothing parks. The topic says who wrote."""
    topic = delivery.records[0].topic
    name = topic.removeprefix(topics.INTAKE_PREFIX)
    registration = await sources.find(delivery.connection, name)
    if registration is None:
        await _refuse_unregistered(reception, delivery, _nobody(name))
        return
    if ahead is not None:
        ahead.remember(topic, registration.source)
    prepared = delivery.prepared if isinstance(delivery.prepared, Ahead) else None
    for records in parts_of(prepared, delivery.records):
        now = prepared.now if prepared else reception.clock()
        plain = await plain_of(prepared, records, registration.source, now)
        await _admit(reception, delivery, registration.source, list(zip(records, plain, strict=True)), now)


async def _admit(
    reception: Reception,
    delivery: RawDelivery,
    source: Source,
    read: Sequence[tuple[RawRecord, Plain | None]],
    now: datetime,
) -> None:
    """Admit records in order, runs of plain ones the short way."""
    for is_plain, run in groupby(read, key=lambda one: one[1] is not None):
        records, plain = zip(*run, strict=True)
        if is_plain:
            admitted = await admit_plain(delivery.connection, delivery.outbox, source, plain, now)
            reception.count_plain("kafka", admitted)
            records = tuple(records[place] for place in admitted.refused)
        if records:
            units = [read_record(one.headers, one.value, source, reception.mappings, now) for one in records]
            await _admit_units(reception, delivery, source, units)


async def _refuse_unregistered(reception: Reception, delivery: RawDelivery, source: Source) -> None:
    now = reception.clock()
    units = [read_record(one.headers, one.value, source, reception.mappings, now) for one in delivery.records]
    refusal = Refused("unknown_source", f"register {source.name!r} with POST /v1/sources, then replay this")
    refused = [Unit(unit.input, refused=refusal, claimed=unit.claimed) for unit in units]
    await _admit_units(reception, delivery, source, refused)


async def _admit_units(reception: Reception, delivery: RawDelivery, source: Source, units: Sequence[Unit]) -> None:
    for run in chunks(units):
        reception.count(await reception.admission.admit(delivery.connection, delivery.outbox, source, run))


async def on_audit_records(delivery: RawDelivery) -> None:
    """Note where facts stand once the log has published their entries."""
    found = [place for record in delivery.records if (place := _place_in(record)) is not None]
    await places.add(delivery.connection, found)


def _place_in(record: RawRecord) -> tuple[bytes, Place] | None:
    """Return a fact's identity and place, None for a record that is no entry of a fact."""
    payload = decode_record(record).payload
    if not isinstance(payload, EntryPublished):
        return None
    try:
        entry = parse_entry(base64.b64decode(payload.entry))
    except (EntryRejected, ValueError) as error:
        raise Unprocessable("invalid_entry", str(error)[:500]) from None
    if entry.kind != EVENT or entry.kafka is None or entry.kafka.topic != topics.FACTS:
        return None
    return _identity(entry), Place(entry.kafka.partition, entry.kafka.offset, payload.index)


def _identity(entry: Entry) -> bytes:
    return identity_digest(entry.source or "", entry.type or "", entry.id or "")


def _nobody(name: str) -> Source:
    return Source(name=name, uri=f"//unregistered/{name}", namespace=name)

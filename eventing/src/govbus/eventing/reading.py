"""How records become work: typed events through an inbox, or raw bytes for a service that judges them itself."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final, cast

from opentelemetry.trace import SpanKind
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.contracts import all_events, catalogue, topics
from govbus.contracts.catalogue import ContractBroken, Payload
from govbus.contracts.conclusions.parking import RecordParked
from govbus.contracts.envelope import Event
from govbus.contracts.fields import EventReference
from govbus.contracts.identity import computed_id, event_identity
from govbus.contracts.making import service_source
from govbus.eventing import parking
from govbus.eventing.delivery import (
    Delivery,
    Handler,
    Prepare,
    RawDelivery,
    RawHandler,
    Unprocessable,
)
from govbus.eventing.inbox import Inbox
from govbus.eventing.outbox import Outbox
from govbus.eventing.parking import Parked
from govbus.eventing.partition import Step
from govbus.eventing.records import RawRecord, Undecodable, decode
from govbus.eventing.serialise import lock_subjects
from govbus.eventing.tracing import span

CONTRACT_BROKEN: Final = "contract_broken"
_ALL: Final[Mapping[str, Collection[bytes]]] = {}

__all__ = [
    "Decoded",
    "EventReading",
    "RawReading",
    "about_record",
    "all_events",
    "decode_record",
    "parked_event",
    "reference_to",
]


@dataclass(frozen=True, slots=True)
class Decoded:
    """A record with its event, or with the refusal of one that has none."""

    record: RawRecord
    event: Event | None
    payload: Payload | None
    refusal: tuple[str, str] | None


def decode_record(record: RawRecord) -> Decoded:
    """Return the record's event and typed data, or why there is none. Pure."""
    try:
        event = decode(record)
        return Decoded(record, event, catalogue.read(event), None)
    except Undecodable as error:
        return Decoded(record, None, None, (error.reason, error.detail))
    except ContractBroken as error:
        return Decoded(record, None, None, (CONTRACT_BROKEN, str(error)))


def _passed_over(record: RawRecord) -> Decoded:
    return Decoded(record, None, None, None)


class EventReading:
    """Typed events: decoded strictly, duplicates of producers dropped, one subject at a time."""

    def __init__(
        self, service: str, handlers: dict[str, Handler], inbox: Inbox, types: Mapping[str, Collection[bytes]] = _ALL
    ) -> None:
        """Handle each topic's events with its handler; where `types` names a topic, those types alone."""
        self._service = service
        self._handlers = handlers
        self._types = types
        self._inbox = inbox

    async def prepare(self, records: Sequence[RawRecord]) -> object:
        """Decode once, outside of the transaction, and make the inbox's days."""
        decoded = [decode_record(record) if self._concerns(record) else _passed_over(record) for record in records]
        await self._inbox.prepare([item.event for item in decoded if item.event])
        return decoded

    async def steps(self, connection: AsyncConnection, outbox: Outbox, prepared: object) -> list[Step]:
        """Lock the batch's subjects, admit what is new, and bind each new event to its handler."""
        decoded: list[Decoded] = prepared  # type: ignore[assignment]  # what prepare returned
        events = [item.event for item in decoded if item.event]
        await lock_subjects(connection, (event.subject for event in events))
        new = await self._inbox.admit(connection, events)
        return [self._step(connection, outbox, item, new) for item in decoded]

    def announce_parked(self, outbox: Outbox, record: RawRecord, reason: str, detail: str) -> None:
        """Append `record.parked` on the service's own topic."""
        event = parked_event(self._service, record, reason, detail)
        outbox.append(event, topics.SERVICE_TOPIC[self._service])

    def _concerns(self, record: RawRecord) -> bool:
        """Return whether a record may be of a type that is handled, before it is decoded."""
        wanted = self._types.get(record.topic)
        return wanted is None or any(name == "ce_type" and value in wanted for name, value in record.headers)

    def _step(self, connection: AsyncConnection, outbox: Outbox, item: Decoded, new: set[bytes]) -> Step:
        if item.event is None:
            return Step(item.record, None, item.refusal)
        identity = event_identity(item.event)
        if identity not in new:
            return Step(item.record, None)
        new.discard(identity)
        return Step(item.record, partial(self.handle, connection, outbox, item.record, item.event, item.payload))

    async def handle_again(self, connection: AsyncConnection, outbox: Outbox, parked: Parked) -> None:
        """Handle a parked record; its identity is in the inbox already, unless it was unreadable then.

        Raises:
            Unprocessable: it still cannot be decoded.
        """
        item = decode_record(parked.record)
        if item.event is None:
            raise Unprocessable(*(item.refusal or (CONTRACT_BROKEN, "unreadable")))
        await self._inbox.prepare([item.event])
        new = await self._inbox.admit(connection, [item.event])
        if not new and not parked.holds_key:
            return
        await self.handle(connection, outbox, parked.record, item.event, item.payload)

    async def handle(
        self,
        connection: AsyncConnection,
        outbox: Outbox,
        record: RawRecord,
        event: Event,
        payload: Payload | None,
    ) -> None:
        """Run the topic's handler for one event inside a span that continues the event's trace."""
        attributes = {**_place(record), "govbus.event.type": event.type}
        delivery = Delivery(
            event, payload, record.topic, record.partition, record.offset, record.timestamp_ms, connection, outbox
        )
        name = f"{self._service} process {record.topic}"
        with span(name, parent=event.traceparent, kind=SpanKind.CONSUMER, attributes=attributes):
            await self._handlers[record.topic](delivery)


class RawReading:
    """Raw records for one handler that decides itself what rubbish is; there is no inbox."""

    def __init__(self, service: str, handler: RawHandler, prepare: Prepare | None = None) -> None:
        """Handle every record with `handler`, which is also given what `prepare` made of the records."""
        self._service = service
        self._handler = handler
        self._prepare = prepare

    async def prepare(self, records: Sequence[RawRecord]) -> object:
        """Return the records as they are, with what the service prepared."""
        return records, await self._prepare(records) if self._prepare else None

    async def steps(self, connection: AsyncConnection, outbox: Outbox, prepared: object) -> list[Step]:
        """Bind each record to the handler, which takes many at once and asks the database about all of them."""
        records, ahead = cast("tuple[Sequence[RawRecord], object]", prepared)
        together = partial(self._handle, connection, outbox, ahead)
        return [Step(record, partial(together, [record]), together=together) for record in records]

    async def handle_again(self, connection: AsyncConnection, outbox: Outbox, parked: Parked) -> None:
        """Handle a parked record."""
        await self._handle(connection, outbox, None, [parked.record])

    async def _handle(
        self, connection: AsyncConnection, outbox: Outbox, prepared: object, records: Sequence[RawRecord]
    ) -> None:
        """Run the handler inside a span; that of a single record continues the platform's trace."""
        first = records[0]
        name = f"{self._service} process {first.topic}"
        attributes = {**_place(first), "messaging.batch.message_count": len(records)}
        parent = _traceparent(first) if len(records) == 1 else None
        with span(name, parent=parent, kind=SpanKind.CONSUMER, attributes=attributes):
            await self._handler(RawDelivery(records, connection, outbox, prepared))

    def announce_parked(self, outbox: Outbox, record: RawRecord, reason: str, detail: str) -> None:
        """Append `record.parked` on the service's own topic."""
        event = parked_event(self._service, record, reason, detail)
        outbox.append(event, topics.SERVICE_TOPIC[self._service])


def _place(record: RawRecord) -> dict[str, str | int]:
    """Return where a record stands as span attributes. Source: OpenTelemetry semantic conventions for Kafka."""
    return {
        "messaging.system": "kafka",
        "messaging.destination.name": record.topic,
        "messaging.kafka.offset": record.offset,
    }


def _traceparent(record: RawRecord) -> str | None:
    found = [value for name, value in record.headers if name in {"traceparent", "ce_traceparent"} and value]
    return found[0].decode("ascii", "replace") if found else None


def parked_event(service: str, record: RawRecord, reason: str, detail: str) -> Event:
    """Return `record.parked` for a record; its id comes from the record's place, so a retry makes the same."""
    decoded = decode_record(record)
    payload = RecordParked(
        service=service,
        reason=reason,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        identity=reference_to(decoded.event),
        detail=detail[:1000],
    )
    return about_record(service, record, payload, decoded.event)


def reference_to(event: Event | None) -> EventReference | None:
    """Return the identity of an event as payloads carry it."""
    return EventReference(source=event.source, type=event.type, id=event.id) if event else None


def about_record(service: str, record: RawRecord, payload: Payload, event: Event | None) -> Event:
    """Return a conclusion about the record itself, parked or resumed, decodable or not."""
    declared = catalogue.type_of(type(payload))
    place = str(parking.parked_id(service, record)).encode()
    known_at = event.known_at if event else datetime.fromtimestamp(record.timestamp_ms / 1000, UTC)
    own_id = computed_id(service, declared.full_name, place)
    return Event(
        id=own_id,
        source=service_source(service),
        type=declared.full_name,
        subject=event.subject if event else f"service/{service}",
        time=known_at,
        data=catalogue.dump(payload),
        dataschema=declared.schema_address,
        correlationid=(event.correlationid or event.id) if event else own_id,
        causationid=event.id if event else None,
        authtype="service",
        authid=service_source(service),
        actorassurance="authenticated",
        traceparent=event.traceparent if event else None,
        dataclassification="internal",
    )

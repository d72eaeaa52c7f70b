"""Hands records to risk's handlers as the runner would, and reads what it wants to say."""

from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI

from govbus.contracts import catalogue, topics, types
from govbus.contracts.catalogue import Payload
from govbus.contracts.envelope import Event
from govbus.contracts.facts.validation import Measurement, ValidationCompleted
from govbus.eventing.delivery import Delivery
from govbus.eventing.outbox import unpack_headers
from govbus.eventing.records import RawRecord, decode
from govbus.eventing.service import Service
from govbus.risk.deciding import Decider
from govbus.risk.handlers import Handlers
from govbus.risk.shelf import Shelf
from risk.rules import DATA, NAMES

MODEL = "model/retail/credit-risk"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def fact(payload: Payload, id_: str, subject: str = MODEL, at: datetime = START) -> Event:
    """Return a fact, or a conclusion of another service, that carries `payload`."""
    declared = catalogue.type_of(type(payload))
    return Event(
        id=id_,
        source="//mlflow/prod" if declared.is_fact else "//govbus/oversight",
        type=declared.full_name,
        subject=subject,
        time=at,
        recordedtime=at if declared.is_fact else None,
        data=catalogue.dump(payload),
    )


def fairness(version: str, *rates: float) -> ValidationCompleted:
    """Return a fairness validation the platform calls passed, with one rate per subgroup."""
    return ValidationCompleted(
        version=version,
        kind="fairness",
        outcome="passed",
        measurements=tuple(
            Measurement(metric="approval_rate", subgroup=f"group-{number}", value=rate)
            for number, rate in enumerate(rates)
        ),
    )


def new_handlers() -> Handlers:
    """Return handlers with the delivered rule data."""
    return Handlers(DATA, Decider(DATA, Shelf(NAMES)))


async def deliver(app: FastAPI, *events: Event) -> list[Event]:
    """Handle events in one transaction each; return what was appended to the outbox, in order, and clear it."""
    service: Service = app.state.service
    handlers = new_handlers()
    for event in events:
        payload = catalogue.read(event)
        async with service.transaction() as (connection, outbox):
            handler = _handler_of(handlers, event)
            await handler(Delivery(event, payload, topics.FACTS, 0, 0, 0, connection, outbox))
    return await sent(service)


def _handler_of(handlers: Handlers, event: Event) -> Any:
    declared = catalogue.find(event.type)
    assert declared is not None
    return {
        topics.FACTS: handlers.on_fact,
        topics.OVERSIGHT: handlers.on_oversight,
        topics.AUDIT: handlers.on_audit,
    }[declared.topics[0]]


async def sent(service: Service) -> list[Event]:
    """Return what waits in the outbox, in order, and clear it."""
    async with service.engine.begin() as connection:
        rows = await connection.exec_driver_sql("SELECT topic, key, value, headers FROM eventing_outbox ORDER BY id")
        found = rows.all()
        await connection.exec_driver_sql("DELETE FROM eventing_outbox")
    assert {row.topic for row in found} <= {topics.RISK}
    return [
        decode(RawRecord(row.topic, 0, 0, 0, bytes(row.key), bytes(row.value), unpack_headers(bytes(row.headers))))
        for row in found
    ]


def names(events: list[Event]) -> list[str | None]:
    """Return the short type names of events."""
    return [types.short_name(event.type) for event in events]

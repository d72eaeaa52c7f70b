"""Events as other services say them, handed to notifier's handler as the runner would."""

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from govbus.contracts import catalogue, topics
from govbus.contracts.catalogue import Payload
from govbus.contracts.conclusions.incident import IncidentOpened
from govbus.contracts.conclusions.rejection import EventRejected
from govbus.contracts.conclusions.validation import ValidationFailed
from govbus.contracts.envelope import Event
from govbus.eventing.delivery import Delivery
from govbus.eventing.outbox import unpack_headers
from govbus.eventing.records import RawRecord, decode
from govbus.eventing.service import Service
from govbus.notifier.handlers import on_event
from govbus.notifier.routes_file import load_routes

ROUTES = Path(__file__).parents[2] / "infra" / "notifier" / "routes.yaml"
MODEL = "model/retail/credit-risk"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def said(payload: Payload, subject: str = MODEL, **changes: Any) -> Event:
    """Return an event that carries `payload`."""
    declared = catalogue.type_of(type(payload))
    fields: dict[str, Any] = {
        "id": str(uuid.uuid4()),
        "source": "//govbus/risk",
        "type": declared.full_name,
        "subject": subject,
        "time": START,
        "data": catalogue.dump(payload),
        "correlationid": "story-1",
        "traceparent": TRACE,
    }
    return Event(**(fields | changes))


def opened(incident_id: str = "4711", **changes: Any) -> Event:
    """Return an incident's opening."""
    payload = IncidentOpened(
        incident_id=incident_id,
        about=(MODEL,),
        kind="failed_validation",
        severity="high",
        summary="version 1 is deployed and failed fairness",
        version="1",
    )
    return said(payload, f"incident/{incident_id}", source="//govbus/oversight", **changes)


def failed(version: str = "1", *, after: timedelta = timedelta(0), **changes: Any) -> Event:
    """Return a failed validation."""
    payload = ValidationFailed(
        version=version,
        kind="fairness",
        validation_id="v-1",
        bounds_source="bounds",
        reasons=("gap 0.3 exceeds 0.1",),
    )
    return said(payload, time=START + after, **changes)


def rejected(reason: str, **changes: Any) -> Event:
    """Return refused input."""
    payload = EventRejected(reason=reason, detail="not what was signed", source_name="mlflow")
    return said(payload, "source/mlflow", source="//govbus/intake", **changes)


async def deliver(service: Service, *events: Event) -> list[Event]:
    """Handle events in one transaction each; return what was said of them, and clear the outbox."""
    handler = on_event(load_routes(ROUTES), lambda: datetime.now(UTC))
    for event in events:
        async with service.transaction() as (connection, outbox):
            await handler(Delivery(event, catalogue.read(event), topics.RISK, 0, 0, 0, connection, outbox))
    return await spoken(service)


async def spoken(service: Service) -> list[Event]:
    """Return what waits in the outbox, in order, and clear it."""
    async with service.engine.begin() as connection:
        rows = await connection.exec_driver_sql("SELECT topic, key, value, headers FROM eventing_outbox ORDER BY id")
        found = rows.all()
        await connection.exec_driver_sql("DELETE FROM eventing_outbox")
    assert {row.topic for row in found} <= {topics.NOTIFICATIONS}
    return [
        decode(RawRecord(row.topic, 0, 0, 0, bytes(row.key), bytes(row.value), unpack_headers(bytes(row.headers))))
        for row in found
    ]


def kinds(events: list[Event]) -> list[str]:
    """Return the short types, sorted."""
    return sorted(event.type.removeprefix("dev.govbus.notification.").removesuffix(".v1") for event in events)

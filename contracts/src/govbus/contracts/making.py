"""Making events: conclusions with computed ids, acts of people with fresh ones."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from govbus.contracts import catalogue
from govbus.contracts.catalogue import Payload
from govbus.contracts.envelope import Event
from govbus.contracts.identity import computed_id, event_identity, fresh_id, scheduled_id

SERVICE_SOURCE: Final = "//govbus/"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: principal id, how it was established, and how sure we are."""

    id: str
    type: str = "person"
    assurance: str = "authenticated"


def service_source(service: str) -> str:
    """Return the `source` of a service's events: `//govbus/risk`."""
    return SERVICE_SOURCE + service


def conclude(
    service: str,
    subject: str,
    payload: Payload,
    cause: Event,
    *,
    ordinal: int | str = 0,
    at: datetime | None = None,
    classification: str = "internal",
) -> Event:
    """Return the conclusion `payload` that `service` draws from `cause`.

    Pure: the same arguments give the same event, id included. `ordinal` tells apart several conclusions of one type
    from one cause. `time` is when Govbus came to know the cause, unless `at` is given: no clock is read.
    """
    declared = catalogue.writable_type_of(type(payload))
    return Event(
        id=computed_id(service, declared.full_name, event_identity(cause), ordinal),
        source=service_source(service),
        type=declared.full_name,
        subject=subject,
        time=at or cause.known_at,
        data=catalogue.dump(payload),
        dataschema=declared.schema_address,
        correlationid=cause.correlationid or cause.id,
        causationid=cause.id,
        authtype="service",
        authid=service_source(service),
        actorassurance="authenticated",
        traceparent=cause.traceparent,
        tracestate=cause.tracestate,
        dataclassification=classification,
    )


def person_did(
    service: str,
    subject: str,
    payload: Payload,
    actor: Actor,
    at: datetime,
    *,
    cause: Event | None = None,
    correlation: str | None = None,
    causation: str | None = None,
    id_: str | None = None,
    classification: str = "internal",
) -> Event:
    """Return the event of an act of a person (or of one who called an API), recorded by `service` at `at`."""
    declared = catalogue.writable_type_of(type(payload))
    own_id = id_ or fresh_id()
    return Event(
        id=own_id,
        source=service_source(service),
        type=declared.full_name,
        subject=subject,
        time=at,
        data=catalogue.dump(payload),
        dataschema=declared.schema_address,
        correlationid=correlation or (cause.correlationid or cause.id if cause else own_id),
        causationid=causation or (cause.id if cause else None),
        authtype=actor.type,
        authid=actor.id,
        actorassurance=actor.assurance,
        dataclassification=classification,
    )


def clock_concluded(service: str, subject: str, payload: Payload, rule: str, due: str, at: datetime) -> Event:
    """Return what the clock alone concludes: its id comes from (rule, subject, due time)."""
    declared = catalogue.writable_type_of(type(payload))
    own_id = scheduled_id(rule, subject, due)
    return Event(
        id=own_id,
        source=service_source(service),
        type=declared.full_name,
        subject=subject,
        time=at,
        data=catalogue.dump(payload),
        dataschema=declared.schema_address,
        correlationid=own_id,
        authtype="service",
        authid=service_source(service),
        actorassurance="authenticated",
        dataclassification="internal",
    )

"""Hands records to oversight's handler as the runner would, and reads what it wants to say."""

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from govbus.contracts import catalogue, topics
from govbus.contracts.catalogue import Payload
from govbus.contracts.conclusions.monitoring import ThresholdBreached
from govbus.contracts.conclusions.scoring import Aggravation, Dimensions, DimensionScore, RiskScored
from govbus.contracts.envelope import Event
from govbus.contracts.fields import Window
from govbus.eventing.delivery import Delivery
from govbus.eventing.outbox import unpack_headers
from govbus.eventing.records import RawRecord, decode
from govbus.eventing.service import Service
from govbus.oversight.handlers import on_record
from govbus.oversight.rules_file import load_rules

RULES = load_rules(Path(__file__).parents[2] / "policies" / "incidents.yaml")
MODEL = "model/retail/credit-risk"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
_ZERO = DimensionScore(inherent=0, residual=0)


def said(payload: Payload, subject: str = MODEL, id_: str | None = None, at: datetime = START) -> Event:
    """Return an event that carries `payload`."""
    declared = catalogue.type_of(type(payload))
    source = "//mlflow/prod" if declared.is_fact else "//govbus/risk"
    return Event(
        id=id_ or str(uuid.uuid4()),
        source=source,
        type=declared.full_name,
        subject=subject,
        time=at,
        recordedtime=at if declared.is_fact else None,
        data=catalogue.dump(payload),
    )


def scored(*aggravations: Aggravation) -> RiskScored:
    """Return a score with these aggravations."""
    dimensions = Dimensions(
        privacy_sensitivity=_ZERO, safety_implications=_ZERO, regulatory_exposure=_ZERO, reputational_risk=_ZERO
    )
    return RiskScored(
        dimensions=dimensions,
        inherent=0,
        residual=0,
        tier="high",
        eu_class="unknown",
        eu_class_rule="none",
        aggravations=aggravations,
        taxonomy_digest="d",
    )


def deployed_failure(version: str = "1", evidence_id: str = "validation-1") -> Aggravation:
    """Return the aggravation of a deployed version whose validation failed."""
    return Aggravation(
        code="failed_validation_deployed",
        version=version,
        environment="production",
        evidence_id=evidence_id,
        detail=f"version {version} is deployed and failed fairness",
        severity="high",
    )


def breach(value: float = 0.4, **changes: Any) -> ThresholdBreached:
    """Return a breach of a bound in production."""
    fields: dict[str, Any] = {
        "environment": "production",
        "metric": "disparate_impact",
        "kind": "business",
        "value": value,
        "bound": 0.8,
        "bound_kind": "min",
        "window": Window(start=START, end=START + timedelta(hours=1)),
        "severity": "high",
        "consecutive_count": 3,
        "observation_id": "observation-1",
    }
    return ThresholdBreached(**(fields | changes))


async def deliver(service: Service, *events: Event) -> list[Event]:
    """Handle events in one transaction each; return what was appended to the outbox, in order, and clear it."""
    handler = on_record(RULES)
    for event in events:
        async with service.transaction() as (connection, outbox):
            await handler(Delivery(event, catalogue.read(event), topics.RISK, 0, 0, 0, connection, outbox))
    return await sent(service)


async def sent(service: Service) -> list[Event]:
    """Return what waits in the outbox, in order, and clear it."""
    async with service.engine.begin() as connection:
        rows = await connection.exec_driver_sql("SELECT topic, key, value, headers FROM eventing_outbox ORDER BY id")
        found = rows.all()
        await connection.exec_driver_sql("DELETE FROM eventing_outbox")
    assert {row.topic for row in found} <= {topics.OVERSIGHT}
    return [
        decode(RawRecord(row.topic, 0, 0, 0, bytes(row.key), bytes(row.value), unpack_headers(bytes(row.headers))))
        for row in found
    ]

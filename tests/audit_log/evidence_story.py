"""The life of one model as the log holds it: registered, validated, stopped, mended, deployed, in trouble, mended."""

import json
from datetime import datetime, timedelta
from typing import Any

from audit_log.desk import NOW, event
from govbus.contracts.envelope import Event, format_time

MODEL = "model/retail/credit-risk"
DATASET = "dataset/retail/applications"
VENDOR = "vendor/Acme%20Data"
INCIDENT = "incident/i-7"
OTHER = "model/retail/other"


def at(minutes: float) -> datetime:
    """Return the moment so many minutes into the story."""
    return NOW + timedelta(minutes=minutes)


def told(id_: str, type_: str, minutes: float, payload: dict[str, Any], subject: str = MODEL, **more: Any) -> Event:
    """Return one event of the story."""
    values: dict[str, Any] = {
        "type": f"dev.govbus.{type_}.v1",
        "subject": subject,
        "time": at(minutes),
        "recordedtime": at(minutes),
        "data": json.dumps(payload).encode(),
    }
    return event(id_, **{**values, **more})


DECISION = {"decision_id": "d", "version": "1", "environment": "production", "requested_by": "ci", "policy_digest": "x"}
ABOUT = {"incident_id": "i-7", "about": [MODEL]}

STORY = (
    told("r1", "model.registered", 0, {"purpose": "Scoring of credit applications", "vendor": "Acme Data"}),
    told("d1", "dataset.registered", 1, {"provenance": "Antragsstrecke, Ελλάδα"}, DATASET),
    told("v1", "model.version_created", 2, {"version": "1", "datasets": [{"dataset": DATASET, "role": "training"}]}),
    told("e1", "vendor.assessed", 3, {"result": "passed"}, VENDOR),
    told(
        "t1", "validation.completed", 4, {"version": "1", "kind": "fairness", "outcome": "failed"}, correlationid="c1"
    ),
    told(
        "t2", "validation.failed", 4, {"version": "1", "kind": "fairness", "reasons": ["gap 0.2"]}, correlationid="c1"
    ),
    told("i1", "incident.opened", 5, {**ABOUT, "severity": "high", "summary": "Gap"}, INCIDENT, correlationid="c1"),
    told("g1", "release.blocked", 6, {**DECISION, "decision": "deny", "reasons": [{"rule": "fairness-gap"}]}),
    told("i2", "incident.acknowledged", 8, {**ABOUT, "by": "ada", "at": format_time(at(8))}, INCIDENT),
    told("t3", "validation.completed", 10, {"version": "2", "kind": "fairness", "outcome": "passed"}),
    told("t4", "validation.passed", 10, {"version": "2", "kind": "fairness"}),
    told("g2", "release.allowed", 11, {**DECISION, "version": "2", "decision": "allow"}),
    told("p1", "deployment.completed", 12, {"version": "2", "environment": "production"}),
    told("s1", "complaint.received", 13, {"topic": "wrong_decision"}, dataclassification="personal"),
    told("i3", "incident.resolved", 35, {**ABOUT, "by": "ada", "at": format_time(at(35))}, INCIDENT),
    told("o1", "override.recorded", 40, {"direction": "reject_to_accept"}),
    told("x1", "model.registered", 41, {"purpose": "Something else"}, OTHER),
)
"""Two of its entries are not in the model's evidence: the vendor is, the other model is not."""

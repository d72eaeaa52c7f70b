"""Kafka edge: signals become incidents by rule, or join the incident that stands."""

from collections.abc import Sequence
from uuid import UUID

from govbus.contracts import topics
from govbus.contracts.identity import computed_id, event_identity
from govbus.contracts.making import conclude, service_source
from govbus.eventing.delivery import Delivery, Handler
from govbus.oversight import announcing
from govbus.oversight.domain.history import Action, Line
from govbus.oversight.domain.incident import Incident, announced, noted, open_incident
from govbus.oversight.domain.rules import Opens, Rule, rule_on
from govbus.oversight.domain.signal import Signal
from govbus.oversight.service_name import SERVICE
from govbus.oversight.signals import signals_of
from govbus.oversight.store import incidents


def on_record(rules: Sequence[Rule]) -> Handler:
    """Return the handler of facts and of risk's conclusions."""

    async def handle(delivery: Delivery) -> None:
        for signal in signals_of(delivery.event, delivery.payload):
            ruling = rule_on(signal, rules)
            if isinstance(ruling, Opens):
                await _on_signal(delivery, signal, ruling)

    return handle


async def _on_signal(delivery: Delivery, signal: Signal, ruling: Opens) -> None:
    same = await incidents.lock_same(delivery.connection, signal.fingerprint, resolved_too=not signal.returns)
    if same is None:
        await _open(delivery, open_incident(_incident_id(delivery, signal), signal, ruling, service_source(SERVICE)))
    elif signal.returns:
        line = Line(signal.said_at, delivery.event.source, Action.SIGNAL_ATTACHED, signal.summary, delivery.event.id)
        await incidents.change(delivery.connection, noted(same), line)


async def _open(delivery: Delivery, incident: Incident) -> None:
    opened = conclude(SERVICE, incident.subject, announcing.opened(incident), delivery.event, ordinal=incident.id)
    await incidents.add(delivery.connection, announced(incident, opened.id, opened.correlationid))
    delivery.outbox.append(opened, topics.OVERSIGHT)


def _incident_id(delivery: Delivery, signal: Signal) -> str:
    """Computed from what opens it, so that a replay opens the same incident."""
    return str(UUID(computed_id(SERVICE, "incident", event_identity(delivery.event), signal.fingerprint.hex())))

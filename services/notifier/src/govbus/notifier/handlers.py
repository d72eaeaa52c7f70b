"""Kafka edge: an event becomes one notification per receiver, pending or suppressed, in the consuming transaction."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from govbus.contracts import topics
from govbus.contracts.conclusions.scoring import RiskScored
from govbus.contracts.envelope import Event
from govbus.contracts.identity import computed_id, event_identity
from govbus.eventing.delivery import Delivery, Handler
from govbus.eventing.tracing import current_traceparent
from govbus.notifier import announcing
from govbus.notifier.alerts import alert_of
from govbus.notifier.domain.alert import Alert
from govbus.notifier.domain.notification import Cause, Notification, State
from govbus.notifier.domain.repeating import Suppress, decide, fingerprint
from govbus.notifier.domain.routing import Chosen, receivers_of
from govbus.notifier.domain.wording import Wording, word
from govbus.notifier.receivers import Receiver
from govbus.notifier.routes_file import Routes
from govbus.notifier.service_name import SERVICE
from govbus.notifier.store import notifications, tiers


def on_event(routes: Routes, clock: Callable[[], datetime]) -> Handler:
    """Return the handler of all topics; `clock` says when a notification was made, it decides nothing."""

    async def handle(delivery: Delivery) -> None:
        if isinstance(delivery.payload, RiskScored):
            await tiers.keep(delivery.connection, delivery.event.subject, delivery.payload.tier)
        alert = alert_of(delivery.event, delivery.payload)
        if alert is None:
            return
        known = await tiers.tiers_of(delivery.connection, alert.subjects)
        wording = word(alert)
        for chosen in receivers_of(alert.labels(known), routes.root):
            receiver = routes.receivers[chosen.receiver]
            made = _notification(delivery.event, alert, wording, chosen, receiver, clock())
            await _keep(delivery, made, chosen, receiver)

    return handle


async def _keep(delivery: Delivery, made: Notification, chosen: Chosen, receiver: Receiver) -> None:
    last = await notifications.last_told_at(delivery.connection, made.fingerprint)
    decision = decide(made.cause.known_at, last, chosen.repeat_interval, is_configured=receiver.is_configured)
    if isinstance(decision, Suppress):
        made = made.suppressed(decision.reason)
    is_new = await notifications.add(delivery.connection, made)
    if is_new and isinstance(decision, Suppress):
        delivery.outbox.append(announcing.suppressed(made, decision.reason), topics.NOTIFICATIONS)


def _notification(
    event: Event, alert: Alert, wording: Wording, chosen: Chosen, receiver: Receiver, now: datetime
) -> Notification:
    cause = Cause(
        source=event.source,
        type=event.type,
        id=event.id,
        subject=event.subject,
        happened_at=event.time,
        known_at=event.known_at,
        correlation_id=event.correlationid or event.id,
        traceparent=current_traceparent() or event.traceparent,
        tracestate=event.tracestate,
    )
    return Notification(
        id=str(UUID(computed_id(SERVICE, "notification", event_identity(event), receiver.name))),
        receiver=receiver.name,
        channel=receiver.channel,
        route_path=chosen.route_path,
        alert_type=alert.type,
        about=alert.about,
        severity=alert.severity,
        title=wording.title,
        summary=wording.summary,
        details=dict(wording.details),
        fingerprint=fingerprint(alert, receiver.name),
        cause=cause,
        created_at=now,
        state=State.PENDING,
        next_attempt_at=now,
    )

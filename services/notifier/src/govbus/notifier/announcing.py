"""What became of notifications, as others hear of it on govbus.notifications."""

from datetime import datetime

from govbus.contracts.catalogue import Payload
from govbus.contracts.conclusions.notification import NotificationFailed, NotificationSent, NotificationSuppressed
from govbus.contracts.envelope import Event
from govbus.contracts.fields import EventReference
from govbus.contracts.making import conclude
from govbus.notifier.domain.notification import Cause, Notification
from govbus.notifier.service_name import SERVICE


def sent(notification: Notification, attempts_count: int, at: datetime) -> Event:
    """Return the event that says that the receiver's server took it."""
    payload = NotificationSent(
        notification_id=notification.id,
        receiver=notification.receiver,
        channel=notification.channel,
        about=_reference(notification.cause),
        about_subject=notification.subject,
        attempts_count=attempts_count,
        delivered_at=at,
    )
    return _concluded(notification, payload, at)


def failed(notification: Notification, attempts_count: int, reason: str, at: datetime) -> Event:
    """Return the event that says that it was given up."""
    payload = NotificationFailed(
        notification_id=notification.id,
        receiver=notification.receiver,
        channel=notification.channel,
        about=_reference(notification.cause),
        about_subject=notification.subject,
        attempts_count=attempts_count,
        reason=reason,
    )
    return _concluded(notification, payload, at)


def suppressed(notification: Notification, reason: str) -> Event:
    """Return the event that says that it was not sent, and which rule held it back."""
    payload = NotificationSuppressed(
        notification_id=notification.id,
        receiver=notification.receiver,
        channel=notification.channel,
        about=_reference(notification.cause),
        about_subject=notification.subject,
        reason=reason,
    )
    return _concluded(notification, payload, None)


def _concluded(notification: Notification, payload: Payload, at: datetime | None) -> Event:
    """Conclude from the stored cause; every round that a person asked for is a conclusion of its own."""
    ordinal = notification.receiver if not notification.round else f"{notification.receiver}/{notification.round}"
    return conclude(SERVICE, notification.subject, payload, _event(notification.cause), ordinal=ordinal, at=at)


def _reference(cause: Cause) -> EventReference:
    return EventReference(source=cause.source, type=cause.type, id=cause.id)


def _event(cause: Cause) -> Event:
    """Return the cause as far as a conclusion needs it."""
    return Event(
        id=cause.id,
        source=cause.source,
        type=cause.type,
        subject=cause.subject,
        time=cause.known_at,
        correlationid=cause.correlation_id,
        traceparent=cause.traceparent,
        tracestate=cause.tracestate,
    )

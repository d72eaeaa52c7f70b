"""What goes in and out over HTTP; no address and no secret of a receiver goes out."""

from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from govbus.contracts.envelope import format_time
from govbus.notifier.domain.alert import Labels
from govbus.notifier.domain.notification import Attempt, Notification
from govbus.notifier.domain.routing import Chosen
from govbus.notifier.receivers import Receiver


class RouteQuestion(BaseModel):
    """Labels of an alert that somebody thinks of; a list asks for any of its values."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str = Field(min_length=1, max_length=200, description="Short or full event type.")
    subject: str = Field(default="", max_length=1024)
    about: tuple[str, ...] = Field(default=(), max_length=50)
    severity: str | None = Field(default=None, max_length=20)
    tier: str | None = Field(default=None, max_length=20)
    reason: str | None = Field(default=None, max_length=64)
    source: str = Field(default="", max_length=1024)


def notification_document(notification: Notification) -> dict[str, Any]:
    """Return a notification; what is not known is null."""
    cause = notification.cause
    return {
        "id": notification.id,
        "state": notification.state.value,
        "type": notification.alert_type,
        "subject": notification.subject,
        "about": list(notification.about),
        "severity": notification.severity,
        "title": notification.title,
        "summary": notification.summary,
        "receiver": notification.receiver,
        "channel": notification.channel,
        "route": notification.route_path,
        "reason": notification.reason,
        "attempts_count": notification.attempts_count,
        "round": notification.round,
        "next_attempt_at": notification.next_attempt_at and format_time(notification.next_attempt_at),
        "created_at": format_time(notification.created_at),
        "settled_at": notification.settled_at and format_time(notification.settled_at),
        "resent_by": notification.resent_by,
        "event": {
            "id": cause.id,
            "source": cause.source,
            "type": cause.type,
            "time": format_time(cause.happened_at),
            "correlationid": cause.correlation_id,
        },
    }


def attempt_document(attempt: Attempt) -> dict[str, Any]:
    """Return one attempt."""
    return {
        "round": attempt.round,
        "number": attempt.number,
        "started_at": format_time(attempt.started_at),
        "finished_at": format_time(attempt.finished_at),
        "outcome": attempt.outcome,
        "detail": attempt.detail,
    }


def receiver_document(receiver: Receiver) -> dict[str, Any]:
    """Return a receiver: its host at most, as paths and recipients may be secret or personal."""
    host: str | None = None
    if receiver.webhook is not None:
        host = urlsplit(receiver.webhook.url).hostname
    elif receiver.mail is not None:
        host = receiver.mail.smarthost.rpartition(":")[0] or None
    return {
        "name": receiver.name,
        "channel": receiver.channel,
        "configured": receiver.is_configured,
        "host": host,
        "recipients_count": len(receiver.mail.recipients) if receiver.mail else None,
    }


def choice_document(choice: Chosen, receiver: Receiver) -> dict[str, Any]:
    """Return who would be told, and by which route."""
    return {
        "receiver": choice.receiver,
        "channel": receiver.channel,
        "configured": receiver.is_configured,
        "route": choice.route_path,
        "repeat_interval_seconds": int(choice.repeat_interval.total_seconds()),
    }


def labels_document(labels: Labels) -> dict[str, list[str]]:
    """Return what matchers saw."""
    return {name: list(values) for name, values in labels.items()}

"""What is put on the wire: the same bytes on every attempt, so that a receiver can tell a repeat."""

from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

from govbus.contracts import strict_json
from govbus.contracts.envelope import format_time
from govbus.notifier.domain.notification import Notification
from govbus.notifier.domain.retrying import Outcome


class Channel(Protocol):
    """One receiver's wire."""

    async def send(self, notification: Notification, traceparent: str | None) -> Outcome:
        """Try once; what goes wrong is an outcome, never an exception, and holds no secret."""
        ...


@dataclass(frozen=True, slots=True)
class Links:
    """Where a reader finds more; no public address means no links."""

    public_url: str

    def of(self, notification: Notification) -> dict[str, str]:
        """Return links by name."""
        if not self.public_url:
            return {}
        base = self.public_url.rstrip("/")
        found = {"console": f"{base}/", "record": f"{base}/v1/log/entries?subject={quote(notification.subject, '')}"}
        kind, _, id_ = notification.subject.partition("/")
        return {**found, "case": f"{base}/v1/cases/{quote(id_, '')}"} if kind == "incident" else found


def webhook_body(notification: Notification, links: Links) -> bytes:
    """Return the JSON body of a webhook. Source: Standard Webhooks, "Payload structure"."""
    cause = notification.cause
    return strict_json.dump(
        {
            "type": notification.alert_type,
            "timestamp": format_time(cause.known_at),
            "data": {
                "notification_id": notification.id,
                "subject": notification.subject,
                "about": list(notification.about),
                "severity": notification.severity,
                "title": notification.title,
                "summary": notification.summary,
                "details": dict(notification.details),
                "event": {
                    "id": cause.id,
                    "source": cause.source,
                    "type": cause.type,
                    "time": format_time(cause.happened_at),
                    "correlationid": cause.correlation_id,
                },
                "links": links.of(notification),
            },
        }
    )


def mail_text(notification: Notification, links: Links) -> str:
    """Return the text of a mail."""
    lines = [notification.summary, ""]
    lines += [f"Subject: {notification.subject}"]
    lines += [f"About: {', '.join(notification.about)}"] if notification.about else []
    lines += [f"Severity: {notification.severity}"] if notification.severity else []
    lines += [f"{name.replace('_', ' ').capitalize()}: {value}" for name, value in notification.details.items()]
    lines += [f"Known since: {format_time(notification.cause.known_at)} (UTC)"]
    lines += ["", *(f"{name.capitalize()}: {url}" for name, url in links.of(notification).items())]
    lines += ["", f"Event {notification.cause.id} of {notification.cause.source} ({notification.cause.type})."]
    return "\n".join(lines) + "\n"

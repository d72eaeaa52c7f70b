"""Whom the notifier must have told of what the log holds: its own pure domain, folded by somebody else."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from govbus.contracts.catalogue import read
from govbus.contracts.conclusions.notification import NotificationFailed, NotificationSent, NotificationSuppressed
from govbus.contracts.envelope import Event
from govbus.contracts.identity import computed_id, event_identity
from govbus.notifier.alerts import alert_of
from govbus.notifier.domain.repeating import Suppress, decide, fingerprint
from govbus.notifier.domain.routing import receivers_of
from govbus.notifier.routes_file import Routes

Outcome = NotificationSent | NotificationFailed | NotificationSuppressed


@dataclass(frozen=True, slots=True)
class Notice:
    """One event for one receiver; `held_back_by` is the rule that keeps it from being sent, None: it must be sent."""

    id: str
    receiver: str
    about: Event
    held_back_by: str | None


def notices(events: Sequence[Event], routes: Routes) -> Iterator[Notice]:
    """Yield the notices that events in log order lead to."""
    told_at: dict[bytes, datetime] = {}
    for event in events:
        alert = alert_of(event, read(event))
        if alert is None:
            continue
        for chosen in receivers_of(alert.labels(), routes.root):
            same = fingerprint(alert, chosen.receiver)
            is_configured = routes.receivers[chosen.receiver].is_configured
            ruling = decide(event.known_at, told_at.get(same), chosen.repeat_interval, is_configured=is_configured)
            held_back_by = ruling.reason if isinstance(ruling, Suppress) else None
            if held_back_by is None:
                told_at[same] = max(event.known_at, told_at.get(same, event.known_at))
            id_ = str(UUID(computed_id("notifier", "notification", event_identity(event), chosen.receiver)))
            yield Notice(id_, chosen.receiver, event, held_back_by)


def compare_notices(
    expected: Iterable[Notice], outcomes: Sequence[Event], shown: Iterable[dict[str, object]], arrived: set[str]
) -> list[str]:
    """Every notice has exactly one outcome in the log, the right one; the delivery log agrees; what was sent arrived.

    `shown` are the items of `GET /v1/notifications`; `arrived` are the ids that a webhook's receiver got.
    """
    said: dict[str, list[Outcome]] = {}
    for event in outcomes:
        payload = read(event)
        if isinstance(payload, Outcome):
            said.setdefault(payload.notification_id, []).append(payload)
    states = {str(item["id"]): str(item["state"]) for item in shown}
    differences: list[str] = []
    for notice in expected:
        found = said.pop(notice.id, [])
        state = states.pop(notice.id, "absent")
        name = f"notification {notice.id} of {notice.about.type} {notice.about.id} to {notice.receiver}"
        if len(found) != 1:
            differences.append(f"{name}: {len(found)} outcomes in the log, the delivery log says {state}")
            continue
        wanted = "suppressed" if notice.held_back_by else "sent"
        outcome = _word(found[0])
        if outcome != wanted or state != wanted:
            differences.append(f"{name}: must be {wanted}, the log says {outcome}, the delivery log {state}")
        elif isinstance(found[0], NotificationSuppressed) and found[0].reason != notice.held_back_by:
            differences.append(f"{name}: held back by {found[0].reason} instead of {notice.held_back_by}")
        if wanted == "sent" and found[0].channel == "webhook" and notice.id not in arrived:
            differences.append(f"{name}: sent, but its receiver never got it")
    differences += [f"nothing leads to notification {id_} in the log" for id_ in said]
    differences += [f"nothing leads to notification {id_} in the delivery log" for id_ in states]
    return differences


def _word(outcome: Outcome) -> str:
    match outcome:
        case NotificationSent():
            return "sent"
        case NotificationFailed():
            return "failed"
        case NotificationSuppressed():
            return "suppressed"

"""Notifications: kept once per cause and receiver, listed, followed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, literal_column, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.notifier.domain.notification import Attempt, Cause, Notification, State
from govbus.notifier.tables import attempt as attempts
from govbus.notifier.tables import notification as notifications

_SETTLED_BEFORE: ColumnElement[int] = literal_column("(pg_snapshot_xmin(pg_current_snapshot())::text)::bigint")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What a list is narrowed to; None does not narrow. `subject` is also found in what a notification is about."""

    state: State | None = None
    receiver: str | None = None
    subject: str | None = None


async def add(connection: AsyncConnection, notification: Notification) -> bool:
    """Keep a new notification and return True; False when this cause was told to this receiver before.

    Its id is computed from both, so the primary key is the rule.
    """
    statement = insert(notifications).values(_columns(notification)).on_conflict_do_nothing(index_elements=["id"])
    return bool((await connection.execute(statement.returning(notifications.c.id))).first())


async def last_told_at(connection: AsyncConnection, fingerprint: bytes) -> datetime | None:
    """Return when (by event time) the same was last sent, or is about to be; what failed or was held back is not."""
    told = notifications.c.state.in_((State.PENDING.value, State.SENT.value))
    query = select(func.max(notifications.c.known_at)).where(notifications.c.fingerprint == fingerprint, told)
    told_at: datetime | None = (await connection.execute(query)).scalar_one()
    return told_at


async def find(connection: AsyncConnection, id_: str, *, lock: bool = False) -> Notification | None:
    """Return a notification, with its row locked on request."""
    query = select(notifications).where(notifications.c.id == id_)
    row = (await connection.execute(query.with_for_update() if lock else query)).first()
    return None if row is None else notification_of(row)


async def page(
    connection: AsyncConnection, wanted: Filter, before: int | None, limit_count: int
) -> list[tuple[int, Notification]]:
    """Return notifications with their ordinals, newest first, older than ordinal `before`."""
    query = select(notifications).order_by(notifications.c.ordinal.desc()).limit(limit_count)
    if wanted.state is not None:
        query = query.where(notifications.c.state == wanted.state.value)
    if wanted.receiver is not None:
        query = query.where(notifications.c.receiver == wanted.receiver)
    if wanted.subject is not None:
        about = notifications.c.about.contains([wanted.subject])
        query = query.where(or_(notifications.c.subject == wanted.subject, about))
    if before is not None:
        query = query.where(notifications.c.ordinal < before)
    return [(row.ordinal, notification_of(row)) for row in await connection.execute(query)]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in the order of changes: transaction, then ordinal."""

    transaction: int
    ordinal: int


async def newest_place(connection: AsyncConnection) -> Place:
    """Return a place that nothing committed later lies before."""
    return Place((await connection.execute(select(_SETTLED_BEFORE))).scalar_one(), -1)


async def changed_since(
    connection: AsyncConnection, place: Place, limit_count: int
) -> Sequence[tuple[Place, Notification]]:
    """Return what changed after `place`, in an order in which nothing can appear before what was returned.

    Only transactions older than every running one are shown, so no commit can come late and be missed.
    """
    here = tuple_(notifications.c.changed_in, notifications.c.ordinal)
    query = (
        select(notifications)
        .where(here > (place.transaction, place.ordinal), notifications.c.changed_in < _SETTLED_BEFORE)
        .order_by(notifications.c.changed_in, notifications.c.ordinal)
        .limit(limit_count)
    )
    return [(Place(row.changed_in, row.ordinal), notification_of(row)) for row in await connection.execute(query)]


async def attempts_of(connection: AsyncConnection, id_: str) -> list[Attempt]:
    """Return every attempt, oldest first."""
    query = select(attempts).where(attempts.c.notification_id == id_).order_by(attempts.c.round, attempts.c.number)
    return [
        Attempt(row.round, row.number, row.started_at, row.finished_at, row.outcome, row.detail)
        for row in await connection.execute(query)
    ]


def notification_of(row: Row[Any]) -> Notification:
    """Return the notification in a row."""
    return Notification(
        id=row.id,
        receiver=row.receiver,
        channel=row.channel,
        route_path=row.route_path,
        alert_type=row.alert_type,
        about=tuple(row.about),
        severity=row.severity,
        title=row.title,
        summary=row.summary,
        details=dict(row.details),
        fingerprint=bytes(row.fingerprint),
        cause=Cause(
            source=row.event_source,
            type=row.event_type,
            id=row.event_id,
            subject=row.subject,
            happened_at=row.happened_at,
            known_at=row.known_at,
            correlation_id=row.correlation_id,
            traceparent=row.traceparent,
            tracestate=row.tracestate,
        ),
        created_at=row.created_at,
        state=State(row.state),
        reason=row.reason,
        round=row.round,
        attempts_count=row.attempts_count,
        next_attempt_at=row.next_attempt_at,
        settled_at=row.settled_at,
        resent_by=row.resent_by,
    )


def _columns(notification: Notification) -> dict[str, Any]:
    cause = notification.cause
    return {
        "id": notification.id,
        "receiver": notification.receiver,
        "channel": notification.channel,
        "route_path": notification.route_path,
        "state": notification.state.value,
        "alert_type": notification.alert_type,
        "subject": cause.subject,
        "about": list(notification.about),
        "severity": notification.severity,
        "title": notification.title,
        "summary": notification.summary,
        "details": [[name, value] for name, value in notification.details.items()],
        "fingerprint": notification.fingerprint,
        "event_source": cause.source,
        "event_type": cause.type,
        "event_id": cause.id,
        "happened_at": cause.happened_at,
        "known_at": cause.known_at,
        "correlation_id": cause.correlation_id,
        "traceparent": cause.traceparent,
        "tracestate": cause.tracestate,
        "reason": notification.reason,
        "round": notification.round,
        "attempts_count": notification.attempts_count,
        "next_attempt_at": notification.next_attempt_at,
        "created_at": notification.created_at,
        "settled_at": notification.settled_at,
        "resent_by": notification.resent_by,
    }

"""The sender's side of the table: claim with a lease, settle only while the lease is one's own."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, insert, literal_column, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.notifier.domain.notification import Attempt, Notification, State
from govbus.notifier.store.notifications import notification_of
from govbus.notifier.tables import attempt as attempts
from govbus.notifier.tables import notification as notifications

_THIS_TRANSACTION: ColumnElement[int] = literal_column("(pg_current_xact_id()::text)::bigint")


async def claim(
    connection: AsyncConnection,
    receiver: str,
    lease: str,
    now: datetime,
    leased_until: datetime,
    limit_count: int,
) -> list[Notification]:
    """Lease up to `limit_count` due notifications of a receiver, oldest first; other senders skip them.

    One whose sender died is due again when its lease ends: it is sent twice rather than never.
    """
    columns = notifications.c
    free = or_(columns.leased_until.is_(None), columns.leased_until <= now)
    due = (
        select(columns.id)
        .where(columns.state == State.PENDING.value, columns.receiver == receiver, columns.next_attempt_at <= now, free)
        .order_by(columns.ordinal)
        .limit(limit_count)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    statement = (
        update(notifications)
        .where(columns.id.in_(select(due.c.id)))
        .values(lease=lease, leased_until=leased_until)
        .returning(notifications)
    )
    rows = (await connection.execute(statement)).all()
    return [notification_of(row) for row in sorted(rows, key=lambda row: row.ordinal)]


async def hold(connection: AsyncConnection, id_: str, lease: str) -> Notification | None:
    """Return the notification, locked, while the lease is still this sender's; None when it was lost."""
    query = select(notifications).where(notifications.c.id == id_, notifications.c.lease == lease).with_for_update()
    row = (await connection.execute(query)).first()
    return None if row is None else notification_of(row)


async def record(connection: AsyncConnection, id_: str, attempt: Attempt) -> None:
    """Keep one attempt and count it."""
    await connection.execute(
        insert(attempts).values(
            notification_id=id_,
            round=attempt.round,
            number=attempt.number,
            started_at=attempt.started_at,
            finished_at=attempt.finished_at,
            outcome=attempt.outcome,
            detail=attempt.detail,
        )
    )
    await _change(connection, id_, attempts_count=attempt.number, lease=None, leased_until=None)


async def settle(connection: AsyncConnection, id_: str, state: State, at: datetime, reason: str | None) -> None:
    """Mark it sent or failed."""
    await _change(connection, id_, state=state.value, settled_at=at, next_attempt_at=None, reason=reason)


async def postpone(connection: AsyncConnection, id_: str, until: datetime) -> None:
    """Let it be tried again from `until` on."""
    await _change(connection, id_, next_attempt_at=until)


async def reopen(connection: AsyncConnection, id_: str, by: str, now: datetime) -> None:
    """Begin another round, asked for by a person."""
    await _change(
        connection,
        id_,
        state=State.PENDING.value,
        settled_at=None,
        reason=None,
        next_attempt_at=now,
        round=notifications.c.round + 1,
        attempts_count=0,
        resent_by=by,
    )


async def pending_count(connection: AsyncConnection) -> int:
    """Return how many wait to be sent."""
    query = select(func.count()).where(notifications.c.state == State.PENDING.value)
    return int((await connection.execute(query)).scalar_one())


async def _change(connection: AsyncConnection, id_: str, **values: Any) -> None:
    statement = update(notifications).where(notifications.c.id == id_)
    await connection.execute(statement.values(changed_in=_THIS_TRANSACTION, **values))

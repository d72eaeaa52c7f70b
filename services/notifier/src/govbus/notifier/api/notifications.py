"""The log of notifications: what was sent, suppressed, failed; and sending again."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.eventing.access import Principal
from govbus.eventing.paging import DEFAULT_COUNT, Limit, Page, decode_cursor, encode_cursor, page
from govbus.eventing.problems import Problem
from govbus.eventing.serialise import lock_subject
from govbus.eventing.service import Service
from govbus.notifier.api.documents import attempt_document, notification_document
from govbus.notifier.domain.notification import Notification, State, may_resend
from govbus.notifier.store import deliveries, notifications
from govbus.notifier.store.notifications import Filter


def notification_routes(service: Service, clock: Callable[[], datetime]) -> APIRouter:
    """Return `/v1/notifications…`, without the stream."""
    routes = APIRouter(prefix="/v1/notifications", tags=["notifications"])
    reader = Depends(service.access.require("viewer"))
    operator = Depends(service.access.require("operator", "admin"))

    @routes.get("")
    async def list_notifications(
        _: Annotated[Principal, reader],
        state: State | None = None,
        receiver: str | None = None,
        subject: str | None = None,
        limit: Limit = DEFAULT_COUNT,
        cursor: str | None = None,
    ) -> Page:
        """Notifications, newest first; `subject` also finds those that are about it."""
        wanted = Filter(state=state, receiver=receiver, subject=subject)
        place = decode_cursor(cursor, int)
        async with service.engine.connect() as connection:
            found = await notifications.page(connection, wanted, place[0] if place else None, limit + 1)
        cut = encode_cursor(found[limit - 1][0]) if len(found) > limit else None
        return page([notification_document(notification) for _, notification in found], limit, cut)

    @routes.get("/{id_}")
    async def show_notification(id_: UUID, _: Annotated[Principal, reader]) -> dict[str, Any]:
        """One notification with every attempt, oldest first."""
        async with service.engine.connect() as connection:
            found = await notifications.find(connection, str(id_))
            attempts = await notifications.attempts_of(connection, str(id_))
        if found is None:
            raise _absent(id_)
        return {**notification_document(found), "attempts": [attempt_document(attempt) for attempt in attempts]}

    @routes.post("/{id_}/resend", status_code=202)
    async def resend(id_: UUID, who: Annotated[Principal, operator]) -> dict[str, Any]:
        """Send a settled notification again, under the same id; what becomes of it is on record as a new round."""
        async with service.transaction() as (connection, _):
            return notification_document(await _reopened(connection, id_, who.id, clock()))

    return routes


async def _reopened(connection: AsyncConnection, id_: UUID, by: str, now: datetime) -> Notification:
    """Begin another round in the caller's transaction, holding the subject as the sender does when it records."""
    seen = await notifications.find(connection, str(id_))
    if seen is None:
        raise _absent(id_)
    await lock_subject(connection, seen.subject)
    found = await notifications.find(connection, seen.id, lock=True)
    if found is None or may_resend(found) is not None:
        raise Problem(
            status=409,
            reason="still_pending",
            title="Not given up yet",
            detail="It is still being tried; it can be sent again when it is sent, failed or suppressed.",
        )
    await deliveries.reopen(connection, found.id, by, now)
    return await notifications.find(connection, found.id) or found


def _absent(id_: UUID) -> Problem:
    return Problem(
        status=404,
        reason="notification_unknown",
        title="No such notification",
        detail=f"No notification {id_}; GET /v1/notifications lists them.",
    )

"""A line in the service's own log: the receiver that cannot be away."""

import logging
from typing import Final

from govbus.notifier.domain.notification import Notification
from govbus.notifier.domain.retrying import Delivered, Outcome

_log: Final = logging.getLogger("govbus.notifier.notification")


class LogChannel:
    """Writes title, subject and event; titles are one line already."""

    async def send(self, notification: Notification, traceparent: str | None) -> Outcome:
        """Write one line."""
        cause = notification.cause
        _log.warning(
            "%s [%s] subject %s, event %s of %s, trace %s",
            notification.title,
            notification.severity or "no severity",
            notification.subject,
            cause.id,
            cause.source,
            traceparent or "none",
        )
        return Delivered("logged")

"""The sender: leases due notifications, sends them outside of any transaction, then records what came of it.

A crash between sending and recording sends again when the lease ends: at least once, under the same id.
"""

import asyncio
import contextlib
import logging
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from opentelemetry.trace import SpanKind

from govbus.contracts import topics
from govbus.eventing.serialise import lock_subject
from govbus.eventing.service import Service
from govbus.eventing.tracing import current_traceparent, span
from govbus.notifier import announcing
from govbus.notifier.channels.message import Channel
from govbus.notifier.domain.notification import Attempt, Notification, State
from govbus.notifier.domain.retrying import (
    Delivered,
    GiveUp,
    Outcome,
    RetrySchedule,
    Sent,
    TryAgain,
    Undelivered,
    after,
)
from govbus.notifier.metrics import NotifierMetrics
from govbus.notifier.store import deliveries

_log: Final = logging.getLogger(__name__)

_CLOSE_SECONDS: Final = 3.0
"""A stop waits so long for sends under way: what is sent but not recorded is sent twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How much at once, how long, and when again."""

    parallel_count: int
    deadline: timedelta
    lease: timedelta
    retry: RetrySchedule


class Sender:
    """Sends for all receivers; a slow one holds up nobody else, as each has places of its own."""

    def __init__(
        self,
        service: Service,
        channels: Mapping[str, Channel],
        pace: Pace,
        metrics: NotifierMetrics,
        clock: Callable[[], datetime],
        random_ratio: Callable[[], float],
    ) -> None:
        """Nothing is sent before `round`."""
        self._service = service
        self._channels = channels
        self._pace = pace
        self._metrics = metrics
        self._clock = clock
        self._random_ratio = random_ratio
        self._busy: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    async def round(self) -> None:
        """Claim what is due for every receiver with a free place, and send it in the background."""
        for receiver, channel in self._channels.items():
            free_count = self._pace.parallel_count - self._busy[receiver]
            if free_count <= 0:
                continue
            now, lease = self._clock(), str(uuid.uuid4())
            async with self._service.engine.begin() as connection:
                claimed = await deliveries.claim(connection, receiver, lease, now, now + self._pace.lease, free_count)
            for notification in claimed:
                self._start(notification, channel, lease)

    async def measure(self) -> None:
        """Count what waits."""
        async with self._service.engine.connect() as connection:
            self._metrics.pending(await deliveries.pending_count(connection))

    async def finish(self) -> None:
        """Wait for everything under way."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, notification: Notification, channel: Channel, lease: str) -> None:
        self._busy[notification.receiver] += 1
        task = asyncio.create_task(self._deliver(notification, channel, lease))
        self._tasks.add(task)

        def done(finished: asyncio.Task[None]) -> None:
            self._tasks.discard(finished)
            self._busy[notification.receiver] -= 1
            if not finished.cancelled() and (error := finished.exception()) is not None:
                _log.warning("notification %s: not recorded: %s", notification.id, type(error).__name__)

        task.add_done_callback(done)

    async def _deliver(self, notification: Notification, channel: Channel, lease: str) -> None:
        cause = notification.cause
        attributes: dict[str, str | int] = {
            "govbus.notification.id": notification.id,
            "govbus.receiver": notification.receiver,
            "govbus.attempt": notification.attempts_count + 1,
        }
        name = f"notify {notification.receiver}"
        with span(name, parent=cause.traceparent, kind=SpanKind.CLIENT, attributes=attributes):
            started_at = self._clock()
            outcome = await self._try(notification, channel)
            await self._record(notification, lease, started_at, outcome)

    async def _try(self, notification: Notification, channel: Channel) -> Outcome:
        try:
            async with asyncio.timeout(self._pace.deadline.total_seconds()):
                return await channel.send(notification, current_traceparent())
        except TimeoutError:
            return Undelivered("timeout", "The receiver did not answer in time; it may have got it.")
        except Exception as error:  # noqa: BLE001 - a channel that fails in a new way must not stop the retries
            _log.warning("receiver %s failed unexpectedly: %s", notification.receiver, type(error).__name__)
            return Undelivered("internal", type(error).__name__)

    async def _record(self, sent: Notification, lease: str, started_at: datetime, outcome: Outcome) -> None:
        now = self._clock()
        async with self._service.transaction() as (connection, outbox):
            await lock_subject(connection, sent.subject)
            held = await deliveries.hold(connection, sent.id, lease)
            if held is None:
                _log.warning("notification %s: lease lost, it is sent again", sent.id)
                return
            number = held.attempts_count + 1
            word = "delivered" if isinstance(outcome, Delivered) else outcome.reason
            self._metrics.attempted(held.receiver, word)
            attempt = Attempt(held.round, number, started_at, max(started_at, now), word, outcome.detail)
            await deliveries.record(connection, held.id, attempt)
            match after(outcome, number, self._pace.retry, now, self._random_ratio()):
                case Sent():
                    self._metrics.delivered(held.receiver, (now - held.created_at).total_seconds())
                    await deliveries.settle(connection, held.id, State.SENT, now, None)
                    outbox.append(announcing.sent(held, number, now), topics.NOTIFICATIONS)
                case TryAgain(at):
                    await deliveries.postpone(connection, held.id, at)
                case GiveUp(reason):
                    await deliveries.settle(connection, held.id, State.FAILED, now, reason)
                    outbox.append(announcing.failed(held, number, reason, now), topics.NOTIFICATIONS)

    async def close(self) -> None:
        """Let what is under way end and be recorded; what takes too long is sent again when its lease ends."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_CLOSE_SECONDS)
        for task in self._tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*self._tasks, return_exceptions=True)

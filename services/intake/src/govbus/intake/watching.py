"""What the clock finds out about platforms, each once, however many intake processes run: gaps, and silence."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from govbus.contracts import topics
from govbus.eventing.serialise import lock_subject
from govbus.intake.domain import silence
from govbus.intake.domain.sequence import gap_event
from govbus.intake.reception import Transaction
from govbus.intake.store import idempotency, sequences, silences

REPORTED_COUNT: Final = 500
"""Gaps reported in one transaction; a sender that counts in twos costs a few transactions, not a long one."""

KEYS_KEPT_DAYS: Final = 7
"""How long a request's Idempotency-Key is remembered: nobody retries for longer."""

_SILENCE_LOCK: Final = "watch/silence"


class Watch:
    """Reports gaps and silences."""

    def __init__(self, transaction: Transaction, clock: Callable[[], datetime], gap_settle_seconds: float) -> None:
        """A gap younger than `gap_settle_seconds` may still be records that overtook each other."""
        self._transaction = transaction
        self._clock = clock
        self._settle = timedelta(seconds=gap_settle_seconds)

    async def report_gaps(self) -> None:
        """Report every gap that has settled."""
        reported_count = REPORTED_COUNT
        while reported_count == REPORTED_COUNT:
            async with self._transaction() as (connection, outbox):
                now = self._clock()
                settled = await sequences.take_settled(connection, now - self._settle, now, REPORTED_COUNT)
                for name, gap in settled:
                    outbox.append(gap_event(name, gap, now), topics.REJECTED)
            reported_count = len(settled)

    async def report_silences(self) -> None:
        """Report silences that have begun, and those that have ended."""
        async with self._transaction() as (connection, outbox):
            await lock_subject(connection, _SILENCE_LOCK)
            now = self._clock()
            watched = await silences.watched(connection)
            ended = [(one, one.silence) for one in watched if one.silence is not None and silence.has_ended(one)]
            begun = [(one, found) for one in watched if (found := silence.begun(one, now)) is not None]
            for one, earlier in ended:
                outbox.append(silence.heard_again(one, earlier, now), topics.REJECTED)
            for one, found in begun:
                outbox.append(silence.silent(one, found, now), topics.REJECTED)
            await silences.end(connection, (one.source_name for one, _ in ended))
            await silences.begin(connection, ((one.source_name, found) for one, found in begun))

    async def forget_keys(self) -> None:
        """Forget Idempotency-Keys that nobody will repeat."""
        async with self._transaction() as (connection, _):
            await idempotency.drop_before(connection, self._clock() - timedelta(days=KEYS_KEPT_DAYS))

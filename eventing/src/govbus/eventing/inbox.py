"""Drops what producers sent twice; redelivery by Kafka is caught by the offset row, not here."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from govbus.contracts.envelope import Event
from govbus.contracts.identity import event_identity

_INSERT: Final = (
    "INSERT INTO eventing_inbox (identity, recorded_on) SELECT * FROM unnest($1::bytea[], $2::date[]) "
    "ON CONFLICT DO NOTHING RETURNING identity"
)

_PRUNED_ELSEWHERE: Final = timedelta(days=2)
"""Another process prunes by its own clock, which may be in the next day already."""


class Inbox:
    """Identities already handled, kept by day; one statement per batch."""

    def __init__(self, engine: AsyncEngine, retention_days: int) -> None:
        """Remember which days have their partition, so that a day costs one extra statement only."""
        self._engine = engine
        self._retention_days = retention_days
        self._prepared: set[date] = set()

    async def prepare(self, events: Sequence[Event]) -> None:
        """Make the partitions of the events' days, in a transaction of its own.

        A day at the end of its retention is made sure of every time: another process may have dropped it since.
        """
        sure_from = self._kept_from() + _PRUNED_ELSEWHERE
        missing = {event.known_at.date() for event in events} - {day for day in self._prepared if day >= sure_from}
        if not missing:
            return
        async with self._engine.begin() as connection:
            for day in sorted(missing):
                await connection.exec_driver_sql("SELECT eventing_prepare_inbox($1)", (day,))
        self._prepared |= missing

    async def admit(self, connection: AsyncConnection, events: Sequence[Event]) -> set[bytes]:
        """Record the events' identities and return those that are new; call `prepare` first."""
        if not events:
            return set()
        pairs = {event_identity(event): event.known_at.date() for event in events}
        found = await connection.exec_driver_sql(_INSERT, (list(pairs), list(pairs.values())))
        return {bytes(row[0]) for row in found}

    async def prune(self) -> None:
        """Drop days beyond retention."""
        before = self._kept_from()
        async with self._engine.begin() as connection:
            await connection.exec_driver_sql("SELECT eventing_prune_inbox($1)", (before,))
        self._prepared = {day for day in self._prepared if day >= before}

    def _kept_from(self) -> date:
        return datetime.now(UTC).date() - timedelta(days=self._retention_days)

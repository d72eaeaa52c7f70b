"""Reception: runs admissions in transactions of bounded size, and keeps the books on what was never admitted."""

import asyncio
import math
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeVar

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.contracts import topics
from govbus.eventing.failures import is_transient
from govbus.eventing.outbox import Outbox
from govbus.eventing.problems import Problem
from govbus.intake.admission import Admission, Outcome, chunks
from govbus.intake.domain import rejection
from govbus.intake.domain.inputs import Unit
from govbus.intake.domain.source import Source
from govbus.intake.installed_mappings import InstalledMappings
from govbus.intake.metrics import IntakeMetrics
from govbus.intake.plain_admission import Admitted
from govbus.intake.rates import Rates
from govbus.intake.refusal_counts import RefusalCounts, minute_of
from govbus.intake.store import register, rejected

Read = TypeVar("Read")
Done = TypeVar("Done")
Transaction = Callable[[], AbstractAsyncContextManager[tuple[AsyncConnection, Outbox]]]

COUNTS_SETTLE: Final = timedelta(seconds=30)
"""Counts are written every few seconds: a minute summarised before its last ones would lose them."""

KEPT_DAYS: Final = 30
"""How long the bytes of refused input are kept."""

LARGE_BYTES: Final = 512 * 1024
"""From here on a body is read beside the event loop, one at a time: 8 MiB of `{},` take seconds and 250 MB."""

_TRIES: Final = 3
"""A deadlock, a race or a lost connection is tried again: nothing was committed, or a retry is in the register."""


class Reception:
    """Takes units in over HTTP."""

    def __init__(
        self,
        transaction: Transaction,
        admission: Admission,
        mappings: InstalledMappings,
        clock: Callable[[], datetime],
        metrics: IntakeMetrics,
        rates: Rates,
    ) -> None:
        """Take the parts."""
        self.transaction = transaction
        self.admission = admission
        self.mappings = mappings
        self.clock = clock
        self.metrics = metrics
        self.rates = rates
        self.counts = RefusalCounts(clock)
        self._turn = asyncio.Semaphore(1)

    async def read(self, body: bytes, read: Callable[[], Read]) -> Read:
        """Return what `read` makes of `body`; a large one waits for its turn and holds up nobody else."""
        if len(body) < LARGE_BYTES:
            return read()
        async with self._turn:
            return await asyncio.to_thread(read)

    async def has_mapping(self, name: str) -> bool:
        """Return whether a mapping is installed; a file that was written a moment ago counts."""
        if name not in self.mappings:
            await self.mappings.reload()
        return name in self.mappings

    async def take(self, source: Source, units: Sequence[Unit]) -> list[Outcome]:
        """Return every unit's outcome after it was committed."""
        self.rates.spend(source, sum(max(1, len(unit.drafts)) for unit in units))
        outcomes: list[Outcome] = []
        for run in chunks(units):
            outcomes += await self._take_run(source, run)
        return outcomes

    async def _take_run(self, source: Source, units: Sequence[Unit]) -> list[Outcome]:
        admit = partial(self.admission.admit, source=source, units=units)
        outcomes = await self.transacted(admit)
        self.count(outcomes)
        return outcomes

    async def transacted(self, work: Callable[[AsyncConnection, Outbox], Awaitable[Done]]) -> Done:
        """Return what `work` did in a transaction that was committed; what failed by chance is tried again."""
        for remaining in reversed(range(_TRIES)):
            try:
                async with self.transaction() as (connection, outbox):
                    done = await work(connection, outbox)
            except (DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:  # COPY: asyncpg's own
                if not remaining or not (is_transient(error) or register.was_raced(error)):
                    raise
                await asyncio.sleep(0.05)
            else:
                return done
        raise AssertionError("the last try returns or raises")

    def count(self, outcomes: Sequence[Outcome]) -> None:
        """Count committed outcomes."""
        found = Counter(
            (outcome.unit.input.channel, outcome.status, outcome.refusal.reason if outcome.refusal else None)
            for outcome in outcomes
        )
        for (channel, status, reason), count in found.items():
            self.metrics.units(channel, status, reason, count)

    def count_plain(self, channel: str, admitted: Admitted) -> None:
        """Count plain facts that were taken."""
        self.metrics.units(channel, "accepted", None, admitted.accepted_count)
        self.metrics.units(channel, "duplicate", None, admitted.duplicate_count)

    def check_rate(self, source: Source) -> None:
        """Refuse what comes faster than its source may send; counted, not on record one by one.

        Raises:
            Problem: 429 with `Retry-After`.
        """
        wait_seconds = self.rates.wait_seconds(source)
        if not wait_seconds:
            return
        self.metrics.rate_limited(source.name)
        self.counts.count("rate_limited", source.name)
        per_second = self.rates.per_second(source)
        raise Problem(
            status=429,
            reason="rate_limited",
            title="Too many events",
            detail=f"{source.name} may send {per_second:g} events a second here; try again after Retry-After.",
            headers={"Retry-After": str(math.ceil(wait_seconds))},
        )

    def refuse_overload(self) -> None:
        """Count a refusal for want of room; who sent it was not looked at."""
        self.metrics.overloaded()
        self.counts.count("overloaded")

    def refuse_unknown(self, reason: str, source_name: str = "") -> None:
        """Count a refusal of somebody who did not authenticate."""
        self.metrics.unauthenticated(reason)
        self.counts.count(reason, source_name)

    async def write_counts(self) -> None:
        """Write the tallies of unauthenticated refusals to the database, where all processes' meet."""
        taken = self.counts.take()
        if not taken:
            return
        try:
            async with self.transaction() as (connection, _):
                await rejected.count(connection, taken)
        except BaseException:
            self.counts.give_back(taken)
            raise

    async def summarise(self) -> None:
        """Publish one `event.rejected` per past minute, reason and source, once its counts have surely been written."""
        async with self.transaction() as (connection, outbox):
            for one in await rejected.take_counts(connection, minute_of(self.clock() - COUNTS_SETTLE)):
                name = one.source_name or None
                event = rejection.summary(one.reason, name, one.count, one.first_at, one.last_at, one.minute)
                outbox.append(event, topics.REJECTED)

    async def forget(self) -> None:
        """Drop the bytes of input that was refused longer ago than they are kept."""
        async with self.transaction() as (connection, _):
            await rejected.forget_inputs(connection, self.clock() - timedelta(days=KEPT_DAYS))


@asynccontextmanager
async def reading(transaction: Transaction) -> AsyncIterator[AsyncConnection]:
    """Give a connection for reads, in a transaction of their own."""
    async with transaction() as (connection, _):
        yield connection

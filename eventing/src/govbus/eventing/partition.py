"""Handles the records of one partition in one transaction: the runner of delivery.md."""

import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from govbus.eventing import parking
from govbus.eventing.failures import is_transient
from govbus.eventing.metrics import Metrics
from govbus.eventing.offsets import advance_offset, read_offset
from govbus.eventing.outbox import Outbox
from govbus.eventing.records import RawRecord

_log: Final = logging.getLogger(__name__)
_WORD: Final = re.compile(r"[a-z][a-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True)
class Handled:
    """The batch is committed; the next record to read stands at `next_offset`."""

    next_offset: int


@dataclass(frozen=True, slots=True)
class Hole:
    """The first record stands behind `next_offset`: nothing was done, read again from there."""

    next_offset: int
    first_offset: int


@dataclass(frozen=True, slots=True)
class Poisoned:
    """So many records in a row were parked that the handler, not the records, must be broken: nothing was done."""

    parked_count: int


Outcome = Handled | Hole | Poisoned

Refusal = tuple[str, str]
"""Why a record is set aside: (reason, detail)."""


@dataclass(slots=True)
class Step:
    """One record of a batch on its way: `handle` is None for one that is settled without a handler.

    `refusal` is that of a record that cannot be decoded: parked without holding its key. `together` takes
    the records of consecutive steps at once, in a first pass, where a failure of one is a failure of all.
    """

    record: RawRecord
    handle: Callable[[], Awaitable[None]] | None
    refusal: Refusal | None = None
    together: Callable[[Sequence[RawRecord]], Awaitable[None]] | None = None


class Reading(Protocol):
    """How a service reads records: typed events with an inbox, or raw bytes."""

    async def prepare(self, records: Sequence[RawRecord]) -> object:
        """Decode outside of the transaction; what comes back is given to `steps`."""

    async def steps(self, connection: AsyncConnection, outbox: Outbox, prepared: object) -> list[Step]:
        """Return what is to be done for each record, in order, inside the transaction."""

    def announce_parked(self, outbox: Outbox, record: RawRecord, reason: str, detail: str) -> None:
        """Append `record.parked` for a record set aside."""


class PartitionRunner:
    """Runs batches of any partition of one service; state lies in PostgreSQL alone, so any number may run."""

    def __init__(
        self,
        service: str,
        engine: AsyncEngine,
        reading: Reading,
        metrics: Metrics,
        consecutive_limit_count: int,
        committed: Callable[[], None] = lambda: None,
    ) -> None:
        """Take what every batch needs; `consecutive_limit_count` parked in a row stop the partition.

        `committed` is called after a commit that left events in the outbox.
        """
        self._service = service
        self._engine = engine
        self._reading = reading
        self._metrics = metrics
        self._limit_count = consecutive_limit_count
        self._committed = committed
        self._consecutive: dict[tuple[str, int], int] = {}

    async def run(self, records: Sequence[RawRecord], *, believe_hole_at: int | None = None) -> Outcome:
        """Handle consecutive `records` of one partition exactly once and commit, or change nothing at all.

        `believe_hole_at` is the first offset of a hole that a second reading confirmed.

        Raises:
            Exception: transient (see `failures.is_transient`); everything was rolled back.
        """
        prepared_records = until_hole(records)
        try:
            return await self._attempt(prepared_records, believe_hole_at, careful=False, refusal=None)
        except Exception as error:
            if is_transient(error):
                raise
            _log.warning("a record failed; the batch runs again record by record", exc_info=error)
        return await self._attempt_each(prepared_records, believe_hole_at)

    async def _attempt_each(self, records: Sequence[RawRecord], believe_hole_at: int | None) -> Outcome:
        """Handle with care; where not even the steps can be made, find the record that is to blame and set it aside."""
        while True:
            try:
                return await self._attempt(records, believe_hole_at, careful=True, refusal=None)
            except Exception as error:
                if is_transient(error):
                    raise
                failure = error
            if len(records) == 1:
                break
            records = records[: len(records) // 2]
        first = records[0]
        _log.error("parked %s/%s@%s unhandled", first.topic, first.partition, first.offset, exc_info=failure)
        return await self._attempt(records, believe_hole_at, careful=True, refusal=refusal_of(failure))

    async def _attempt(
        self, records: Sequence[RawRecord], believe_hole_at: int | None, *, careful: bool, refusal: Refusal | None
    ) -> Outcome:
        """Handle `records` in one transaction; with `refusal` park the only one for that reason, unread."""
        first = records[0]
        place = (first.topic, first.partition)
        prepared = None if refusal else await self._reading.prepare(records)
        async with self._engine.connect() as connection, connection.begin() as transaction:
            row = await read_offset(connection, *place, lock=True)
            next_offset = row.next_offset if row else first.offset
            fresh = [record for record in records if record.offset >= next_offset]
            if not fresh:
                return Handled(next_offset)
            if row is None or (fresh[0].offset > next_offset and fresh[0].offset != believe_hole_at):
                return Hole(next_offset, fresh[0].offset)
            if len(fresh) < len(records):
                prepared = await self._reading.prepare(fresh)
            failed: list[bool] = []
            sent_count = 0
            for part in _split_at(fresh, row.muted_below):
                outbox = Outbox(muted=part[0].offset < row.muted_below)
                if len(part) < len(fresh):
                    prepared = await self._reading.prepare(part)
                steps = await self._steps(connection, outbox, part, prepared, refusal)
                failed += await self._run_steps(connection, outbox, steps, careful=careful)
                sent_count += await outbox.flush(connection)
            longest_count, last_count = _runs(failed, self._consecutive.get(place, 0))
            if longest_count >= self._limit_count:
                await transaction.rollback()
                return Poisoned(longest_count)
            await advance_offset(connection, fresh[-1])
            await transaction.commit()
        self._consecutive[place] = last_count
        if sent_count:
            self._committed()
        self._metrics.handled(first.topic, len(fresh), sum(failed))
        return Handled(fresh[-1].offset + 1)

    async def _steps(
        self,
        connection: AsyncConnection,
        outbox: Outbox,
        records: Sequence[RawRecord],
        prepared: object,
        refusal: Refusal | None,
    ) -> list[Step]:
        """Return what the reading makes of the records, or their refusal."""
        if refusal:
            return [Step(record, None, refusal) for record in records]
        return await self._reading.steps(connection, outbox, prepared)

    async def _run_steps(
        self, connection: AsyncConnection, outbox: Outbox, steps: Sequence[Step], *, careful: bool
    ) -> list[bool]:
        """Run every step in order and return of each whether its record failed by itself."""
        keys = {step.record.key for step in steps if step.handle and step.record.key is not None}
        topic = steps[0].record.topic
        held = await parking.held_keys(connection, topic, sorted(keys)) if keys else set()
        failed: list[bool] = []
        ready: list[Step] = []
        for step in steps:
            refusal, has_failed = step.refusal, False
            if ready and (refusal or step.record.key in held):
                await _run_together(ready)
                ready = []
            if refusal:
                await self._park(connection, outbox, step.record, *refusal, holds_key=False)
                has_failed = True
            elif step.handle is None:
                pass
            elif step.record.key in held:
                detail = "an earlier record of this key is parked"
                await self._park(connection, outbox, step.record, parking.BEHIND, detail, holds_key=True)
            elif not careful:
                ready.append(step)
            elif not await self._handle_in_savepoint(connection, outbox, step):
                has_failed = True
                if step.record.key is not None:
                    held.add(step.record.key)
            failed.append(has_failed)
        await _run_together(ready)
        return failed

    async def _handle_in_savepoint(self, connection: AsyncConnection, outbox: Outbox, step: Step) -> bool:
        """Return whether the handler took the record; if not it is parked and holds its key."""
        mark = outbox.mark()
        if step.handle is None:
            return True
        try:
            async with connection.begin_nested():
                await step.handle()
        except Exception as error:
            if is_transient(error):
                raise
            outbox.rewind(mark)
            reason, detail = refusal_of(error)
            _log.exception("parked %s/%s@%s", step.record.topic, step.record.partition, step.record.offset)
            await self._park(connection, outbox, step.record, reason, detail, holds_key=True)
            return False
        return True

    async def _park(
        self,
        connection: AsyncConnection,
        outbox: Outbox,
        record: RawRecord,
        reason: str,
        detail: str,
        *,
        holds_key: bool,
    ) -> None:
        id_ = parking.parked_id(self._service, record)
        detail = detail.replace("\0", "\\0")  # a key of refused data may hold it; PostgreSQL and the contract do not
        await parking.park(connection, id_, record, reason, detail, holds_key=holds_key)
        self._reading.announce_parked(outbox, record, reason, detail)
        self._metrics.parked(record.topic, reason)


async def _run_together(steps: Sequence[Step]) -> None:
    """Run steps of a first pass in order, at once where they can be."""
    if steps and steps[0].together is not None:
        await steps[0].together([step.record for step in steps])
        return
    for step in steps:
        if step.handle is not None:
            await step.handle()


def refusal_of(error: Exception) -> tuple[str, str]:
    """Return reason and detail of a handler's failure; an unnamed one shows its class only, never its data."""
    reason = getattr(error, "reason", None)
    is_ours = type(error).__module__.startswith("govbus.")  # UnicodeDecodeError has prose of its own there
    if is_ours and isinstance(reason, str) and _WORD.fullmatch(reason):
        return reason, str(error)
    return "handler_failed", type(error).__name__


def _runs(failed: Sequence[bool], before_count: int) -> tuple[int, int]:
    """Return the longest run of failures and the last one, after a run of `before_count`. Pure."""
    longest_count, count = 0, before_count
    for has_failed in failed:
        count = count + 1 if has_failed else 0
        longest_count = max(longest_count, count)
    return longest_count, count


def until_hole(records: Sequence[RawRecord]) -> Sequence[RawRecord]:
    """Return the leading records without a gap between their offsets."""
    for index in range(1, len(records)):
        if records[index].offset != records[index - 1].offset + 1:
            return records[:index]
    return records


def _split_at(records: Sequence[RawRecord], offset: int) -> list[Sequence[RawRecord]]:
    """Return the records below `offset` and those from it on, empty parts left out."""
    below = [record for record in records if record.offset < offset]
    return [part for part in (below, records[len(below) :]) if part]

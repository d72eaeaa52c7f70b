"""Handles records of several partitions in one transaction: the audit log's way, whose one order spans topics."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from govbus.eventing.metrics import Metrics
from govbus.eventing.offsets import advance_offset, read_offset
from govbus.eventing.partition import Handled, Hole, Outcome, until_hole
from govbus.eventing.records import RawRecord

Place = tuple[str, int]
"""Topic and partition."""

Sequencer = Callable[[AsyncConnection, Sequence[RawRecord]], Awaitable[None]]


class SequencingRunner:
    """Gives all fresh records of a fetch to one sequencer, offset rows locked in (topic, partition) order.

    Never parks: the sequencer takes every record, readable or not.
    """

    def __init__(self, engine: AsyncEngine, sequencer: Sequencer, metrics: Metrics) -> None:
        """Take what every batch needs."""
        self._engine = engine
        self._sequencer = sequencer
        self._metrics = metrics

    async def run(
        self, parts: Mapping[Place, Sequence[RawRecord]], believed: Mapping[Place, int]
    ) -> dict[Place, Outcome]:
        """Handle the parts exactly once and commit, or change nothing at all.

        Raises:
            Exception: everything was rolled back.
        """
        outcomes: dict[Place, Outcome] = {}
        fresh: list[RawRecord] = []
        async with self._engine.begin() as connection:
            for place in sorted(parts):
                outcome, taken = await _claim(connection, place, parts[place], believed.get(place))
                outcomes[place] = outcome
                fresh.extend(taken)
            if fresh:
                await self._sequencer(connection, fresh)
        for place, outcome in outcomes.items():
            if isinstance(outcome, Handled):
                self._metrics.handled(place[0], sum((r.topic, r.partition) == place for r in fresh), 0)
        return outcomes


async def _claim(
    connection: AsyncConnection, place: Place, records: Sequence[RawRecord], believe_hole_at: int | None
) -> tuple[Outcome, Sequence[RawRecord]]:
    """Lock the partition's row, advance it behind its fresh records, and return these."""
    row = await read_offset(connection, *place, lock=True)
    next_offset = row.next_offset if row else records[0].offset
    fresh = until_hole([record for record in records if record.offset >= next_offset])
    if not fresh:
        return Handled(next_offset), ()
    if row is None or (fresh[0].offset > next_offset and fresh[0].offset != believe_hole_at):
        return Hole(next_offset, fresh[0].offset), ()
    await advance_offset(connection, fresh[-1])
    return Handled(fresh[-1].offset + 1), fresh

"""Handles records of several partitions in one transaction: the audit log's way, whose one order spans topics."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from govbus.eventing.metrics import Metrics
from govbus.eventing.offsets import advance_offsets, lock_offsets
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
        fresh: dict[Place, Sequence[RawRecord]] = {}
        async with self._engine.begin() as connection:
            next_offsets = await lock_offsets(connection, parts)
            for place in sorted(parts):
                outcomes[place], taken = _claim(next_offsets.get(place), parts[place], believed.get(place))
                if taken:
                    fresh[place] = taken
            if fresh:
                await advance_offsets(connection, [taken[-1] for taken in fresh.values()])
                await self._sequencer(connection, [record for taken in fresh.values() for record in taken])
        for place, outcome in outcomes.items():
            if isinstance(outcome, Handled):
                self._metrics.handled(place[0], len(fresh.get(place, ())), 0)
        return outcomes


def _claim(
    next_offset: int | None, records: Sequence[RawRecord], believe_hole_at: int | None
) -> tuple[Outcome, Sequence[RawRecord]]:
    """Return what is to become of a partition's records whose row is locked, and those that are fresh."""
    if next_offset is None:
        return Hole(records[0].offset, records[0].offset), ()
    fresh = until_hole([record for record in records if record.offset >= next_offset])
    if not fresh:
        return Handled(next_offset), ()
    if fresh[0].offset not in {next_offset, believe_hole_at}:
        return Hole(next_offset, fresh[0].offset), ()
    return Handled(fresh[-1].offset + 1), fresh

"""Copies the newest checkpoint to every place outside, each on its own: one that is away holds up no other."""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Gauge
from sqlalchemy.ext.asyncio import AsyncEngine

from govbus.audit_log.comparing import Comparison
from govbus.audit_log.domain.consistency import Inconsistent
from govbus.audit_log.outside import CopyPlace, PlaceAway
from govbus.audit_log.standing import Standing
from govbus.audit_log.store import places as store

_CONFIRM_SECONDS: Final = 600.0
"""A copy that is the newest for so long is put again: it is compared, or made anew where somebody removed it."""

_PLACE_SECONDS: Final = 15.0
"""So long may a place that hangs hold up the round, and with it the next copy of the others."""


class Copying:
    """Several processes may copy: an object is made once, and a second one is compared with it."""

    def __init__(
        self,
        engine: AsyncEngine,
        places: Sequence[CopyPlace],
        comparison: Comparison,
        standing: Standing,
        after_topic_seconds: float,
        registry: CollectorRegistry,
    ) -> None:
        """Take what copying needs; nothing connects before `round`."""
        self._engine = engine
        self._places = places
        self._comparison = comparison
        self._standing = standing
        self._after_topic_seconds = after_topic_seconds
        self._confirmed_at: dict[str, float] = {}
        # Seconds for which a place lacks a checkpoint that was signed; 0 when it has the newest. Above 60: page.
        self._behind = Gauge(
            "govbus_log_place_behind_seconds", "Age of the oldest checkpoint it lacks", ["place"], registry=registry
        )
        # Tree size under the newest checkpoint in a place outside.
        self._size = Gauge(
            "govbus_log_place_size_entries", "Entries under its newest checkpoint", ["place"], registry=registry
        )

    async def round(self) -> None:
        """Copy what each place lacks.

        Raises:
            PlaceAway: names every place that failed; the others were served, and these are in the next round.
            Inconsistent: a place has another history; the log stops.
        """
        self._standing.require()
        outcomes = await asyncio.gather(*(self._serve(place) for place in self._places), return_exceptions=True)
        await self._measure()
        failed = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        for error in failed:
            if isinstance(error, Inconsistent):
                self._standing.stop(str(error))
            if not isinstance(error, PlaceAway):
                raise error
        if failed:
            raise PlaceAway("; ".join(map(str, failed)))

    async def _serve(self, place: CopyPlace) -> None:
        try:
            async with asyncio.timeout(_PLACE_SECONDS):
                await self._copy(place)
        except TimeoutError:
            raise PlaceAway(f"{place.name} did not answer within {_PLACE_SECONDS:.0f} s") from None

    async def _copy(self, place: CopyPlace) -> None:
        await self._comparison.compare_place(place)
        async with self._engine.begin() as connection:
            copied_size = await store.copied_size(connection, place.name)
            newest = await store.checkpoint_to_copy(connection, self._after_topic_seconds)
        if newest is None:
            return
        is_confirmed = time.monotonic() < self._confirmed_at.get(place.name, 0.0) + _CONFIRM_SECONDS
        if newest.compact.size <= copied_size and is_confirmed:
            return
        await place.put(newest.compact.size, newest.note)
        self._confirmed_at[place.name] = time.monotonic()
        async with self._engine.begin() as connection:
            await store.advance_copied(connection, place.name, newest.compact.size)

    async def _measure(self) -> None:
        async with self._engine.connect() as connection:
            for found in await store.read_places(connection):
                self._size.labels(found.place).set(found.checkpoint_size)
                self._behind.labels(found.place).set(found.behind_seconds)

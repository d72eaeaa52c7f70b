"""Key figures for any past date: folded once as the log grows, answered from samples and snapshots.

Nothing here is a record: samples and snapshots may be dropped at any time and are then folded again from the log.
"""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from prometheus_client import CollectorRegistry, Gauge
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from govbus.audit_log.domain.classification import is_open
from govbus.audit_log.domain.event_field import LoggedEvent
from govbus.audit_log.domain.kpi import Kpi, KpiSet
from govbus.audit_log.domain.kpi_figures import Sampled, figure
from govbus.audit_log.domain.kpi_folding import KpiFold, Sample
from govbus.audit_log.store import kpis as store
from govbus.audit_log.store.kpis import SNAPSHOT_COUNT, SampleGroup, Snapshot, StoredEvent
from govbus.audit_log.store.pinned import PinnedTree, tree_as_of
from govbus.contracts import strict_json, types
from govbus.contracts.envelope import format_time, parse_time
from govbus.contracts.translog import base64_strict

_PAGE_COUNT: Final = 500
"""Events folded between two breaths of the event loop: some 15 ms."""


_NOTHING: Final = SampleGroup("", "", "", 0, None, None, None)


class FiguresBehind(Exception):
    """The figures have not been folded so far yet; the same question can be answered in a moment."""

    def __init__(self, folded_size: int, size: int) -> None:
        """Keep how far the fold is, and how far it must be."""
        super().__init__(f"{folded_size} of {size} entries are folded")


class KpiFolder:
    """The figures of one log by one set of definitions."""

    def __init__(
        self, engine: AsyncEngine, definitions: KpiSet, wait_seconds: float, registry: CollectorRegistry
    ) -> None:
        """Fold nothing yet; a question waits `wait_seconds` at most for what is not folded yet."""
        self._engine = engine
        self._definitions = definitions
        self._full_types = sorted(map(types.full_name, definitions.all_types))
        self._wait_seconds = wait_seconds
        # Entries folded into figures. Behind the checkpoint's size by more than some 20,000: folding does not keep up.
        self._folded = Gauge("govbus_log_kpis_size_entries", "Entries folded into figures", registry=registry)

    @property
    def frameworks(self) -> list[str]:
        """The frameworks that any figure is for."""
        return sorted({name for kpi in self._definitions.kpis for name in kpi.frameworks})

    async def round(self) -> None:
        """Fold whole stretches behind the newest checkpoint.

        Raises:
            Exception: the database is away; tried again in the next round.
        """
        async with self._engine.connect() as connection:
            tree = await tree_as_of(connection, None)
        if tree is not None:
            whole_size = tree.size - tree.size % SNAPSHOT_COUNT
            while await self._fold_stretch(whole_size, tree.signed_at) < whole_size:
                pass

    async def answer(self, tree: PinnedTree, since: datetime | None, framework: str | None) -> dict[str, Any]:
        """Return the figures as they were in a tree, of what became known from `since` on.

        Raises:
            FiguresBehind: not folded so far yet.
        """
        await self._catch_up(tree)
        wanted = [kpi for kpi in self._definitions.kpis if framework is None or framework in kpi.frameworks]
        async with self._engine.connect() as connection:
            snapshot = await store.newest_snapshot(connection, self._definitions.digest, tree.size)
            fold, _ = await self._folded_to(connection, snapshot, tree.size)
            groups = await store.sampled(connection, self._definitions.digest, tree.size, since)
        by_kpi = _sampled_by_kpi(groups, wanted)
        return {
            "size": tree.size,
            "root": base64_strict.encode(tree.root),
            "settled": tree.is_settled,
            "definitions": self._definitions.digest,
            "since": None if since is None else format_time(since),
            "kpis": [figure(kpi, by_kpi[kpi.id], fold.states[kpi.id]) for kpi in wanted],
        }

    async def _catch_up(self, tree: PinnedTree) -> None:
        until = time.monotonic() + self._wait_seconds
        while (folded_size := await self._fold_stretch(tree.size, tree.signed_at)) < tree.size:
            if time.monotonic() > until:
                raise FiguresBehind(folded_size, tree.size)

    async def _fold_stretch(self, size: int, at: datetime) -> int:
        """Fold up to the next snapshot that stays, or to `size`; return how far the figures are."""
        digest = self._definitions.digest
        async with self._engine.begin() as connection:
            newest = await store.newest_snapshot(connection, digest)
            if newest.size >= size:
                self._folded.set(newest.size)
                return newest.size
            await store.lock_folding(connection)
            newest = await store.newest_snapshot(connection, digest)
            if newest.size >= size:
                return newest.size
            if newest.state is None:
                await store.drop_other_definitions(connection, digest)
            end = min(size, newest.size - newest.size % SNAPSHOT_COUNT + SNAPSHOT_COUNT)
            fold, samples = await self._folded_to(connection, newest, end)
            await store.insert_stretch(connection, digest, samples, Snapshot(end, fold.dump()), at.date())
        self._folded.set(end)
        return end

    async def _folded_to(
        self, connection: AsyncConnection, snapshot: Snapshot, size: int
    ) -> tuple[KpiFold, Sequence[Sample]]:
        fold = KpiFold(self._definitions, snapshot.state)
        samples: list[Sample] = []
        async for events in self._pages(connection, snapshot.size, size):
            for event in events:
                samples += fold.add(_logged(event))
        return fold, samples

    async def _pages(self, connection: AsyncConnection, start: int, end: int) -> AsyncIterator[list[StoredEvent]]:
        while start < end:
            found = await store.events_between(connection, start, end, self._full_types, _PAGE_COUNT)
            yield found
            if len(found) < _PAGE_COUNT:
                return
            start = found[-1].index + 1


def _logged(event: StoredEvent) -> LoggedEvent:
    fields = strict_json.parse(event.entry)
    return LoggedEvent(
        index=event.index,
        type=types.short_name(event.type) or event.type,
        id=fields["id"],
        subject=fields["subject"],
        time=parse_time(fields["time"]),
        known_at=event.known_at,
        document=_document(event),
    )


def _document(event: StoredEvent) -> Any:
    """Return what everybody may read of an event, None where that is nothing."""
    if event.payload is None or not is_open(event.classification):
        return None
    try:
        return strict_json.parse(event.payload)
    except strict_json.InvalidJson:
        return None


def _sampled_by_kpi(groups: Sequence[SampleGroup], wanted: Sequence[Kpi]) -> Mapping[str, Sampled]:
    found: dict[str, Sampled] = {}
    for kpi in wanted:
        values = [one for one in groups if one.kpi == kpi.id and one.kind == "value"]
        timed = next((one for one in values if one.mean_seconds is not None), _NOTHING)
        found[kpi.id] = Sampled(
            by_label={one.label: one.count for one in values},
            unreadable_count=_count(groups, kpi.id, "unreadable"),
            implausible_count=_count(groups, kpi.id, "implausible"),
            p50_seconds=timed.p50_seconds,
            p90_seconds=timed.p90_seconds,
            mean_seconds=timed.mean_seconds,
        )
    return found


def _count(groups: Sequence[SampleGroup], kpi: str, kind: str) -> int:
    return sum(one.count for one in groups if (one.kpi, one.kind) == (kpi, kind))

"""Prunes by policy alone: payloads older than it keeps them, never of what a hold covers, each batch on record."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from govbus.audit_log.domain.erasures import LIMIT_COUNT, Erasure, said_of_pruning
from govbus.audit_log.domain.own_entries import PRUNE
from govbus.audit_log.domain.retention import LOGS_DAYS, Policy, prunable
from govbus.audit_log.erasing import Eraser
from govbus.audit_log.store import erasing as store
from govbus.contracts.making import service_source
from govbus.eventing.service import Service


@dataclass(frozen=True, slots=True)
class Due:
    """Labels whose payloads from before a day are due, how many there are, and how many of them are held."""

    before: date
    labels: tuple[str, ...]
    count: int
    held_count: int


class Pruner:
    """The retention policy at work."""

    def __init__(self, service: Service, eraser: Eraser, policy: Policy, clock: Callable[[], datetime]) -> None:
        """Take the policy and who deletes."""
        self._service = service
        self._eraser = eraser
        self._policy = policy
        self._clock = clock

    @property
    def policy(self) -> Policy:
        """The policy by which this process prunes."""
        return self._policy

    async def due(self) -> list[Due]:
        """Return what a round would prune; changes nothing."""
        found: list[Due] = []
        async with self._service.engine.connect() as connection:
            for before, labels in (await self._prunable()).items():
                count, held_count = await store.due_and_held(connection, before, labels)
                if count:
                    found.append(Due(before, labels, count, held_count))
        return found

    async def round(self) -> int:
        """Prune all that is due; return how many payloads went."""
        if not self._eraser.is_able:
            return 0
        pruned_count = 0
        for before, labels in (await self._prunable()).items():
            after = -1
            while batch := await self._next(before, labels, after):
                pruned_count += await self._prune(batch, before, labels)
                after = batch[-1]
        return pruned_count

    async def _prunable(self) -> dict[date, tuple[str, ...]]:
        today = self._clock().date()
        async with self._service.engine.connect() as connection:
            stored = await store.candidates(connection, today - timedelta(days=LOGS_DAYS))
        oldest_on = {item.label: item.oldest_on for item in stored}
        due = prunable(self._policy, oldest_on, today)
        ripe = {before: tuple(name for name in names if oldest_on[name] < before) for before, names in due.items()}
        return {before: names for before, names in ripe.items() if names}

    async def _next(self, before: date, labels: tuple[str, ...], after: int) -> list[int]:
        async with self._service.engine.connect() as connection:
            return await store.next_to_prune(connection, before, labels, after, LIMIT_COUNT)

    async def _prune(self, indexes: list[int], before: date, labels: tuple[str, ...]) -> int:
        """Put one batch on record, then have it deleted."""
        erasure = Erasure(((indexes[0], indexes[-1]),), labels, before)
        at = self._clock()
        said = said_of_pruning(erasure, len(indexes), self._policy.sha256, at)
        async with self._service.transaction() as (connection, _):
            entry_index = await self._eraser.record(connection, PRUNE, erasure, service_source("audit_log"), said, at)
        erased_count, _ = await self._eraser.carry_out(entry_index)
        return erased_count

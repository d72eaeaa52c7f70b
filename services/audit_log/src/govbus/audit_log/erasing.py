"""Takes payloads away: first the entry that says so, then the payloads, by another role, until none is left.

A crash between the two leaves an entry whose payloads are still there; the next round carries it out.
"""

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from govbus.audit_log.domain.erasures import LIMIT_COUNT, Erasure, said_of_erasure
from govbus.audit_log.domain.index_ranges import ranges_of
from govbus.audit_log.domain.own_entries import ERASURE, draft_own
from govbus.audit_log.handlers import Sequencer
from govbus.audit_log.store import erasing as store
from govbus.audit_log.store.appending import read_head
from govbus.audit_log.store.erasing import ErasureRequest
from govbus.audit_log.store.holds import holding, lock_holds
from govbus.contracts.identity import fresh_id
from govbus.eventing.service import Service

_BATCH_COUNT: Final = 2_000
"""Payloads deleted in one transaction of the eraser: holds wait for it no longer than some tenths of a second."""


class Refused(Exception):
    """The erasure cannot be; `reason` is from a closed list: held, nothing_there, too_many, same_person, done."""

    def __init__(self, reason: str, detail: str) -> None:
        """Keep reason and sentence."""
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Eraser:
    """Erases by entry; `eraser` is the engine of the second role, None where none is configured."""

    def __init__(
        self,
        service: Service,
        sequencer: Sequencer,
        eraser: AsyncEngine | None,
        origin: str,
        clock: Callable[[], datetime],
        registry: CollectorRegistry,
    ) -> None:
        """Take what putting on record and deleting need."""
        self._service = service
        self._sequencer = sequencer
        self._eraser = eraser
        self._origin = origin
        self._clock = clock
        # Payloads deleted, erased and pruned together.
        self._erased = Counter("govbus_log_payloads_erased_total", "Payloads deleted", registry=registry)
        # Entries whose payloads are not all gone. For hours: a hold covers them, or the eraser's role cannot work.
        self._pending = Gauge("govbus_log_erasures_pending", "Erasures not carried out", registry=registry)

    @property
    def is_able(self) -> bool:
        """Whether the eraser's role is configured."""
        return self._eraser is not None

    async def confirm(self, request_id: str, by: str) -> tuple[int, int]:
        """Put the erasure of a request on record; return the index of the entry and how many payloads go.

        Raises:
            Refused: held, nothing there, too many, confirmed by who asked, or confirmed before.
        """
        async with self._service.transaction() as (connection, _):
            request = await store.request_of(connection, request_id, locked=True)
            if request is None:
                raise Refused("no_such_erasure", "There is no such request.")
            check_second_person(request, by)
            found = await store.found_payloads(connection, request.by, request.wanted, LIMIT_COUNT + 1)
            erasure = Erasure(ranges_of(index for index, _ in _bounded(found)))
            at = self._clock()
            said = said_of_erasure(erasure, request.reason, request.asked_by, by, at)
            index = await self.record(connection, ERASURE, erasure, by, said, at)
            await lock_holds(connection)
            held = await holding(connection, erasure.ranges)
            if held:
                raise Refused("held", f"{sum(held.values())} of {len(found)} payloads are held by {', '.join(held)}.")
            await store.confirm(connection, request_id, by, at, index)
        return index, len(found)

    async def record(
        self, connection: AsyncConnection, kind: str, erasure: Erasure, by: str, said: dict[str, Any], at: datetime
    ) -> int:
        """Append the entry that takes payloads away; return its index, which nobody else can have taken."""
        await self._sequencer.enter(connection, [draft_own(kind, self._origin, by, said, at, fresh_id())])
        index = (await read_head(connection)).compact.size - 1
        await store.put_on_record(connection, index, erasure)
        return index

    async def carry_out(self, entry_index: int) -> tuple[int, int]:
        """Delete what an entry takes away, as the eraser; return how many went and how many are left, held."""
        if self._eraser is None:
            return 0, 0
        total_count = 0
        while True:
            async with self._eraser.begin() as connection:
                erased_count, left_count = await store.erase(connection, entry_index, _BATCH_COUNT)
            total_count += erased_count
            self._erased.inc(erased_count)
            if not erased_count:
                return total_count, left_count

    async def carry_out_pending(self) -> None:
        """Carry out every erasure on record whose payloads are not all gone."""
        async with self._service.engine.connect() as connection:
            waiting = await store.pending(connection)
        for entry_index in waiting:
            await self.carry_out(entry_index)
        if waiting:
            async with self._service.engine.connect() as connection:
                waiting = await store.pending(connection)
        self._pending.set(len(waiting))


def check_second_person(request: ErasureRequest, by: str) -> None:
    """Return if this person may confirm this request.

    Raises:
        Refused: they asked for it, or it was confirmed.
    """
    if request.confirmed_by is not None:
        raise Refused("done", f"Confirmed already: entry {request.entry_index} says so.")
    if secrets.compare_digest(request.asked_by.encode(), by.encode()):
        raise Refused("same_person", "Another person than the one who asked must confirm.")


def _bounded(found: list[tuple[int, str]]) -> list[tuple[int, str]]:
    if not found:
        raise Refused("nothing_there", "No payload is there that this asks for: erased before, or never was.")
    if len(found) > LIMIT_COUNT:
        raise Refused("too_many", f"More than {LIMIT_COUNT} payloads: ask by ranges of indexes, one after the other.")
    return found

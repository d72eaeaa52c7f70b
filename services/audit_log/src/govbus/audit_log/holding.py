"""Places holds and lifts them: one person asks for the lifting, another lifts; each step is an entry."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.audit_log.domain.holds import PERSON, Hold, HoldScope, said_of
from govbus.audit_log.domain.own_entries import HOLD, draft_own
from govbus.audit_log.handlers import Sequencer
from govbus.audit_log.store import holds as store
from govbus.audit_log.store.holds import StoredHold
from govbus.contracts.identity import fresh_id
from govbus.eventing.service import Service


class NotLifted(Exception):
    """The hold stays; `reason` is from a closed list: no_such_hold, lifted, same_person."""

    def __init__(self, reason: str, detail: str) -> None:
        """Keep reason and sentence."""
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Holding:
    """Holds that people place and lift."""

    def __init__(self, service: Service, sequencer: Sequencer, origin: str, clock: Callable[[], datetime]) -> None:
        """Take what putting on record needs."""
        self._service = service
        self._sequencer = sequencer
        self._origin = origin
        self._clock = clock

    async def place(self, scope: HoldScope, reason: str, by: str) -> Hold:
        """Place a hold; in force when this returns, before any erasure that begins after it."""
        at, id_ = self._clock(), fresh_id()
        hold = Hold(id_, id_, PERSON, reason, by, at, scope)
        async with self._service.transaction() as (connection, _):
            await self._put_on_record(connection, "placed", hold.id, reason, by, at, scope)
            await store.lock_holds(connection)
            await store.place(connection, hold)
        return hold

    async def ask_or_lift(self, id_: str, reason: str, by: str) -> StoredHold:
        """Ask for the lifting, or lift what another person asked to lift; return the hold after it.

        Raises:
            NotLifted: there is none, it was lifted, or the same person asked.
        """
        async with self._service.transaction() as (connection, _):
            found = await store.locked_hold(connection, id_)
            if found is None:
                raise NotLifted("no_such_hold", f"There is no hold {id_[:100]}.")
            if found.lifted_at is not None:
                raise NotLifted("lifted", f"It was lifted by {found.lifted_by}.")
            if found.lift_asked_by == by:
                raise NotLifted("same_person", "Another person than the one who asked must lift it.")
            at = self._clock()
            if found.lift_asked_by is None:
                await self._put_on_record(connection, "lift_asked", id_, reason, by, at, None)
                await store.ask_to_lift(connection, id_, by, reason, at)
            else:
                await self._put_on_record(connection, "lifted", id_, reason, by, at, None)
                await store.lock_holds(connection)
                await store.lift(connection, id_, by, at)
            after = await store.locked_hold(connection, id_)
        return after or found

    async def _put_on_record(
        self,
        connection: AsyncConnection,
        action: str,
        hold_id: str,
        reason: str,
        by: str,
        at: datetime,
        scope: HoldScope | None,
    ) -> None:
        said = said_of(action, hold_id, reason, by, at, scope)
        await self._sequencer.enter(connection, [draft_own(HOLD, self._origin, by, said, at, fresh_id())])

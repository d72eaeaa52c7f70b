"""Lets auditors see what is not open to everyone, after putting on record that they did."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from govbus.audit_log.api import refusals
from govbus.audit_log.domain.access import draft_access
from govbus.audit_log.domain.classification import is_open
from govbus.audit_log.domain.consistency import Inconsistent
from govbus.audit_log.handlers import Sequencer
from govbus.audit_log.standing import NotCompared
from govbus.audit_log.store.entries import StoredRecord
from govbus.contracts.identity import fresh_id
from govbus.contracts.translog.entry import ACCESS
from govbus.eventing.access import Principal
from govbus.eventing.service import Service


class Disclosure:
    """One entry of kind `access` per request, export or stretch of a stream that shows a payload which is not open.

    It is in the log before anything is shown. Reads of `access` entries make none.
    """

    def __init__(self, service: Service, sequencer: Sequencer, origin: str, clock: Callable[[], datetime]) -> None:
        """Take what putting a reading on record needs."""
        self._service = service
        self._sequencer = sequencer
        self._origin = origin
        self._clock = clock

    async def permit(self, principal: Principal, records: Sequence[StoredRecord]) -> bool:
        """Return whether the principal may see payloads of these records that are not open; recorded when so.

        Raises:
            Problem: 503, it cannot be put on record.
        """
        if not principal.has("auditor"):
            return False
        closed = [record.index for record in records if is_recorded(record)]
        if closed:
            await self.record(principal, {"indexes": closed})
        return True

    async def record(self, principal: Principal, read: Mapping[str, Any]) -> None:
        """Put on record what the principal is about to see.

        Raises:
            Problem: 503, it cannot be.
        """
        draft = draft_access(self._origin, principal.id, read, self._clock(), fresh_id())
        try:
            async with self._service.transaction() as (connection, _):
                await self._sequencer.enter(connection, [draft])
        except (Inconsistent, NotCompared) as error:
            raise refusals.stopped(str(error)) from None


def is_recorded(record: StoredRecord) -> bool:
    """Return whether showing the payload of this entry is put on record."""
    return not is_open(record.classification) and record.kind != ACCESS and record.payload is not None

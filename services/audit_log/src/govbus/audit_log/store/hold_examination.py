"""Reads what the entries say of holds and what the table has, for holding one against the other."""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.audit_log.domain.hold_record import HoldRecord, HoldState
from govbus.audit_log.domain.holds import HELD, read_order
from govbus.audit_log.store.holds import page_of_holds
from govbus.audit_log.store.rows import rows
from govbus.contracts import strict_json, topics

_SAID: Final = (
    "SELECT e.idx, e.kind, e.id, e.source, e.subject, e.known_at, e.topic, p.actor, p.payload FROM entry e"
    " LEFT JOIN payload p ON p.idx = e.idx AND p.logged_on = e.logged_on"
    " WHERE e.kind = 'hold' OR (e.kind = 'event' AND e.type = $1) ORDER BY e.idx"
)
_PAGE_COUNT: Final = 500
_BY_EVENTS: Final = "oversight/"


async def hold_faults(connection: AsyncConnection) -> list[str]:
    """Return in words where the holds in force are not those that entries placed and did not lift."""
    record, faults, without = HoldRecord(), [], None
    said = await rows(connection, _SAID, (HELD,))
    for index, kind, id_, source, subject, known_at, topic, actor, payload in said:
        if kind != "hold" and topic != topics.OVERSIGHT:
            continue
        if kind != "hold" and payload is None:
            without = _BY_EVENTS
        elif kind != "hold":
            record.ordered(read_order(id_ or "", subject or "", bytes(payload), actor or source or "", known_at))
        else:
            try:
                record.entered(strict_json.parse(bytes(payload or b"")))
            except ValueError as error:
                faults.append(f"entry {index} says no longer what it held: {error}")
    return faults + list(record.differences(await _stored(connection), without=without))


async def _stored(connection: AsyncConnection) -> dict[str, HoldState]:
    found: dict[str, HoldState] = {}
    after = ""
    while page := await page_of_holds(connection, after, _PAGE_COUNT, in_force=False):
        found |= {hold.id: HoldState(scope, hold.lifted_at is not None) for hold, scope in page}
        after = page[-1][0].id
    return found

"""Events made of the contracts' payload classes, checked before they leave.

Kept apart, because the payload classes cost more to import than all the rest of the SDK.
"""

from datetime import UTC, datetime

from govbus.contracts import catalogue
from govbus.contracts.catalogue import Payload
from govbus.contracts.envelope import Event
from govbus.contracts.identity import fresh_id


def event_of(
    payload: Payload, subject: str, *, source: str, id_: str | None = None, time: datetime | None = None
) -> Event:
    """Return the event that says `payload` of `subject`."""
    declared = catalogue.type_of(type(payload))
    return Event(
        id=id_ or fresh_id(),
        source=source,
        type=declared.full_name,
        subject=subject,
        time=time or datetime.now(UTC),
        data=catalogue.dump(payload),
        dataschema=declared.schema_address,
    )

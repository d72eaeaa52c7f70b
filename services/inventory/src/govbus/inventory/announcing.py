"""Turns what was decided into events of `govbus.inventory`."""

import hashlib
from collections.abc import Iterator
from typing import Any, Final

from govbus.contracts import strict_json
from govbus.contracts.conclusions.asset import AssetUnregistered
from govbus.contracts.conclusions.record import Change, RecordChanged
from govbus.contracts.envelope import Event
from govbus.contracts.fields import EventReference
from govbus.contracts.making import conclude
from govbus.inventory.domain.folding import Outcome, Step, Unregistered
from govbus.inventory.domain.record import changes

SERVICE: Final = "inventory"

REPEATED_BYTES: Final = 4096
"""Longest value repeated in `record.changed`: with it the event stays far below Kafka's limit, whatever the record."""


def announce(outcome: Outcome, cause: Event) -> Iterator[Event]:
    """Yield the conclusions to draw from `cause`; computed ids, so that a replay draws the same."""
    if outcome.step is not None:
        payload = _record_changed(outcome.step, cause)
        classification = outcome.step.after.classification
        yield conclude(SERVICE, cause.subject, payload, cause, classification=classification)
    if outcome.unregistered is not None:
        yield conclude(SERVICE, cause.subject, _asset_unregistered(outcome.unregistered, cause), cause)


def _record_changed(step: Step, cause: Event) -> RecordChanged:
    key = step.after.key
    return RecordChanged(
        kind=key.kind,
        version=key.version or None,
        before_version=step.after.number - 1,
        after_version=step.after.number,
        caused_by=_reference(cause),
        changes={
            name: Change(**_side("before", change.before), **_side("after", change.after))
            for name, change in changes(step.before, step.after).items()
        },
    )


def _asset_unregistered(found: Unregistered, cause: Event) -> AssetUnregistered:
    return AssetUnregistered(
        missing=found.missing,
        how="deployed",
        version=found.deployment.version,
        environment=found.deployment.environment,
        seen_in=_reference(cause),
    )


def _side(name: str, value: Any) -> dict[str, Any]:
    written = strict_json.dump_sorted(value)
    if len(written) <= REPEATED_BYTES:
        return {name: value}
    return {f"{name}_sha256": hashlib.sha256(written).hexdigest()}


def _reference(event: Event) -> EventReference:
    return EventReference(source=event.source, type=event.type, id=event.id)

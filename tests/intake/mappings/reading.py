"""Reads a payload with a delivered mapping, as intake's pure part does it."""

import json
from collections.abc import Mapping as Dictionary
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from pydantic import BaseModel

from govbus.contracts import catalogue, types
from govbus.contracts.envelope import Event
from govbus.intake.domain.deliveries import read_delivery
from govbus.intake.domain.inputs import Input, Unit
from govbus.intake.domain.mapping import Mapping
from govbus.intake.domain.mapping_file import read_mapping
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.source import Source
from govbus.intake.domain.units import read_request
from govbus.intake.installed_mappings import DELIVERED

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
"""When everything here is received."""

Fact = tuple[str, str, dict[str, Any]]
"""Type without prefix and major version, subject, data."""


@cache
def installed(name: str) -> Mapping:
    """Return a delivered mapping."""
    path = DELIVERED / f"{name}.yaml"
    return read_mapping(path.read_bytes(), path.name)


def units(
    name: str,
    payload: object,
    *,
    headers: Dictionary[str, str] | None = None,
    stated: Dictionary[str, str] | None = None,
    namespace: str = "retail",
    also: Sequence[str] = (),
    types: tuple[str, ...] | None = None,
) -> list[Unit]:
    """Return what comes of a delivery, one unit per part; `payload` are bytes, or a value sent as JSON.

    `also` are further mappings that are installed, for what a wrapper holds; `types` what the source may say.
    """
    sent = tuple((key.lower(), value) for key, value in (headers or {}).items())
    source = Source(name, f"//{name}/prod", namespace, types=types, mapping=name)
    found = {one: installed(one) for one in (name, *also)}
    return read_delivery(Input("webhook", sent, _bytes(payload), dict(stated or {})), source, found, NOW)


def read(name: str, payload: object, **said: Any) -> Unit:
    """Return what comes of a delivery that is one; see `units`."""
    (unit,) = units(name, payload, **said)
    return unit


def facts(name: str, payload: object, **said: Any) -> list[Fact]:
    """Return the facts of a delivery, of all its parts; see `units`.

    Raises:
        Refused: a part was refused.
    """
    return [fact for unit in units(name, payload, **said) for fact in facts_of(unit)]


def facts_of(unit: Unit) -> list[Fact]:
    """Return the facts in a unit.

    Raises:
        Refused: it was refused.
    """
    if unit.refused is not None:
        raise unit.refused
    events = [draft.event for draft in unit.drafts]
    return [(types.short_name(event.type) or event.type, event.subject, _known(event)) for event in events]


def refusal(name: str, payload: object, **said: Any) -> tuple[str, list[str]]:
    """Return why a delivery is refused, and the JSON pointers of what was missing or wrong."""
    found = [unit.refused for unit in units(name, payload, **said) if isinstance(unit.refused, Refused)]
    assert found, "nothing was refused"
    return found[0].reason, [place.pointer for place in found[0].places]


def ignored(name: str, payload: object, **said: Any) -> str:
    """Return the reason for which a delivery is taken and means nothing."""
    unit = read(name, payload, **said)
    assert unit.ignored is not None, unit.refused
    return unit.ignored.reason


def carried(name: str, data: object, attributes: Dictionary[str, str], *, namespace: str = "retail") -> Unit:
    """Return what comes of a CloudEvent in binary mode whose data the mapping reads."""
    stated = {"specversion": "1.0", "id": "1", "source": f"//{name}/prod", **attributes}
    content_type = stated.pop("datacontenttype", "application/json")
    headers = (("content-type", content_type), *((f"ce-{key}", value) for key, value in stated.items()))
    source = Source(name, f"//{name}/prod", namespace, mapping=name)
    _, (unit,) = read_request(Input("event", headers, _bytes(data)), source, {name: installed(name)}, NOW)
    return unit


def _known(event: Event) -> dict[str, Any]:
    """Return an event's data, once it is sure that the contract knows every member: readers drop what it does not."""
    data: dict[str, Any] = event.json()
    payload = catalogue.read(event)
    assert isinstance(payload, BaseModel), f"{event.type} has no contract"
    _hold(payload.model_dump(mode="json", exclude_unset=True), data, "")
    return data


def _hold(kept: Any, written: Any, at: str) -> None:
    if isinstance(written, dict):
        assert kept.keys() == written.keys(), f"{at}: no reader sees {sorted(written.keys() - kept.keys())}"
        for key, value in written.items():
            _hold(kept[key], value, f"{at}/{key}")
    if isinstance(written, list):
        for place, (left, right) in enumerate(zip(kept, written, strict=True)):
            _hold(left, right, f"{at}/{place}")


def _bytes(payload: object) -> bytes:
    return payload if isinstance(payload, bytes) else json.dumps(payload, ensure_ascii=False).encode()

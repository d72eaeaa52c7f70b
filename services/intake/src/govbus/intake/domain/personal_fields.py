"""Which fields of a fact hold personal data, and how they are replaced by their sealed form.

Source: shared design, events.md, "Personal data".
"""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

from govbus.contracts import catalogue, strict_json
from govbus.contracts.envelope import Event
from govbus.contracts.personal import personal_paths

PLAIN_BYTES: Final = 12_000
"""Sealed, a text grows by a third and 200 bytes, and must still fit the 16 KiB its contract allows."""


def personal_texts(event: Event) -> list[str]:
    """Return every personal text in the data of a fact; none for types that Govbus does not understand."""
    found: list[str] = []

    def collect(text: str) -> str:
        found.append(text)
        return text

    _replaced(event, collect)
    return found


def with_sealed(event: Event, seal: Callable[[str], str]) -> Event:
    """Return the event with each personal text replaced by `seal` of it; other data keep their values."""
    return replace(event, data=strict_json.dump(_replaced(event, seal)))


@lru_cache(maxsize=1024)
def _paths(type_: str) -> tuple[tuple[str, ...], ...]:
    declared = catalogue.find(type_)
    return personal_paths(declared.payload) if declared else ()


def _replaced(event: Event, change: Callable[[str], str]) -> Any:
    paths = _paths(event.type)
    if not paths:
        return None
    value = event.json()
    for path in paths:
        value = _replace_at(value, path, change)
    return value


def _replace_at(value: Any, path: tuple[str, ...], change: Callable[[str], str]) -> Any:
    if not path:
        return change(value) if isinstance(value, str) else value
    step, below = path[0], path[1:]
    if isinstance(value, list):
        return [_replace_at(item, below, change) for item in value] if step == "*" else value
    if not isinstance(value, dict):
        return value
    return {key: _replace_at(item, below, change) if step in {"*", key} else item for key, item in value.items()}

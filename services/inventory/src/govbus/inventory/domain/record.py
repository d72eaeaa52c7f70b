"""A record of a model or of one of its versions, state by state."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from govbus.inventory.domain.fact import Cause, Fields

THE_MODEL: Final = ""
"""Stands for the model itself where a version is asked for; no version is empty."""


@dataclass(frozen=True, slots=True)
class Key:
    """Which record: a model (`version` empty), or one of its versions."""

    subject: str
    version: str = THE_MODEL

    @property
    def kind(self) -> str:
        """`model` or `model_version`."""
        return "model" if self.version == THE_MODEL else "model_version"


@dataclass(frozen=True, slots=True)
class State:
    """One state of a record; numbers count from 1 without gap, `known_at` never goes back.

    `registered` is False while the record exists only because the thing was seen in use.
    """

    key: Key
    number: int
    fields: Fields
    registered: bool
    classification: str
    said_at: datetime
    known_at: datetime
    cause: Cause


@dataclass(frozen=True, slots=True)
class Change:
    """A field's value before and after, None where it was not there."""

    before: Any
    after: Any


def changes(before: State | None, after: State) -> Mapping[str, Change]:
    """Return what differs, by field; `registered` counts as a field."""
    old: dict[str, Any] = {} if before is None else {**before.fields, "registered": before.registered}
    new = {**after.fields, "registered": after.registered}
    return {
        name: Change(old.get(name), new.get(name))
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    }

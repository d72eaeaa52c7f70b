"""What a fact says about records, in the domain's own words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Fields = Mapping[str, Any]
"""Field → JSON value."""


@dataclass(frozen=True, slots=True)
class Cause:
    """The identity of the fact that caused a state."""

    source: str
    type: str
    id: str


@dataclass(frozen=True, slots=True)
class ModelDescribed:
    """A model was registered, or described anew: the fields that were said, others left out."""

    fields: Fields


@dataclass(frozen=True, slots=True)
class VersionDescribed:
    """A version was created, or described anew."""

    version: str
    fields: Fields


@dataclass(frozen=True, slots=True)
class Deployed:
    """A version took over an environment."""

    version: str
    environment: str
    by: str | None
    ticket: str | None


@dataclass(frozen=True, slots=True)
class Fact:
    """One statement about one model: `said_at` by the emitter's clock, `known_at` when Govbus came to know it."""

    subject: str
    statement: ModelDescribed | VersionDescribed | Deployed
    cause: Cause
    said_at: datetime
    known_at: datetime
    classification: str

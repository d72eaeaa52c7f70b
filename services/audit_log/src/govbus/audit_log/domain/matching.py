"""Which events a framework or a figure means: types, and what some fields must or must not say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from pydantic import ConfigDict, with_config

from govbus.audit_log.domain.payload_path import PathRefused, parse_path
from govbus.contracts import types

STRICT: Final = ConfigDict(extra="forbid", allow_inf_nan=False)
"""How the files are read: a misspelt key is an error, never ignored."""

Scalar: TypeAlias = bool | int | float | str
Conditions: TypeAlias = Mapping[str, tuple[Scalar, ...]]
"""Path → values of which one must stand there."""

Schemas: TypeAlias = Mapping[str, Mapping[str, Any]]
"""Short name of every event type that Govbus understands → JSON Schema of its payload."""


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Events of these types (short names), with `where` all true and nothing of `unless`."""

    types: tuple[str, ...]
    where: Conditions = field(default_factory=dict)
    unless: Conditions = field(default_factory=dict)

    @property
    def full_types(self) -> frozenset[str]:
        """The CloudEvents types."""
        return frozenset(map(types.full_name, self.types))

    @property
    def needs_payload(self) -> bool:
        """Whether the type alone does not tell."""
        return bool(self.where or self.unless)

    def accepts(self, document: Any) -> bool:
        """Return whether a payload of one of the types is meant."""
        return is_meant(document, self.where, self.unless)

    def faults(self, schemas: Schemas, paths: Sequence[str] = ()) -> tuple[str, ...]:
        """Return what cannot be meant: unknown types, and paths that none of the types has."""
        if not self.types:
            return ("names no type",)
        unknown = tuple(f"{name} is no event type that Govbus knows" for name in self.types if name not in schemas)
        known = [schemas[name] for name in self.types if name in schemas]
        wanted = (*self.where, *self.unless, *paths)
        return unknown or tuple(fault for path in wanted for fault in _path_faults(path, known))


def is_meant(document: Any, where: Conditions, unless: Conditions) -> bool:
    """Return whether a payload says all of `where` and nothing of `unless`."""
    return all(_says(document, path, values) for path, values in where.items()) and not any(
        _says(document, path, values) for path, values in unless.items()
    )


def _says(document: Any, path: str, values: tuple[Scalar, ...]) -> bool:
    return any(_is_one_of(found, values) for found in parse_path(path).values(document))


def _is_one_of(found: Any, values: tuple[Scalar, ...]) -> bool:
    """`True` equals 1 in Python and is another value in JSON."""
    return any(found == value and isinstance(found, bool) == isinstance(value, bool) for value in values)


def _path_faults(path: str, schemas: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    refused: list[str] = []
    for schema in schemas:
        try:
            parse_path(path).check(schema)
        except PathRefused as error:
            refused.append(str(error))
    return tuple(refused[:1]) if len(refused) == len(schemas) else ()

"""Paths into a payload, as frameworks and figures name what they read: `version`, `datasets[].dataset`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

_STEP: Final = r"[A-Za-z_][A-Za-z0-9_]*(?:\[\])?"
_PATH: Final = re.compile(rf"{_STEP}(?:\.{_STEP})*")
_EACH: Final = "[]"


class PathRefused(ValueError):
    """Text that is not a path, or a path to what the payload cannot hold; the message says which step."""


@dataclass(frozen=True, slots=True)
class PayloadPath:
    """A path; each step is a field and whether it goes into every item of the list there."""

    text: str
    steps: tuple[tuple[str, bool], ...]

    def values(self, document: Any) -> tuple[Any, ...]:
        """Return what stands at the path, several values behind a `[]`; null and absent are nothing."""
        found = [document]
        for name, each in self.steps:
            found = [item[name] for item in found if isinstance(item, dict) and item.get(name) is not None]
            if each:
                found = [inner for item in found if isinstance(item, list) for inner in item]
        return tuple(found)

    def check(self, schema: Mapping[str, Any]) -> None:
        """Return if a payload of this JSON Schema can hold something at the path.

        Raises:
            PathRefused: it cannot.
        """
        here: Mapping[str, Any] = schema
        for name, each in self.steps:
            here = _resolved(here, schema)
            inner = here.get("properties", {}).get(name) or here.get("additionalProperties")
            if not isinstance(inner, dict):
                raise PathRefused(f"{self.text}: the payload has no {name}")
            here = _resolved(inner, schema)
            if each:
                if not isinstance(here.get("items"), dict):
                    raise PathRefused(f"{self.text}: {name} is no list")
                here = here["items"]


@cache
def parse_path(text: str) -> PayloadPath:
    """Return the path written in `text`.

    Raises:
        PathRefused: fields with dots between them are meant, each with `[]` where it is a list to go into.
    """
    if not _PATH.fullmatch(text):
        raise PathRefused(f"{text[:80]!r} is not a path like `version` or `datasets[].dataset`")
    steps = text.split(".")
    return PayloadPath(text, tuple((step.removesuffix(_EACH), step.endswith(_EACH)) for step in steps))


def _resolved(part: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a part of a schema without reference and without the alternative null."""
    while True:
        if "$ref" in part:
            part = schema["$defs"][str(part["$ref"]).rpartition("/")[2]]
        elif "anyOf" in part:
            part = next((one for one in part["anyOf"] if one.get("type") != "null"), {})
        else:
            return part

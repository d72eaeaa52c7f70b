"""Reads Prometheus' text format, as far as `govbus status` needs it."""

import re
from typing import Final

_SAMPLE: Final = re.compile(r"(?P<name>[A-Za-z_:][A-Za-z0-9_:]*)(?:\{[^}]*\})? (?P<value>[-+]?[0-9.eE+-]+)(?: \d+)?")


def total_of(text: str, name: str) -> float | None:
    """Return the sum of all samples of a metric, None when there is none."""
    found = [
        float(match["value"]) for match in map(_SAMPLE.fullmatch, text.splitlines()) if match and match["name"] == name
    ]
    return sum(found) if found else None

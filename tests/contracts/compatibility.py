"""Asks jsoncompat whether readers of one minor take what writers of another say."""

import json
from pathlib import Path
from typing import Any, Literal

from jsoncompat import check_compat

from contracts.examples import SCHEMAS
from govbus.contracts.schemas import DRAFTS, closed


def is_compatible_both_ways(earlier: dict[str, Any], later: dict[str, Any]) -> bool:
    """Return whether readers of either minor accept what writers of the other say (writers closed, readers open)."""
    return _accepts(later, closed(earlier), "deserializer") and _accepts(earlier, closed(later), "serializer")


def frozen_minors(folder: Path = SCHEMAS) -> dict[tuple[str, int], dict[int, dict[str, Any]]]:
    """Return the frozen history: (name, major) → minor → schema."""
    found: dict[tuple[str, int], dict[int, dict[str, Any]]] = {}
    for path in sorted(folder.glob("*/*.json")):
        if path.parent.name != DRAFTS:
            major, minor = (int(part) for part in path.stem.split("."))
            found.setdefault((path.parent.name, major), {})[minor] = json.loads(path.read_text("utf-8"))
    return found


def _accepts(reader: dict[str, Any], writer: dict[str, Any], role: Literal["serializer", "deserializer"]) -> bool:
    texts = [json.dumps({key: value for key, value in schema.items() if key != "$id"}) for schema in (writer, reader)]
    old, new = texts if role == "deserializer" else reversed(texts)
    return bool(check_compat(old, new, role))

"""The JSON Schema of each event type, and what may change in it inside a major version."""

import copy
import json
from pathlib import Path
from typing import Any, Final

from govbus.contracts.catalogue import EventType

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

DRAFTS: Final = "draft"
"""Folder of the schemas that nobody writes to yet: they may change."""

_WORDS: Final = frozenset({"title", "description", "examples"})
"""Keywords that tell people something and validators nothing. Source: JSON Schema 2020-12, Validation, section 9."""

_NAMED: Final = frozenset({"properties", "$defs"})
"""Keywords whose members are named by the contract: a field may be called `description`."""


def schema_of(declared: EventType) -> dict[str, Any]:
    """Return the schema of a type's data, as a reader sees it: unknown fields are welcome."""
    schema = declared.payload.model_json_schema(mode="validation")
    return {"$schema": DIALECT, "$id": declared.schema_address, **schema, "x-govbus-type": declared.full_name}


def schema_text(declared: EventType) -> str:
    """Return the schema as it lies in its file, with sorted keys."""
    return json.dumps(schema_of(declared), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def schema_path(folder: Path, declared: EventType) -> Path:
    """Return where the schema of a type's present minor lies: `<folder>/[draft/]<name>/<major>.<minor>.json`."""
    above = folder / DRAFTS if declared.draft else folder
    return above / declared.name / f"{declared.major}.{declared.minor}.json"


def meaning(schema: Any) -> Any:
    """Return what a schema means to a validator: the same without the words it has for people."""
    if isinstance(schema, list):
        return [meaning(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: {name: meaning(part) for name, part in value.items()} if key in _NAMED else meaning(value)
        for key, value in schema.items()
        if key not in _WORDS
    }


def closed(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of what a *writer* says: no field but the declared ones."""
    found = copy.deepcopy(schema)
    for part in (found, *found.get("$defs", {}).values()):
        if "properties" in part and "additionalProperties" not in part:
            part["additionalProperties"] = False
    return found

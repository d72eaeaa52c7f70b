"""The JSON Schema of each event type, and what may change in it inside a major version."""

import copy
import json
from pathlib import Path
from typing import Any, Final

from govbus.contracts.catalogue import EventType

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def schema_of(declared: EventType) -> dict[str, Any]:
    """Return the schema of a type's data, as a reader sees it: unknown fields are welcome."""
    schema = declared.payload.model_json_schema(mode="validation")
    return {"$schema": DIALECT, "$id": declared.schema_address, **schema, "x-govbus-type": declared.full_name}


def schema_text(declared: EventType) -> str:
    """Return the schema as it lies in its frozen file: sorted keys, so that only a change of meaning is a change."""
    return json.dumps(schema_of(declared), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def schema_path(folder: Path, declared: EventType) -> Path:
    """Return where the frozen schema of a type's present minor lies: `<folder>/<name>/<major>.<minor>.json`."""
    return folder / declared.name / f"{declared.major}.{declared.minor}.json"


def closed(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of what a *writer* says: no field but the declared ones."""
    found = copy.deepcopy(schema)
    for part in (found, *found.get("$defs", {}).values()):
        if "properties" in part and "additionalProperties" not in part:
            part["additionalProperties"] = False
    return found

"""JSON Schemas of payloads as AsyncAPI's schema objects, which are of draft 7: parts become components.

Source: AsyncAPI 3.0.0, Schema Object; JSON Schema draft 7, section 8.3 ($ref ignores what stands beside it).
"""

from typing import Any, Final

from govbus.contracts.catalogue import EventType
from govbus.contracts.schemas import schema_of

_LOCAL: Final = "#/$defs/"
_SHARED: Final = "#/components/schemas/"
_LEFT_OUT: Final = frozenset({"$schema", "$id", "$defs", "title"})


class PartsDiffer(ValueError):
    """Two parts of payloads have one name and mean different things: rename one of the classes."""


class SchemaObjects:
    """Collects the components that payloads need."""

    def __init__(self) -> None:
        """Begin with none."""
        self.components: dict[str, Any] = {}

    def add(self, declared: EventType) -> dict[str, str]:
        """Take the payload of a type, and return the reference to it.

        Raises:
            PartsDiffer: a part of it is known under the same name with another content.
        """
        schema = schema_of(declared)
        for name, part in schema.get("$defs", {}).items():
            self._keep(name, _schema_object(part))
        name = f"{declared.name}.{declared.major}.{declared.minor}"
        self._keep(name, _schema_object(schema))
        return {"$ref": _SHARED + name}

    def _keep(self, name: str, component: Any) -> None:
        if self.components.setdefault(name, component) != component:
            raise PartsDiffer(f"two payloads have a part {name!r} of their own each")


def _schema_object(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_schema_object(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: _member(key, value) for key, value in schema.items() if key not in _LEFT_OUT}
    reference = kept.pop("$ref", None)
    if reference is None:
        return kept
    shared = {"$ref": reference.replace(_LOCAL, _SHARED)}
    return {"allOf": [shared], **kept} if kept else shared


def _member(key: str, value: Any) -> Any:
    if key == "properties":
        return {name: _schema_object(part) for name, part in value.items()}
    return value if key in {"default", "const", "enum", "required"} else _schema_object(value)

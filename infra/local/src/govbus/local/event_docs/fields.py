"""Tables of fields: name, what it may be, whether it must be there, what it says."""

from collections.abc import Mapping
from typing import Any, Final

from govbus.local.event_docs.words import code, escaped, inline, link, table

_SCHEMAS: Final = "#/components/schemas/"
_BOUNDS: Final = {
    "minLength": "at least {} characters", "maxLength": "at most {} characters", "minimum": "at least {}",
    "maximum": "at most {}", "exclusiveMinimum": "more than {}", "minItems": "at least {} items",
    "maxItems": "at most {} items", "maxProperties": "at most {} members", "pattern": "pattern {}", "format": "{}",
}  # fmt: skip
_UNSAID: Final = (("pattern", "^[^\\x00]*$"), ("maximum", 2**53 - 1))
"""Bounds that only refuse what nobody says: a NUL, a figure that JSON readers cannot keep exact."""

_MARKERS: Final = {"x-govbus-personal": "sealed", "x-govbus-data-subject": "data subject"}


def part_of(reference: str) -> str:
    """Return the name of the component that a reference names."""
    return reference.removeprefix(_SCHEMAS)


def part_anchor(name: str) -> str:
    """Return where a part stands on the page."""
    return f"part-{name}"


def fields_table(schema: Mapping[str, Any]) -> str:
    """Return the table of an object's fields, required ones first."""
    required = schema.get("required", ())
    fields = sorted(schema.get("properties", {}).items(), key=lambda item: item[0] not in required)
    if not fields:
        return ""
    rows = ([code(name), kind(field), "required" if name in required else "", _words(field)] for name, field in fields)
    return table(("Field", "Kind", "", "What it says"), rows)


def kind(schema: Mapping[str, Any]) -> str:
    """Return what a value may be, as HTML."""
    if "$ref" in schema:
        name = part_of(schema["$ref"])
        return link(part_anchor(name), name)
    if "const" in schema:
        return code(schema["const"])
    if "enum" in schema:
        return " | ".join(code(value) for value in schema["enum"])
    options = [option for option in schema.get("anyOf", schema.get("allOf", ())) if option.get("type") != "null"]
    if options:
        return " | ".join(kind(option) for option in options)
    return _typed(schema)


def _typed(schema: Mapping[str, Any]) -> str:
    base = escaped(schema.get("type", "any JSON value"))
    inner = schema.get("items") or schema.get("additionalProperties")
    if isinstance(inner, dict):
        base = f"{'list' if 'items' in schema else 'object'} of {kind(inner)}"
    said = [(name, schema[name]) for name in _BOUNDS if name in schema]
    bounds = [escaped(_bound(name, value)) for name, value in said if (name, value) not in _UNSAID]
    return base + (f' <span class="bounds">{", ".join(bounds)}</span>' if bounds else "")


def _bound(name: str, value: object) -> str:
    return "not empty" if (name, value) in {("minLength", 1), ("minItems", 1)} else _BOUNDS[name].format(value)


def _words(field: Mapping[str, Any]) -> str:
    marks = [word for marker, word in _MARKERS.items() if _is_marked(field, marker)]
    said = "".join(f' <span class="mark">{escaped(word)}</span>' for word in marks)
    return inline(field.get("description", "")) + said


def _is_marked(field: Mapping[str, Any], marker: str) -> bool:
    return any(option.get(marker) for option in (field, *field.get("anyOf", ())))

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
_UNSAID: Final = {"^[^\\x00]*$"}
"""Patterns that only refuse what no text holds."""

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
    bounds = [
        escaped(words.format(schema[name]))
        for name, words in _BOUNDS.items()
        if name in schema and schema[name] not in _UNSAID
    ]
    return base + (f' <span class="bounds">{", ".join(bounds)}</span>' if bounds else "")


def _words(field: Mapping[str, Any]) -> str:
    marks = [word for marker, word in _MARKERS.items() if _is_marked(field, marker)]
    said = "".join(f' <span class="mark">{escaped(word)}</span>' for word in marks)
    return inline(field.get("description", "")) + said


def _is_marked(field: Mapping[str, Any], marker: str) -> bool:
    return any(option.get(marker) for option in (field, *field.get("anyOf", ())))

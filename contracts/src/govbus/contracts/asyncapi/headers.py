"""Kafka headers of an event in binary mode: `content-type` and `ce_<attribute>`.

Source: CloudEvents 1.0.2, Kafka Protocol Binding, section 3.2.
"""

from typing import Any, Final

from govbus.contracts.catalogue import EventType
from govbus.contracts.envelope import JSON_CONTENT_TYPE, SPECVERSION, Event
from govbus.contracts.limits import ATTRIBUTE_BYTES
from govbus.contracts.types import schema_address

PREFIX: Final = "ce_"
COMPONENT: Final = "headers.binary"
SAID_COMPONENT: Final = "headers.said"

_MEANINGS: Final = {
    "specversion": "Version of CloudEvents.",
    "id": "Id of the event: the same on every retry. Unique together with `ce_source` and `ce_type` only.",
    "source": "Who says it: `//mlflow/prod`, `//govbus/risk`. Compared as a string.",
    "type": "Type of the event; decides what the data mean.",
    "subject": "The governed subject, `model/<namespace>/<name>`, percent-encoded. Also the record's key.",
    "time": "When it happened, by the emitter's clock: RFC 3339, UTC.",
    "dataschema": "Schema of the data, with the minor version they were written by.",
    "recordedtime": "When intake took it in: RFC 3339, UTC. On facts only, set by intake.",
    "sequence": "Gap-free counter of the source, where it keeps one.",
    "correlationid": "Id of the event that began the chain this one belongs to.",
    "causationid": "Id of the event that directly caused this one.",
    "authtype": "How who said it was known: source, person, service.",
    "authid": "Principal that said it.",
    "actorassurance": "How sure that is: authenticated, asserted or unknown.",
    "traceparent": "W3C trace context.",
    "tracestate": "W3C trace context, what vendors add.",
    "dataclassification": "Who may see the data: public, internal, confidential, personal.",
}
"""Attribute → what it says."""

_REQUIRED: Final = ("specversion", "id", "source", "type", "subject", "time")
_SAID_REQUIRED: Final = ("specversion", "id", "source", "type")
_SET_BY_INTAKE: Final = frozenset({"recordedtime", "authtype", "authid", "actorassurance"})
_SHORT: Final = frozenset({"id", "source", "type", "subject"})
_TIMES: Final = frozenset({"time", "recordedtime"})


def binary_headers() -> dict[str, Any]:
    """Return the schema of the headers that every event has or may have."""
    properties = {PREFIX + name: _header(name, meaning) for name, meaning in _MEANINGS.items()}
    return {
        "type": "object",
        "description": "Other `ce_…` headers are extension attributes; facts that a mapping made carry "
        "`ce_mappingname`, `ce_mappingversion`, `ce_mappingdigest` and `ce_rawdigest`.",
        "properties": {"content-type": {"type": "string", "description": "Media type of the value."}, **properties},
        "required": ["content-type", *(PREFIX + name for name in _REQUIRED)],
    }


def said_headers() -> dict[str, Any]:
    """Return the schema of the headers that a platform writes; intake adds the rest."""
    meanings = {name: meaning for name, meaning in _MEANINGS.items() if name not in _SET_BY_INTAKE}
    meanings["subject"] += " Needed for the facts of this document; other CloudEvents may go without."
    meanings["time"] += " Absent: when intake received it."
    return {
        "type": "object",
        "description": "What intake sets itself is overwritten: `ce_recordedtime`, `ce_authtype`, `ce_authid`, "
        "`ce_actorassurance`.",
        "properties": {
            "content-type": {"type": "string", "description": "Media type of the value. Absent: `application/json`."},
            **{PREFIX + name: _header(name, meaning) for name, meaning in meanings.items()},
        },
        "required": [PREFIX + name for name in _SAID_REQUIRED],
    }


def headers_of(declared: EventType) -> dict[str, Any]:
    """Return the schema of a type's headers: those of every event, with its own type and schema addresses."""
    minors = [schema_address(declared.name, declared.major, minor) for minor in range(declared.minor + 1)]
    own = {
        "content-type": {"type": "string", "const": JSON_CONTENT_TYPE},
        "ce_type": {"type": "string", "const": declared.full_name, "description": _MEANINGS["type"]},
        "ce_dataschema": {"type": "string", "enum": minors, "description": _MEANINGS["dataschema"]},
    }
    shared = {"$ref": f"#/components/schemas/{COMPONENT}"}
    return {"type": "object", "allOf": [shared, {"type": "object", "properties": own}]}


def example_headers(event: Event) -> dict[str, str]:
    """Return the headers of an event as they stand on the record."""
    attributes = event.attributes()
    content_type = attributes.pop("datacontenttype")
    return {"content-type": content_type, **{PREFIX + name: value for name, value in attributes.items()}}


def _header(name: str, meaning: str) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "string", "description": meaning}
    if name == "specversion":
        found["const"] = SPECVERSION
    if name in _SHORT:
        found |= {"minLength": 1, "maxLength": ATTRIBUTE_BYTES}
    if name in _TIMES:
        found["format"] = "date-time"
    return found

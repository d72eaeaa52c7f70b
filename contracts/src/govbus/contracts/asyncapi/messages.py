"""One message per event type, and what platforms write to topics of their own."""

import inspect
from collections.abc import Iterable
from typing import Any, Final

from govbus.contracts.asyncapi.headers import SAID_COMPONENT, example_headers, headers_of
from govbus.contracts.catalogue import EventType
from govbus.contracts.envelope import JSON_CONTENT_TYPE, STRUCTURED_CONTENT_TYPE, Event

BINDING_VERSION: Final = "0.5.0"
SAID_BINARY: Final = "said.binary"
SAID_STRUCTURED: Final = "said.structured"

_KEY: Final = {"type": "string", "description": "The governed subject: what is of one subject stays in order."}
_BINDINGS: Final = {"kafka": {"key": _KEY, "bindingVersion": BINDING_VERSION}}
_DRAFT_NOTE: Final = "\n\n**Draft**: nobody writes it yet, and it may change."


def message_id(declared: EventType) -> str:
    """Return the name of a type's message in the document: `model.registered.v1`."""
    return f"{declared.name}.v{declared.major}"


def message(declared: EventType, payload: dict[str, str], examples: Iterable[tuple[str, Event]]) -> dict[str, Any]:
    """Return the message of a type; `payload` refers to its schema, `examples` are named events of it."""
    words = inspect.getdoc(declared.payload) or ""
    kind = "fact" if declared.is_fact else "draft" if declared.draft else "conclusion"
    return {
        "name": declared.full_name,
        "title": declared.name,
        "summary": words.partition("\n")[0],
        "description": words + (_DRAFT_NOTE if declared.draft else ""),
        "contentType": JSON_CONTENT_TYPE,
        "tags": [{"name": kind}],
        "headers": headers_of(declared),
        "payload": payload,
        "correlationId": {
            "location": "$message.header#/ce_correlationid",
            "description": "Id of the event that began the chain.",
        },
        "bindings": _BINDINGS,
        "examples": [_example(name, event) for name, event in examples],
    }


def said_messages() -> dict[str, Any]:
    """Return what platforms may write to topics of their own: CloudEvents in either mode."""
    binary = {
        "name": SAID_BINARY,
        "title": "CloudEvent, binary mode",
        "summary": "Any fact of this document, or any other well-formed CloudEvent.",
        "contentType": JSON_CONTENT_TYPE,
        "headers": {"$ref": f"#/components/schemas/{SAID_COMPONENT}"},
        "payload": {"description": "Data of the type that `ce_type` names; of another type anything at all."},
        "bindings": _BINDINGS,
    }
    structured = {
        "name": SAID_STRUCTURED,
        "title": "CloudEvent, structured mode",
        "summary": "The same as one JSON document; the content type chooses the mode.",
        "contentType": STRUCTURED_CONTENT_TYPE,
        "payload": _envelope(),
        "bindings": _BINDINGS,
    }
    return {SAID_BINARY: binary, SAID_STRUCTURED: structured}


def _example(name: str, event: Event) -> dict[str, Any]:
    words = name.replace("-", " ")
    return {"name": name, "summary": words, "headers": example_headers(event), "payload": event.json()}


def _envelope() -> dict[str, Any]:
    text = {"type": "string", "minLength": 1}
    return {
        "type": "object",
        "description": "CloudEvents 1.0 JSON format. Source: CloudEvents 1.0.2, JSON Event Format.",
        "properties": {
            "specversion": {"type": "string", "const": "1.0"},
            **dict.fromkeys(("id", "source", "type", "subject"), text),
            "time": {"type": "string", "format": "date-time"},
            "data": {"description": "Data of the type that `type` names."},
        },
        "required": ["specversion", "id", "source", "type"],
    }

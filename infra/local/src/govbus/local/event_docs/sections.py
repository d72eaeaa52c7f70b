"""Sections of the page: how to connect, topics, headers, events, parts."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from govbus.local.event_docs.fields import fields_table, kind, part_anchor, part_of
from govbus.local.event_docs.words import code, escaped, inline, link, paragraphs, table

GROUPS: Final = {
    "fact": ("Facts", "What platforms say."),
    "conclusion": ("Conclusions", "What services decide."),
    "draft": ("Drafts", "What services will decide; nobody writes these yet, and they may change."),
    "said": ("On a platform's own topic", "How a platform says anything."),
}
"""Tag of a message → title and words of its group; what platforms write on their own topics has no tag."""

_HEADERS: Final = {"headers.binary": "On Govbus's topics", "headers.said": "On a platform's own topic"}
"""Component → title of its table."""

_DAY_MS: Final = 86_400_000


def group_of(message: Mapping[str, Any]) -> str:
    """Return the group that a message stands in."""
    tags = message.get("tags") or [{"name": "said"}]
    return str(tags[0]["name"])


def connection(document: Mapping[str, Any]) -> str:
    """Return how to connect."""
    server = document["servers"]["kafka"]
    scheme = document["components"]["securitySchemes"][server["security"][0]["$ref"].rpartition("/")[2]]
    variables = server["variables"].items()
    rows = [[code(server["host"]), inline(server["description"])]]
    rows += [[code(name), inline(variable["description"])] for name, variable in variables]
    rows += [[code(scheme["type"]), inline(scheme["description"])]]
    return table(("Part", "What it says"), rows)


def topics(document: Mapping[str, Any]) -> str:
    """Return the table of topics."""
    heads = ("Topic", "Written by", "Read by", "Partitions", "Kept", "Events")
    return table(heads, (_topic(channel) for channel in document["channels"].values()))


def headers(document: Mapping[str, Any]) -> str:
    """Return the tables of headers that every event has or may have."""
    schemas = document["components"]["schemas"]
    found = [f"<h3>{title}</h3>{fields_table(schemas[name])}{paragraphs(schemas[name]['description'])}"
             for name, title in _HEADERS.items()]  # fmt: skip
    return "".join(found)


def event(name: str, message: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    """Return one event with its fields and examples."""
    channels = document["channels"].values()
    on = " ".join(code(channel["address"]) for channel in channels if name in channel["messages"])
    rest = message.get("description", message["summary"]).removeprefix(message["summary"])
    examples = "".join(_example(example) for example in message.get("examples", ()))
    return (
        f'<article id="{escaped(name)}"><h3>{escaped(message["title"])}</h3>'
        f"<p>{inline(message['summary'])}</p>{paragraphs(rest)}"
        f'<p class="where">{code(message["name"])} on {on}, {code(message["contentType"])}{_schema(message)}</p>'
        f"{_payload(message['payload'], document)}{examples}</article>"
    )


def part(name: str, schema: Mapping[str, Any]) -> str:
    """Return one part of payloads."""
    words = paragraphs(schema.get("description", "Any JSON value."))
    return f'<article id="{escaped(part_anchor(name))}"><h3>{escaped(name)}</h3>{words}{fields_table(schema)}</article>'


def part_names(document: Mapping[str, Any]) -> list[str]:
    """Return the components that are neither headers nor whole payloads."""
    whole = {part_of(message["payload"].get("$ref", "")) for message in document["components"]["messages"].values()}
    return [name for name in document["components"]["schemas"] if name not in whole | set(_HEADERS)]


def _topic(channel: Mapping[str, Any]) -> Iterable[str]:
    binding = channel["bindings"]["kafka"]
    kept_ms = binding["topicConfiguration"]["retention.ms"]
    return (
        code(channel["address"]),
        escaped(channel["x-govbus-writer"]),
        escaped(", ".join(channel["x-govbus-readers"])),
        escaped(binding["partitions"]),
        "for ever" if kept_ms < 0 else f"{kept_ms // _DAY_MS} days",
        " ".join(link(name, name) for name in channel["messages"]),
    )


def _schema(message: Mapping[str, Any]) -> str:
    """Return the newest schema address of a message that has one."""
    own = message.get("headers", {}).get("allOf", ({}, {}))[1].get("properties", {})
    return f", schema {code(own['ce_dataschema']['enum'][-1])}" if "ce_dataschema" in own else ""


def _payload(payload: Mapping[str, Any], document: Mapping[str, Any]) -> str:
    schema = document["components"]["schemas"][part_of(payload["$ref"])] if "$ref" in payload else payload
    described = fields_table(schema)
    return described or f"<p>{inline(schema.get('description', ''))} {kind(schema)}</p>"


def _example(example: Mapping[str, Any]) -> str:
    shown = "\n".join(f"{name}: {value}" for name, value in example["headers"].items())
    body = json.dumps(example["payload"], indent=2, ensure_ascii=False)
    return (
        f"<details><summary>Example: {escaped(example['summary'])}</summary>"
        f'<pre tabindex="0">{escaped(shown)}\n\n{escaped(body)}</pre></details>'
    )

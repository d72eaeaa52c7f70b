"""One channel per topic, and what Govbus does with it: writes it, or reads what platforms write."""

from collections.abc import Iterable
from typing import Any, Final

from govbus.contracts.asyncapi.facts_of_topics import TopicFacts
from govbus.contracts.asyncapi.messages import BINDING_VERSION
from govbus.contracts.topics import FACTS, INTAKE_PREFIX, intake_topic

INTAKE_CHANNEL: Final = "intake"

_LISTS: Final = frozenset({"cleanup.policy"})
_FIGURES: Final = frozenset({"retention.ms", "max.message.bytes", "retention.bytes", "delete.retention.ms"})
"""Settings that AsyncAPI's Kafka binding knows; as list, and as number."""


def channel_id(topic: str) -> str:
    """Return the name of a topic's channel in the document: `govbus.facts` → `facts`."""
    return topic.rpartition(".")[2]


def channel(topic: str, facts: TopicFacts, messages: Iterable[str]) -> dict[str, Any]:
    """Return the channel of a topic of Govbus's own, which carries `messages`."""
    said = f"Written by {facts.writer} alone, read by {', '.join(facts.readers)}."
    return {
        "address": topic,
        "title": topic,
        "description": f"{said} Keyed by subject: what is of one subject is in order.",
        "messages": _references(messages),
        "bindings": _binding(facts, topic),
        "x-govbus-writer": facts.writer,
        "x-govbus-readers": list(facts.readers),
    }


def intake_channel(facts: TopicFacts, messages: Iterable[str]) -> dict[str, Any]:
    """Return the channel of the topics that platforms write, one each."""
    return {
        "address": intake_topic("{source}"),
        "title": intake_topic("<source>"),
        "description": "A platform's own topic: it alone may write it, so the topic is the identity of who wrote. "
        f"Read by {', '.join(facts.readers)}, which copies what is in order to `{FACTS}` and refuses the rest.",
        "parameters": {"source": {"description": "Name under which the platform is registered.", "examples": ["demo"]}},
        "messages": _references(messages),
        "bindings": _binding(facts, None),
        "x-govbus-writer": facts.writer,
        "x-govbus-readers": list(facts.readers),
    }


def operation(name: str, facts: TopicFacts) -> dict[str, Any]:
    """Return what Govbus does with a channel."""
    reads = name == INTAKE_CHANNEL
    return {
        "action": "receive" if reads else "send",
        "channel": {"$ref": f"#/channels/{name}"},
        "title": f"Read {INTAKE_PREFIX}<source>" if reads else f"Write {name}",
        "summary": "What platforms say." if reads else f"What {facts.writer} says.",
    }


def _references(messages: Iterable[str]) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/messages/{name}"} for name in messages}


def _binding(facts: TopicFacts, topic: str | None) -> dict[str, Any]:
    named = {"topic": topic} if topic else {}
    known = {name: _setting(name, value) for name, value in sorted(facts.settings.items()) if name in _LISTS | _FIGURES}
    found = {**named, "partitions": facts.partitions, "topicConfiguration": known, "bindingVersion": BINDING_VERSION}
    return {"kafka": found}


def _setting(name: str, value: str) -> list[str] | int:
    return value.split(",") if name in _LISTS else int(value)

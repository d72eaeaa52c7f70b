"""The whole document, put together from catalogue, topics and examples."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from govbus.contracts import topics
from govbus.contracts.asyncapi.channels import INTAKE_CHANNEL, channel, channel_id, intake_channel, operation
from govbus.contracts.asyncapi.facts_of_topics import TopicFacts
from govbus.contracts.asyncapi.headers import COMPONENT, SAID_COMPONENT, binary_headers, said_headers
from govbus.contracts.asyncapi.messages import message, message_id, said_messages
from govbus.contracts.asyncapi.schema_objects import SchemaObjects
from govbus.contracts.catalogue import EventType
from govbus.contracts.envelope import JSON_CONTENT_TYPE, Event

ASYNCAPI: Final = "3.0.0"

_DESCRIPTION: Final = """Everything that Govbus hears and says, as CloudEvents 1.0 on Kafka in binary mode: attributes
in `ce_…` headers, JSON data in the value, the governed subject as key.

**Duplicates**: a record may be delivered more than once, as Kafka does. The identity of an event is (`source`, `type`,
`id`) taken together, never `id` alone: real emitters reuse ids across types. Same identity, same event: skip it.

**Evolution**: inside a major version (`.v1`) fields are only added, and never required. Read what you know and ignore
the rest. Fields described with *Known: …* are open: treat a word that you do not know as unknown, not as an error.

**Sealed fields** (marked `x-govbus-personal`) hold a compact JWE under a key per person; readers with the right fetch
the key with `GET /v1/keys/{person}`. Erasing a person is deleting the key.

Facts may be said over HTTP as well: `POST /v1/events`."""


def asyncapi_document(
    types: Iterable[EventType],
    topic_facts: Mapping[str, TopicFacts],
    intake: TopicFacts,
    examples: Mapping[str, Iterable[tuple[str, Event]]],
    version: str,
) -> dict[str, Any]:
    """Return the document of `types`.

    `topic_facts` are by topic, `intake` those of platforms' topics; `examples` by type name; `version` that of the
    contracts.
    """
    known = tuple(types)
    schemas = SchemaObjects()
    messages = {message_id(one): message(one, schemas.add(one), examples.get(one.name, ())) for one in known}
    said = said_messages()
    channels = {channel_id(topic): channel(topic, topic_facts[topic], _on(topic, known)) for topic in topics.WRITERS}
    facts_of = {**{channel_id(topic): topic_facts[topic] for topic in topics.WRITERS}, INTAKE_CHANNEL: intake}
    return {
        "asyncapi": ASYNCAPI,
        "id": "urn:govbus:events",
        "info": {
            "title": "Govbus events",
            "version": version,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": JSON_CONTENT_TYPE,
        "servers": {"kafka": _server()},
        "channels": {**channels, INTAKE_CHANNEL: intake_channel(intake, said)},
        "operations": {f"{name}.{_verb(name)}": operation(name, facts) for name, facts in facts_of.items()},
        "components": {
            "messages": {**messages, **said},
            "schemas": {
                COMPONENT: binary_headers(),
                SAID_COMPONENT: said_headers(),
                **dict(sorted(schemas.components.items())),
            },
            "securitySchemes": {"scram": _scram()},
        },
    }


def _on(topic: str, types: Iterable[EventType]) -> list[str]:
    return [message_id(declared) for declared in types if topic in declared.topics]


def _verb(channel_name: str) -> str:
    return "read" if channel_name == INTAKE_CHANNEL else "write"


def _server() -> dict[str, Any]:
    return {
        "host": "{bootstrap_servers}",
        "protocol": "kafka-secure",
        "description": "Kafka with TLS and SCRAM; on one's own machine without TLS, at an address of `127.0.0.1`.",
        "variables": {
            "bootstrap_servers": {
                "description": "Where Kafka answers; locally `kafka.bootstrap_servers` of `.govbus/endpoints.json`.",
                "examples": ["127.0.0.1:9092"],
            }
        },
        "security": [{"$ref": "#/components/securitySchemes/scram"}],
        "bindings": {"kafka": {"bindingVersion": "0.5.0"}},
    }


def _scram() -> dict[str, str]:
    return {
        "type": "scramSha256",
        "description": "One user per principal, one writer per topic. `govbus sources add --kafka` makes a user.",
    }

"""Who may do what on Kafka, derived from the manifest: a pure table of ACLs.

A service writes its own topics, reads what the manifest says, joins groups of its own name and fences producers of it.
The person at this machine reads every topic and joins any group but the services'. A platform writes its own topic.
Nobody may more.
"""

from collections.abc import Iterator

from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
)

from govbus.local.manifest import Manifest, kafka_user

_EVERY_HOST = "*"
_WRITING = (AclOperation.WRITE, AclOperation.DESCRIBE, AclOperation.DESCRIBE_CONFIGS)
_READING = (AclOperation.READ, AclOperation.DESCRIBE, AclOperation.DESCRIBE_CONFIGS)
_TAKING = (*_READING, AclOperation.DELETE)
"""Whoever takes in what platforms say deletes it behind itself: it is not sealed yet."""


def rights(manifest: Manifest) -> list[AclBinding]:
    """Return every ACL of the manifest, each once."""
    found = [*_topic_rights(manifest), *_platform_rights(manifest), *_group_rights(manifest)]
    return list(dict.fromkeys(found))


def source_rights(manifest: Manifest, source_name: str) -> list[AclBinding]:
    """Return what a platform that emits over Kafka may do: write its own topic."""
    principal, topic = manifest.source_topics.principal(source_name), manifest.source_topics.topic(source_name)
    return [_allow(principal, ResourceType.TOPIC, topic, operation) for operation in _WRITING]


def _topic_rights(manifest: Manifest) -> Iterator[AclBinding]:
    for topic_name, topic in manifest.topics.items():
        for writer in topic.writers:
            for operation in _WRITING:
                yield _allow(writer, ResourceType.TOPIC, topic_name, operation)
        for reader in (*topic.readers, *_people(manifest)):
            for operation in _READING:
                yield _allow(reader, ResourceType.TOPIC, topic_name, operation)


def _platform_rights(manifest: Manifest) -> Iterator[AclBinding]:
    """Yield who reads the topics of all platforms, also of those to come."""
    allowed = {
        **dict.fromkeys(_people(manifest), _READING),
        **dict.fromkeys(manifest.source_topics.readers, _TAKING),
    }
    for reader, operations in allowed.items():
        for operation in operations:
            prefix = manifest.source_topics.prefix
            yield _allow(reader, ResourceType.TOPIC, prefix, operation, ResourcePatternType.PREFIXED)


def _people(manifest: Manifest) -> list[str]:
    return [name for name, principal in manifest.principals.items() if principal.kind == "person"]


def _group_rights(manifest: Manifest) -> Iterator[AclBinding]:
    for name, principal in manifest.principals.items():
        if principal.kind == "service":
            yield _allow(name, ResourceType.GROUP, f"govbus.{name}", AclOperation.READ)
            yield _allow(name, ResourceType.GROUP, f"govbus.{name}.", AclOperation.READ, ResourcePatternType.PREFIXED)
            for operation in (AclOperation.WRITE, AclOperation.DESCRIBE):
                own = ResourcePatternType.PREFIXED
                yield _allow(name, ResourceType.TRANSACTIONAL_ID, f"govbus.{name}.", operation, own)
        elif principal.kind == "person":
            yield _allow(name, ResourceType.GROUP, "*", AclOperation.READ)
            yield _binding(
                name, ResourceType.GROUP, "govbus.", AclOperation.READ, ResourcePatternType.PREFIXED,
                AclPermissionType.DENY,
            )  # fmt: skip


def _allow(
    principal: str,
    kind: ResourceType,
    name: str,
    operation: AclOperation,
    pattern: ResourcePatternType = ResourcePatternType.LITERAL,
) -> AclBinding:
    return _binding(principal, kind, name, operation, pattern, AclPermissionType.ALLOW)


def _binding(
    principal: str,
    kind: ResourceType,
    name: str,
    operation: AclOperation,
    pattern: ResourcePatternType,
    permission: AclPermissionType,
) -> AclBinding:
    user = f"User:{kafka_user(principal)}"
    return AclBinding(kind, name, pattern, user, _EVERY_HOST, operation, permission)

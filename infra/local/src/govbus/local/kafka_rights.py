"""Who may do what on Kafka, derived from the manifest: a pure table of ACLs.

A service writes its own topics, reads what the manifest says, and joins groups of its own name. The person at this
machine reads every topic and joins any group but the services'. Nobody may more.
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


def rights(manifest: Manifest) -> list[AclBinding]:
    """Return every ACL of the manifest, each once."""
    found = [*_topic_rights(manifest), *_group_rights(manifest)]
    return list(dict.fromkeys(found))


def _topic_rights(manifest: Manifest) -> Iterator[AclBinding]:
    for topic_name, topic in manifest.topics.items():
        people = [name for name, principal in manifest.principals.items() if principal.kind == "person"]
        for writer in topic.writers:
            for operation in (AclOperation.WRITE, AclOperation.DESCRIBE, AclOperation.DESCRIBE_CONFIGS):
                yield _allow(writer, ResourceType.TOPIC, topic_name, operation)
        for reader in (*topic.readers, *people):
            for operation in (AclOperation.READ, AclOperation.DESCRIBE, AclOperation.DESCRIBE_CONFIGS):
                yield _allow(reader, ResourceType.TOPIC, topic_name, operation)


def _group_rights(manifest: Manifest) -> Iterator[AclBinding]:
    for name, principal in manifest.principals.items():
        if principal.kind == "service":
            yield _allow(name, ResourceType.GROUP, f"govbus.{name}", AclOperation.READ)
            yield _allow(name, ResourceType.GROUP, f"govbus.{name}.", AclOperation.READ, ResourcePatternType.PREFIXED)
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

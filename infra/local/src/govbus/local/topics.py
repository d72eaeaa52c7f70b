"""Brings a Kafka cluster to what the manifest says: topics with their settings, users, and ACLs.

Idempotent: what is there already stays, settings are set to the manifest's, ACLs that the manifest no longer gives to a
govbus principal are taken away, but for a platform's right to its own topic. Partitions are added, never removed.
"""

import time
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from govbus.local.kafka_rights import rights, source_rights
from govbus.local.manifest import PRINCIPAL_PREFIX, Manifest, kafka_user
from govbus.local.refusals import Refused

CALL_TIMEOUT_SECONDS = 30.0
ANSWER_SECONDS = 60.0
"""For the first answer of a broker that accepts connections already but is still starting, on a busy machine."""
ATTEMPT_SECONDS = 5.0
"""For one attempt; each begins with a new client, as an old one waits longer and longer between connections."""
PROBE_TIMEOUT_SECONDS = 1.0
_NOT_YET = (KafkaError._TRANSPORT, KafkaError._TIMED_OUT)  # noqa: SLF001 - librdkafka's own codes begin so
SCRAM_ITERATIONS = 4096
"""Kafka's minimum: passwords are 192 random bits, so more would only make connecting slower."""


def provision_kafka(client_config: Mapping[str, str], manifest: Manifest, passwords: Mapping[str, str]) -> list[str]:
    """Create topics, users and ACLs; return sentences about what this cluster cannot do.

    Raises:
        Refused: the cluster refuses the admin user or a topic differs in a way that cannot be mended.
    """
    try:
        admin = _answering(client_config)
        ensure_topics(admin, manifest)
        if client_config.get("security.protocol", "PLAINTEXT") == "PLAINTEXT":
            return ["This Kafka takes anybody without a password: one writer per topic is not enforced by it."]
        _ensure_users(admin, manifest, passwords)
        _ensure_rights(admin, manifest)
        _await_effect(client_config, manifest, passwords)
    except KafkaException as failed:
        raise Refused(f"Kafka refused to be set up: {failed.args[0].str()}") from failed
    return []


def _answering(client_config: Mapping[str, str]) -> AdminClient:
    """Return a client that the cluster has answered."""
    deadline = time.monotonic() + ANSWER_SECONDS
    while True:
        admin = AdminClient(dict(client_config))
        try:
            admin.list_topics(timeout=ATTEMPT_SECONDS)
        except KafkaException as failed:
            if failed.args[0].code() not in _NOT_YET or time.monotonic() > deadline:
                raise
        else:
            return admin


def ensure_topics(admin: AdminClient, manifest: Manifest) -> None:
    """Create what is missing, add partitions, set every stated setting."""
    live = admin.list_topics(timeout=CALL_TIMEOUT_SECONDS).topics
    replication = manifest.replication["local"].replication_factor
    missing = [
        NewTopic(name, topic.partitions, replication, config=manifest.topic_config(name))
        for name, topic in manifest.topics.items()
        if name not in live
    ]
    if missing:
        finish(admin.create_topics(missing), KafkaError.TOPIC_ALREADY_EXISTS)
    present = [name for name in manifest.topics if name in live]
    if present:
        _mend(admin, manifest, {name: len(live[name].partitions) for name in present})


def _mend(admin: AdminClient, manifest: Manifest, live_partitions: Mapping[str, int]) -> None:
    for name, count in live_partitions.items():
        wanted = manifest.topics[name].partitions
        if count > wanted:
            raise Refused(
                f"Topic {name} has {count} partitions, the manifest says {wanted}: Kafka cannot take any away."
            )
        if count < wanted:
            finish(admin.create_partitions([NewPartitions(name, wanted)]))
    resources = [
        ConfigResource(
            ConfigResource.Type.TOPIC,
            name,
            incremental_configs=[
                ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
                for key, value in manifest.topic_config(name).items()
            ],
        )
        for name in live_partitions
    ]
    finish(admin.incremental_alter_configs(resources))


def _ensure_users(admin: AdminClient, manifest: Manifest, passwords: Mapping[str, str]) -> None:
    info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, SCRAM_ITERATIONS)
    users = [kafka_user(principal) for principal in manifest.principals]
    finish(
        admin.alter_user_scram_credentials(
            [UserScramCredentialUpsertion(user, info, password=passwords[user].encode()) for user in users]
        )
    )


def _ensure_rights(admin: AdminClient, manifest: Manifest) -> None:
    wanted = set(rights(manifest))
    anything: Any = None  # means every name, principal and host; the stubs know of strings only
    everything = AclBindingFilter(
        ResourceType.ANY,
        anything,
        ResourcePatternType.ANY,
        anything,
        anything,
        AclOperation.ANY,
        AclPermissionType.ANY,
    )
    live: list[AclBinding] = admin.describe_acls(everything).result(CALL_TIMEOUT_SECONDS)
    ours = {acl for acl in live if str(acl.principal).startswith(f"User:{PRINCIPAL_PREFIX}")}
    if wanted - ours:
        finish(admin.create_acls(list(wanted - ours)))
    kept = wanted | {right for acl in ours for right in _platforms_own(manifest, acl)}
    stale = [
        AclBindingFilter(
            acl.restype,
            acl.name,
            acl.resource_pattern_type,
            acl.principal,
            acl.host,
            acl.operation,
            acl.permission_type,
        )
        for acl in ours - kept
    ]
    if stale:
        finish(admin.delete_acls(stale))


def _platforms_own(manifest: Manifest, acl: AclBinding) -> list[AclBinding]:
    """Return the rights of the platform that an ACL belongs to: `govbus sources` gave them, not the manifest."""
    begin = f"User:{kafka_user(manifest.source_topics.principal(''))}"
    name = str(acl.principal).removeprefix(begin)
    is_listed = manifest.source_topics.principal(name) in manifest.principals
    return [] if is_listed or name == acl.principal else source_rights(manifest, name)


def _await_effect(client_config: Mapping[str, str], manifest: Manifest, passwords: Mapping[str, str]) -> None:
    """Return when a user sees all its topics: the controller has acknowledged earlier than brokers act on it."""
    principal = list(manifest.principals)[-1]
    user = kafka_user(principal)
    wanted = {name for name, topic in manifest.topics.items() if principal in (*topic.writers, *topic.readers)}
    own_login = {"sasl.username": user, "sasl.password": passwords[user], "sasl.mechanism": "SCRAM-SHA-256"}
    deadline = time.monotonic() + CALL_TIMEOUT_SECONDS
    while True:
        client = AdminClient({**client_config, **own_login, "log_level": "0"})
        try:
            if wanted <= client.list_topics(timeout=PROBE_TIMEOUT_SECONDS).topics.keys():
                return
        except KafkaException:
            if time.monotonic() > deadline:
                raise
        if time.monotonic() > deadline:
            raise Refused(f"Kafka took the users and rights but {user} still cannot see its topics: look at its log.")


def finish(futures: Mapping[Any, Future[Any]], *tolerated: int) -> None:
    """Wait for all calls; raise the first refusal that is not tolerated."""
    for future in futures.values():
        try:
            future.result(CALL_TIMEOUT_SECONDS)
        except KafkaException as failed:
            if failed.args[0].code() not in tolerated:
                raise

"""Platforms that emit over Kafka: each has a topic, a user and the right to write that topic, made while all runs.

The SDK finds this by the entry point `govbus.kafka_provisioner`, where this stack is the one that it talks to.
"""

import secrets
import time
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewTopic,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)

from govbus.local.kafka_properties import ADMIN
from govbus.local.kafka_rights import source_rights
from govbus.local.layout import Home, find_checkout
from govbus.local.manifest import Manifest, kafka_user, read_manifest
from govbus.local.provision import MANIFEST_PATH
from govbus.local.refusals import Refused
from govbus.local.secret_files import PASSWORD_BYTES, read_json
from govbus.local.server_start import existing_kafka
from govbus.local.servers import KafkaAccess
from govbus.local.settings import LocalSettings
from govbus.local.topics import CALL_TIMEOUT_SECONDS, PROBE_TIMEOUT_SECONDS, SCRAM_ITERATIONS, finish
from govbus.sdk.endpoints import Endpoints
from govbus.sdk.failures import NotProvisioned
from govbus.sdk.provisioning import KafkaLogin

POLL_SECONDS = 0.1
_PLAIN = "PLAINTEXT"


class KafkaSources:
    """Sets up one Kafka for platforms, as its administrator."""

    def __init__(self, access: KafkaAccess, manifest: Manifest) -> None:
        """Take the way in; nothing is asked yet."""
        self._access = access
        self._manifest = manifest

    def add(self, source_name: str) -> KafkaLogin:
        """Make topic, user and right, and return when the user sees its topic; a user that was there gets a password.

        Raises:
            NotProvisioned: Kafka refuses, or the principal is one of the manifest's own.
        """
        user, topic = self._names(source_name)
        password = "" if self._is_open else secrets.token_urlsafe(PASSWORD_BYTES)
        try:
            self._make(source_name, topic, user, password)
        except KafkaException as failed:
            raise NotProvisioned(f"Kafka refused to be set up for {source_name}: {failed.args[0].str()}") from None
        mechanism = "" if self._is_open else self._access.sasl_mechanism
        username = "" if self._is_open else user
        servers, protocol = self._access.bootstrap_servers, self._access.security_protocol
        return KafkaLogin(topic, servers, protocol, mechanism, username, password)

    def remove(self, source_name: str) -> None:
        """Take rights and user away; without the rights a connection that is open writes nothing any more.

        Raises:
            NotProvisioned: Kafka refuses, or the principal is one of the manifest's own.
        """
        user, _ = self._names(source_name)
        if self._is_open:
            return
        anything: Any = None  # means every name and host; the stubs know of strings only
        of_user = AclBindingFilter(
            ResourceType.ANY, anything, ResourcePatternType.ANY, f"User:{user}", anything, AclOperation.ANY,
            AclPermissionType.ANY,
        )  # fmt: skip
        deletion = UserScramCredentialDeletion(user, ScramMechanism.SCRAM_SHA_256)
        try:
            admin = AdminClient(dict(self._access.admin_client_config))
            finish(admin.delete_acls([of_user]))
            finish(admin.alter_user_scram_credentials([deletion]), KafkaError.RESOURCE_NOT_FOUND)
        except KafkaException as failed:
            raise NotProvisioned(f"Kafka refused to forget {source_name}: {failed.args[0].str()}") from None

    @property
    def _is_open(self) -> bool:
        """Whether this Kafka takes anybody without a password, so that there are no users to make."""
        return self._access.security_protocol == _PLAIN

    def _names(self, source_name: str) -> tuple[str, str]:
        principal = self._manifest.source_topics.principal(source_name)
        if principal in self._manifest.principals:
            raise NotProvisioned(f"{source_name} is set up by {MANIFEST_PATH}, not by this command.")
        return kafka_user(principal), self._manifest.source_topics.topic(source_name)

    def _make(self, source_name: str, topic: str, user: str, password: str) -> None:
        admin = AdminClient(dict(self._access.admin_client_config))
        replication = self._manifest.replication["local"].replication_factor
        partitions = self._manifest.source_topics.partitions
        new_topic = NewTopic(topic, partitions, replication, config=self._manifest.topic_config(topic))
        finish(admin.create_topics([new_topic]), KafkaError.TOPIC_ALREADY_EXISTS)
        if self._is_open:
            return
        info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, SCRAM_ITERATIONS)
        finish(
            admin.alter_user_scram_credentials([UserScramCredentialUpsertion(user, info, password=password.encode())])
        )
        finish(admin.create_acls(source_rights(self._manifest, source_name)))
        self._await_effect(topic, user, password)

    def _await_effect(self, topic: str, user: str, password: str) -> None:
        deadline = time.monotonic() + CALL_TIMEOUT_SECONDS
        config = {**self._access.client_config(user, password), "log_level": "0"}
        while True:
            try:
                seen = AdminClient(dict(config)).list_topics(topic, timeout=PROBE_TIMEOUT_SECONDS).topics.get(topic)
                if seen is not None and seen.error is None and seen.partitions:
                    return
            except KafkaException:
                if time.monotonic() > deadline:
                    raise
            if time.monotonic() > deadline:
                raise NotProvisioned(f"Kafka took the user {user}, who still cannot see {topic}: look at its log.")
            time.sleep(POLL_SECONDS)


def find_local(endpoints: Endpoints) -> KafkaSources | None:
    """Return the way into the Kafka of the stack on this machine, None when the SDK talks to another Govbus.

    Raises:
        NotProvisioned: the manifest is not found or wrong.
    """
    home = Home(endpoints.home) if endpoints.home else None
    document = read_json(home.endpoints) if home else None
    if home is None or document is None or document.get("url") != endpoints.url:
        return None
    access = _access(home, document)
    if access is None:
        return None
    try:
        return KafkaSources(access, read_manifest(_manifest_path(home)))
    except Refused as refused:
        raise NotProvisioned(str(refused)) from None


def _access(home: Home, document: dict[str, object]) -> KafkaAccess | None:
    settings = LocalSettings()
    if settings.kafka_bootstrap_servers:
        return existing_kafka(settings)
    kafka = document.get("kafka")
    password = (read_json(home.passwords) or {}).get(ADMIN)
    if not isinstance(kafka, dict) or not isinstance(password, str):
        return None
    told = {name: str(kafka.get(name, "")) for name in ("bootstrap_servers", "security_protocol", "sasl_mechanism")}
    return KafkaAccess(**told, admin_username=ADMIN, admin_password=password)


def _manifest_path(home: Home) -> Path:
    try:
        return find_checkout(home.root) / MANIFEST_PATH
    except Refused:
        return find_checkout(Path.cwd()) / MANIFEST_PATH

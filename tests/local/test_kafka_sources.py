"""What `govbus sources` gave a platform on Kafka outlives the next start of the stack; nothing else does."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import TopicAuthorizationFailedError
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from backends.running import RunningKafka
from govbus.contracts import topics
from govbus.local.kafka_sources import KafkaSources, find_local
from govbus.local.manifest import kafka_user
from govbus.local.secret_files import write_private_json
from govbus.local.topics import provision_kafka
from govbus.sdk.endpoints import Endpoints
from govbus.sdk.provisioning import KafkaLogin

CALL_SECONDS = 30.0
URL = "http://127.0.0.1:8400"


async def write(login: KafkaLogin, topic: str) -> None:
    """Write one record as the platform."""
    producer = AIOKafkaProducer(
        bootstrap_servers=login.bootstrap_servers,
        security_protocol=login.security_protocol,
        sasl_mechanism=login.sasl_mechanism,
        sasl_plain_username=login.username,
        sasl_plain_password=login.password,
    )
    try:
        await producer.start()
        await producer.send_and_wait(topic, b"{}")
    finally:
        await producer.stop()


def start_again(kafka: RunningKafka) -> None:
    """Provision as the stack does at every start."""
    passwords = {kafka_user(name): kafka.credentials(name)[1] for name in kafka.manifest.principals}
    provision_kafka(kafka.access.admin_client_config, kafka.manifest, passwords)


def give(kafka: RunningKafka, user: str, topic: str) -> None:
    """Let a user write a topic that is not its own."""
    right = AclBinding(
        ResourceType.TOPIC, topic, ResourcePatternType.LITERAL, f"User:{user}", "*", AclOperation.WRITE,
        AclPermissionType.ALLOW,
    )  # fmt: skip
    admin = AdminClient(dict(kafka.access.admin_client_config))
    for given in admin.create_acls([right]).values():
        given.result(CALL_SECONDS)


async def test_a_platform_keeps_its_right_over_a_start_and_loses_what_nobody_registered(kafka: RunningKafka) -> None:
    name = f"p-{uuid4().hex[:8]}"
    login = await asyncio.to_thread(KafkaSources(kafka.access, kafka.manifest).add, name)
    await asyncio.to_thread(give, kafka, login.username, topics.FACTS)
    await write(login, topics.FACTS)
    await asyncio.to_thread(start_again, kafka)
    await write(login, login.topic)
    with pytest.raises(TopicAuthorizationFailedError):
        await write(login, topics.FACTS)


def stack(home: Path, url: str = URL, **kafka: Any) -> Endpoints:
    """Write what a running stack leaves in its folder, and return what the SDK finds."""
    told = {"bootstrap_servers": "127.0.0.1:9", "security_protocol": "SASL_PLAINTEXT", **kafka}
    write_private_json(home / "endpoints.json", {"url": url, "kafka": told})
    return Endpoints(URL, home=home)


def test_only_the_stack_that_the_sdk_talks_to_is_set_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOVBUS_KAFKA_BOOTSTRAP_SERVERS", raising=False)
    write_private_json(tmp_path / "keys" / "passwords.json", {"govbus-admin": "secret"})
    assert find_local(stack(tmp_path)) is not None
    assert find_local(stack(tmp_path, url="http://127.0.0.1:9400")) is None
    assert find_local(Endpoints(URL)) is None
    assert find_local(Endpoints(URL, home=tmp_path / "elsewhere")) is None


def test_a_folder_without_the_administrators_password_sets_nothing_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GOVBUS_KAFKA_BOOTSTRAP_SERVERS", raising=False)
    assert find_local(stack(tmp_path)) is None

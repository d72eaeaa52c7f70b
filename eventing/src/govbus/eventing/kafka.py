"""How this process connects to Kafka; every setting that has a dangerous default is stated here."""

import asyncio
import hashlib
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete
from aiokafka.errors import KafkaError, ProducerClosed
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaMessage
from faststream.kafka.subscriber.usecase import BatchSubscriber
from faststream.security import BaseSecurity, SASLScram256, SASLScram512

from govbus.contracts.limits import ATTRIBUTES_BYTES, EVENT_BYTES
from govbus.eventing.consumer import Consumer
from govbus.eventing.error_words import describe
from govbus.eventing.settings import ServiceSettings
from govbus.eventing.tolerant_records import tolerate

_log: Final = logging.getLogger(__name__)

PRODUCER_STOP_SECONDS: Final = 2.0

PRODUCER_BATCH_BYTES: Final = 128 * 1024
"""aiokafka's 16 KiB make one request per handful of events."""

REQUEST_BYTES: Final = 1024 * 1024
"""The topics' `max.message.bytes`; an event with all attributes is far below."""

HEARTBEATS_PER_SESSION: Final = 3
_DIGEST_DIGITS_COUNT: Final = 12


def connection_settings(settings: ServiceSettings) -> dict[str, Any]:
    """Return aiokafka's arguments for server and credentials."""
    found: dict[str, Any] = {"bootstrap_servers": settings.kafka_bootstrap_servers.split(",")}
    if settings.kafka_security_protocol != "PLAINTEXT":
        found |= {
            "security_protocol": settings.kafka_security_protocol,
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": settings.kafka_username,
            "sasl_plain_password": settings.kafka_password.get_secret_value(),
        }
    return found


def new_producer(settings: ServiceSettings, client_id: str, fencing_id: str | None = None) -> AIOKafkaProducer:
    """Return an idempotent producer that waits for all in-sync replicas; the caller starts it (see `start_fenced`)."""
    return AIOKafkaProducer(
        client_id=client_id,
        transactional_id=fencing_id,
        acks="all",
        enable_idempotence=True,
        max_batch_size=max(PRODUCER_BATCH_BYTES, EVENT_BYTES + 2 * ATTRIBUTES_BYTES),
        max_request_size=REQUEST_BYTES,
        linger_ms=0,
        compression_type="lz4",
        request_timeout_ms=int(settings.relay_deadline_seconds * 1000),
        **connection_settings(settings),
    )


async def stop_producer(producer: AIOKafkaProducer) -> None:
    """Stop a producer within seconds, whatever it waits for; what was not acknowledged may or may not arrive."""
    try:
        async with asyncio.timeout(PRODUCER_STOP_SECONDS):
            await producer.stop()
    except Exception as error:  # noqa: BLE001 - it is thrown away either way
        _log.debug("a producer did not stop cleanly: %s", describe(error))
        await _abandon(producer)


async def _abandon(producer: AIOKafkaProducer) -> None:
    """End what a `stop` that was cut off leaves: a sender that retries for as long as the process runs."""
    producer._message_accumulator.fail_all(ProducerClosed())  # noqa: SLF001 - aiokafka has no abort, pinned below 0.15
    sender = producer._sender and producer._sender.sender_task  # noqa: SLF001 - as above
    if sender is not None and not sender.done():
        sender.cancel()
        await asyncio.wait([sender], timeout=PRODUCER_STOP_SECONDS)
    with suppress(Exception):
        async with asyncio.timeout(PRODUCER_STOP_SECONDS):
            await producer.client.close()


def new_admin(settings: ServiceSettings, client_id: str) -> AIOKafkaAdminClient:
    """Return an admin client; the caller starts it."""
    return AIOKafkaAdminClient(client_id=client_id, **connection_settings(settings))


async def delete_before(settings: ServiceSettings, client_id: str, offsets: Mapping[tuple[str, int], int]) -> None:
    """Delete every record before the offset of its topic and partition, where the topic still exists.

    Raises:
        KafkaError: the broker is away.
        ExceptionGroup: topics that refused, by their `KafkaError`; what could be deleted of the others is deleted.
    """
    admin = new_admin(settings, client_id)
    refusals: list[KafkaError] = []
    try:
        await admin.start()
        for topic in {topic for topic, _ in offsets}.intersection(await admin.list_topics()):
            wanted = {TopicPartition(*place): RecordsToDelete(at) for place, at in offsets.items() if place[0] == topic}
            try:
                await admin.delete_records(wanted)
            except KafkaError as refusal:
                refusals.append(refusal)
    finally:
        await admin.close()
    if refusals:
        raise ExceptionGroup("records could not be deleted", refusals)


def new_broker(settings: ServiceSettings, client_id: str) -> KafkaBroker:
    """Return FastStream's broker; it creates no topics and converts no arguments."""
    tolerate()
    return KafkaBroker(
        settings.kafka_bootstrap_servers.split(","),
        client_id=client_id,
        allow_auto_create_topics=False,
        apply_types=False,
        consumer_only=True,  # the relay publishes; a stop during the start would leave the producer open
        security=_security(settings),
        logger=None,
    )


def subscribe(
    broker: KafkaBroker, topics: tuple[str, ...], group: str, settings: ServiceSettings, consumer: Consumer
) -> BatchSubscriber:
    """Subscribe `consumer` to the topics, with every setting stated whose default loses or repeats records."""
    subscriber = broker.subscriber(
        *topics,
        batch=True,
        ack_policy=AckPolicy.MANUAL,
        no_reply=True,
        auto_offset_reset="earliest",
        group_id=group,
        group_instance_id=f"{group}.{settings.instance}.{_digest_of(topics)}",
        session_timeout_ms=settings.session_timeout_ms,
        heartbeat_interval_ms=settings.session_timeout_ms // HEARTBEATS_PER_SESSION,
        batch_timeout_ms=settings.batch_timeout_ms,
        max_records=settings.batch_count,
        listener=consumer,
        parser=_raw_parser,
        decoder=_raw_decoder,
    )
    subscriber(consumer.on_batch)
    return subscriber


def _digest_of(topics: Sequence[str]) -> str:
    """Return what tells a member apart from one that reads other topics.

    A static member that comes back within its session is given its old partitions without a look at its topics: one
    that reads more would never read them, and aiokafka joins in vain when it is given one that it no longer reads.
    """
    return hashlib.sha256("\n".join(sorted(topics)).encode()).hexdigest()[:_DIGEST_DIGITS_COUNT]


async def _raw_parser(message: Any) -> KafkaMessage:
    """Keep the records as they are: FastStream's own parser drops a batch with one undecodable header."""
    return KafkaMessage(raw_message=message, body=b"", headers={}, consumer=None)  # type: ignore[arg-type]


async def _raw_decoder(message: KafkaMessage) -> Any:
    return message.raw_message


def _security(settings: ServiceSettings) -> BaseSecurity | None:
    if settings.kafka_security_protocol == "PLAINTEXT":
        return None
    scram = SASLScram256 if settings.kafka_sasl_mechanism == "SCRAM-SHA-256" else SASLScram512
    use_tls = settings.kafka_security_protocol == "SASL_SSL"
    return scram(settings.kafka_username, settings.kafka_password.get_secret_value(), use_ssl=use_tls)

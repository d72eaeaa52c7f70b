"""Reads `govbus.audit` from Kafka; needs the extra `kafka` and is imported only when the topic is asked for."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from govbus.contracts import topics
from govbus.sdk.endpoints import KafkaAccess
from govbus.sdk.failures import Unreachable
from govbus.sdk.translog.published_records import Published, read_record

_PARTITION: Final = 0
"""The topic has one: entries are in one order."""

_POLL_SECONDS: Final = 1.0
_METADATA_SECONDS: Final = 15.0
_GROUP: Final = "govbus-log-follow"
"""Asked for by the library, never joined: nothing is committed."""


def published(access: KafkaAccess, start: int | None, *, once: bool) -> Iterator[tuple[int, Published | None]]:
    """Yield (next offset, what was published) from offset `start` on, the beginning without one.

    Ends at the end of the topic when `once`, else never.

    Raises:
        Unreachable: no broker, no right to read, or no topic.
        NotProved: a record that breaks the contract.
    """
    consumer = Consumer(_settings(access))
    place = TopicPartition(topics.AUDIT, _PARTITION)
    try:
        begin, end = _watermarks(consumer, place)
        offset = max(begin, 0 if start is None else start)
        consumer.assign([TopicPartition(topics.AUDIT, _PARTITION, offset)])
        while not once or offset < end:
            record = consumer.poll(_POLL_SECONDS)
            if record is None:
                continue
            _raise(record.error())
            offset = int(record.offset() or 0) + 1
            yield offset, _read(record)
    except KafkaException as error:
        raise Unreachable(f"Kafka at {access.bootstrap_servers}: {error.args[0].str()}") from None
    finally:
        consumer.close()


def _watermarks(consumer: Consumer, place: TopicPartition) -> tuple[int, int]:
    begin, end = consumer.get_watermark_offsets(place, timeout=_METADATA_SECONDS)
    return int(begin), int(end)


def _read(record: Message) -> Published | None:
    headers = {str(name): value for name, value in _headers(record) if isinstance(value, bytes)}
    return read_record(f"{topics.AUDIT} offset {record.offset()}", headers, record.value() or b"")


def _headers(record: Message) -> Iterable[tuple[str, str | bytes | None]]:
    found: Any = record.headers()
    return found or ()


def _raise(error: KafkaError | None) -> None:
    if error is not None:
        raise KafkaException(error)


def _settings(access: KafkaAccess) -> dict[str, str | bool | int]:
    found: dict[str, str | bool | int] = {
        "bootstrap.servers": access.bootstrap_servers,
        "group.id": _GROUP,
        "enable.auto.commit": False,
        "auto.offset.reset": "error",
        "check.crcs": True,
        "security.protocol": access.security_protocol,
        "client.id": _GROUP,
        "log_level": 0,  # failures come as errors, each said in one sentence
    }
    if access.username:
        found |= {
            "sasl.mechanism": access.sasl_mechanism,
            "sasl.username": access.username,
            "sasl.password": access.password,
        }
    if access.ca_file:
        found["ssl.ca.location"] = access.ca_file
    return found

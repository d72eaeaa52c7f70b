"""Library defaults that lose or repeat records are stated wherever a client is made.

Source: shared design, delivery.md, "FastStream / aiokafka traps".
"""

import ast
from collections.abc import Iterator

import pytest

from architecture.checkout import Source, planted, product_sources

STATED: dict[str, dict[str, str | None]] = {
    "subscriber": {
        "ack_policy": "AckPolicy.MANUAL",
        "no_reply": "True",
        "auto_offset_reset": "'earliest'",
        "batch": "True",
        "group_id": None,
        "group_instance_id": None,
        "session_timeout_ms": None,
        "batch_timeout_ms": None,
        "max_records": None,
    },
    "KafkaBroker": {"allow_auto_create_topics": "False", "client_id": None, "consumer_only": "True"},
    "AIOKafkaProducer": {"acks": "'all'", "enable_idempotence": "True", "request_timeout_ms": None},
    "AIOKafkaConsumer": {"enable_auto_commit": "False", "auto_offset_reset": "'earliest'"},
}
"""Call → keyword → the only value allowed, None for any that is stated."""


def violations(source: Source) -> Iterator[str]:
    """Yield calls that leave a dangerous setting to the library, or state it wrongly."""
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call):
            continue
        called = _called(node)
        said = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
        for name, value in STATED.get(called, {}).items():
            if name not in said:
                yield f"{source.at(node)}: {called} does not state {name}"
            elif value not in (None, said[name]):
                yield f"{source.at(node)}: {called} says {name}={said[name]}, not {value}"


def _called(node: ast.Call) -> str:
    """Return the name of what is called; `subscriber` is a method of the broker, and a function once it is made."""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    name = getattr(node.func, "id", "")
    return "" if name == "subscriber" else name


def _calls_of(name: str) -> int:
    return sum(
        isinstance(node, ast.Call) and _called(node) == name
        for source in product_sources()
        for node in ast.walk(source.tree)
    )


def test_every_client_states_what_matters() -> None:
    found = [line for source in product_sources() for line in violations(source)]
    assert not found, "\n".join(found)


def test_there_is_something_to_guard() -> None:
    assert _calls_of("subscriber") == 1, "one place subscribes: eventing"
    assert _calls_of("KafkaBroker") == 1
    assert _calls_of("AIOKafkaProducer") >= 1


@pytest.mark.parametrize(
    "text",
    [
        "broker.subscriber('t', batch=True)",
        "broker.subscriber('t', batch=True, ack_policy=AckPolicy.ACK, no_reply=True)",
        "KafkaBroker('b', client_id='x')",
        "KafkaBroker('b', client_id='x', allow_auto_create_topics=False)",
        "KafkaBroker('b', client_id='x', allow_auto_create_topics=True)",
        "AIOKafkaProducer(acks=1, enable_idempotence=True, request_timeout_ms=1)",
        "AIOKafkaConsumer('t')",
    ],
)
def test_planted_default_is_seen(text: str) -> None:
    assert list(violations(planted(text))) != []

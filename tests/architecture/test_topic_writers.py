"""One writer per topic: manifest, contracts and what the services' code names say the same."""

import ast
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from architecture.checkout import CHECKOUT, SERVICES, Source, planted, sources_of
from govbus.contracts import topics
from govbus.contracts.all_events import TYPES

MANIFEST: dict[str, Any] = yaml.safe_load((CHECKOUT / "infra/kafka/topics.yaml").read_text("utf-8"))
TOPIC_NAMES = {
    name: value for name, value in vars(topics).items() if isinstance(value, str) and value in topics.WRITERS
}


READING = ("consume", "has_parked", "oldest_unread")
"""Calls that take the names of topics in order to read."""


def manifest_violations(manifest: dict[str, Any]) -> list[str]:
    """Return where the manifest differs from `topics.WRITERS`; a platform's topic is written by its source alone."""
    stated = {name: (topic["writer"], *topic.get("also_written_by", ())) for name, topic in manifest["topics"].items()}
    wrong = [f"{name}: {stated.get(name)}" for name, writer in topics.WRITERS.items() if stated.get(name) != (writer,)]
    services = {name for name, one in manifest["principals"].items() if one["kind"] == "service"}
    others = {name: writers for name, writers in stated.items() if name not in topics.WRITERS}
    unknown = [name for name in others if not name.startswith(topics.INTAKE_PREFIX)]
    return wrong + unknown + [name for name, writers in others.items() if services & set(writers)]


def code_violations(source: Source, service: str, manifest: dict[str, Any]) -> list[str]:
    """Return topics that a service's file writes or reads and must not, or names by a string of its own.

    A topic named inside a call of `READING` or a comparison is read; named anywhere else it may be written.
    """
    found = []
    for name, node, is_read in _mentions(source.tree, is_read=False):
        readers = manifest["topics"].get(name, {}).get("readers", ())
        if not (topics.WRITERS[name] == service or (is_read and service in readers)):
            found.append(f"{source.at(node)}: {service} {'reads' if is_read else 'may write'} {name}")
    constants = [node for node in ast.walk(source.tree) if isinstance(node, ast.Constant)]
    own = [node for node in constants if isinstance(node.value, str) and node.value in topics.WRITERS]
    return found + [f"{source.at(node)}: write topics.… instead of {node.value!r}" for node in own]


def _mentions(node: ast.AST, *, is_read: bool) -> Iterator[tuple[str, ast.AST, bool]]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr.startswith(READING):
        is_read = True
    if isinstance(node, ast.Compare):
        is_read = True
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    if name in TOPIC_NAMES:
        yield TOPIC_NAMES[name], node, is_read
    for child in ast.iter_child_nodes(node):
        yield from _mentions(child, is_read=is_read)


def test_manifest_names_the_writers_that_contracts_name() -> None:
    assert manifest_violations(MANIFEST) == []


@pytest.mark.parametrize(
    ("topic", "writers"),
    [
        (topics.RISK, {"writer": "oversight"}),
        (topics.FACTS, {"writer": "intake", "also_written_by": ["local"]}),
        ("govbus.intake.demo", {"writer": "risk"}),
        ("govbus.nobodys", {"writer": "risk"}),
    ],
)
def test_planted_foreign_writer_in_the_manifest_is_seen(topic: str, writers: dict[str, Any]) -> None:
    changed = {**MANIFEST, "topics": {**MANIFEST["topics"], topic: {**MANIFEST["topics"].get(topic, {}), **writers}}}
    assert manifest_violations(changed) != []


@pytest.mark.parametrize("service", SERVICES)
def test_service_names_only_topics_that_it_writes_or_reads(service: str) -> None:
    found = [line for source in sources_of(SERVICES[service]) for line in code_violations(source, service, MANIFEST)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("outbox.append(event, topics.OVERSIGHT)", id="another service's topic"),
        pytest.param("from govbus.contracts.topics import FACTS\noutbox.append(event, FACTS)", id="imported by name"),
        pytest.param("pending.append((event, topics.AUDIT))", id="kept for later"),
        pytest.param('outbox.append(event, "govbus.risk")', id="a string of its own"),
        pytest.param("service.consume(topics.NOTIFICATIONS, handler=h)", id="a topic it may not read"),
        pytest.param("parking.has_parked(c, s, topics.NOTIFICATIONS)", id="a topic it may not ask about"),
    ],
)
def test_planted_topic_is_seen(text: str) -> None:
    assert len(code_violations(planted(text), "risk", MANIFEST)) == 1


def test_what_a_service_may_do_is_not_refused() -> None:
    text = "outbox.append(event, topics.RISK)\nservice.consume(topics.FACTS, handler=h)\nis_it = topic == topics.AUDIT"
    assert code_violations(planted(text), "risk", MANIFEST) == []


def test_only_parking_is_said_on_every_service_topic() -> None:
    shared = {declared.name for declared in TYPES if len(declared.topics) > 1}
    assert shared == {"record.parked", "record.resumed"}

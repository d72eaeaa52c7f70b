"""Gathers what the document is made of: `infra/kafka/topics.yaml` and the good examples of `contracts/examples`."""

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from govbus.contracts import strict_json
from govbus.contracts.all_events import TYPES
from govbus.contracts.asyncapi.document import asyncapi_document
from govbus.contracts.asyncapi.facts_of_topics import TopicFacts
from govbus.contracts.envelope import CONTEXT_ATTRIBUTES, Event, parse_time
from govbus.local.manifest import Manifest, read_manifest

DOCUMENT_NAME: Final = "asyncapi.json"


def document(checkout: Path) -> dict[str, Any]:
    """Return the AsyncAPI document of the checkout at `checkout`."""
    manifest = read_manifest(checkout / "infra" / "kafka" / "topics.yaml")
    kept = {name: _facts(manifest, name) for name in manifest.topics}
    intake = TopicFacts(
        writer=manifest.source_topics.principal("<name>"),
        readers=manifest.source_topics.readers,
        partitions=manifest.source_topics.partitions,
        settings=_texts({**manifest.config, **manifest.source_topics.config}),
    )
    examples = {one.name: _examples(checkout / "contracts" / "examples" / one.name / "good") for one in TYPES}
    return asyncapi_document(TYPES, kept, intake, examples, version("govbus-contracts"))


def document_text(found: Mapping[str, Any]) -> str:
    """Return a document as its file holds it."""
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def _facts(manifest: Manifest, topic_name: str) -> TopicFacts:
    topic = manifest.topics[topic_name]
    settings = _texts({**manifest.config, **topic.config})
    return TopicFacts(topic.writer, topic.readers, topic.partitions, settings)


def _texts(settings: Mapping[str, str | int]) -> dict[str, str]:
    return {name: str(value) for name, value in settings.items()}


def _examples(folder: Path) -> list[tuple[str, Event]]:
    return [(path.stem, _event(path)) for path in sorted(folder.glob("*.json"))]


def _event(path: Path) -> Event:
    said = json.loads(path.read_text(encoding="utf-8"))
    known = {name: said[name] for name in CONTEXT_ATTRIBUTES if name in said and name != "time"}
    return Event(**known, time=parse_time(said["time"]), data=strict_json.dump(said["data"]))

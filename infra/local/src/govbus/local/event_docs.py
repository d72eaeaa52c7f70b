"""Writes the document of all events and its page: `python -m govbus.local.event_docs docs/events`.

Read from the checkout one stands in: `infra/kafka/topics.yaml` and the good examples of `contracts/examples`.
"""

import json
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from govbus.contracts import strict_json
from govbus.contracts.all_events import TYPES
from govbus.contracts.asyncapi.document import asyncapi_document
from govbus.contracts.asyncapi.facts_of_topics import TopicFacts
from govbus.contracts.envelope import CONTEXT_ATTRIBUTES, Event, parse_time
from govbus.local.layout import find_checkout
from govbus.local.manifest import Manifest, read_manifest

DOCUMENT: Final = "asyncapi.json"


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


def document_text(checkout: Path) -> str:
    """Return the document as its file holds it."""
    return json.dumps(document(checkout), indent=1, ensure_ascii=False) + "\n"


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


def main(arguments: list[str]) -> int:
    """Write into the folder given as only argument; 2 for wrong usage."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m govbus.local.event_docs <folder>\n")
        return 2
    target = Path(arguments[0]) / DOCUMENT
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(document_text(find_checkout(Path.cwd())), encoding="utf-8")
    sys.stdout.write(f"written {target}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

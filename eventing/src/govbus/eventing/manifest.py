"""The check at start: live topics are as `infra/kafka/topics.yaml` says, and this service writes only its own."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from govbus.contracts import topics
from govbus.eventing.kafka import new_admin
from govbus.eventing.settings import ServiceSettings

_ANSWER_SECONDS: Final = 10.0
_COMPARED: Final = ("cleanup.policy", "retention.ms", "max.message.bytes", "message.timestamp.type")


class StartRefused(Exception):
    """The service must not run like this; the message says what to do."""


def load_manifest(file: Path) -> Mapping[str, Any]:
    """Return the manifest's mapping.

    Raises:
        StartRefused: absent or not a mapping with `topics`.
    """
    try:
        manifest = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise StartRefused(f"{file}: {error.strerror}; set GOVBUS_TOPICS_FILE to infra/kafka/topics.yaml") from None
    except yaml.YAMLError as error:
        raise StartRefused(f"{file} is not YAML: {error}") from None
    if not isinstance(manifest, dict) or not isinstance(manifest.get("topics"), dict):
        raise StartRefused(f"{file} has no `topics`")
    return manifest


def stated_topic(manifest: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """Return what the manifest says of a topic, by name or as one of the platforms' own; None when it knows none."""
    topic: Mapping[str, Any] | None = manifest["topics"].get(name)
    template: Mapping[str, Any] = manifest.get("source_topics", {})
    if topic is None and name.startswith(template.get("prefix", name)) and name != template.get("prefix", name):
        topic = template
    return None if topic is None else {**topic, "config": {**manifest.get("config", {}), **topic.get("config", {})}}


def check_writers(manifest: Mapping[str, Any], service: str) -> None:
    """Refuse a manifest that gives this service's topics to another writer.

    Raises:
        StartRefused: names the topic and both writers.
    """
    for topic, writer in topics.WRITERS.items():
        stated = manifest["topics"].get(topic, {}).get("writer")
        if service in {writer, stated} and stated != writer:
            raise StartRefused(f"topic {topic}: only {writer} may write it, but the manifest says {stated}")


def differences(stated: Mapping[str, Any], partition_count: int, live: Mapping[str, str]) -> list[str]:
    """Return in words what differs between a topic's manifest and the live topic. Pure."""
    wanted = {name: str(value) for name, value in stated.get("config", {}).items() if name in _COMPARED}
    found = [
        f"has {name}={live.get(name)}, the manifest says {value}"
        for name, value in wanted.items()
        if live.get(name) != value
    ]
    if partition_count != stated["partitions"]:
        found.insert(0, f"has {partition_count} partitions, the manifest says {stated['partitions']}")
    return found


async def check_topics(settings: ServiceSettings, service: str, names: Sequence[str]) -> None:
    """Compare the live topics with the manifest.

    Raises:
        StartRefused: a topic is absent or differs.
        Exception: the broker is away; try again.
    """
    manifest = load_manifest(settings.topics_file)
    check_writers(manifest, service)
    for refusal in (await refused_topics(settings, service, names)).values():
        raise StartRefused(refusal)


async def refused_topics(settings: ServiceSettings, service: str, names: Sequence[str]) -> dict[str, str]:
    """Return of each topic that is absent or differs from the manifest what is wrong, and what to do.

    Raises:
        StartRefused: the manifest cannot be read.
        Exception: the broker is away; try again.
    """
    manifest = load_manifest(settings.topics_file)
    known = {name: stated for name in names if (stated := stated_topic(manifest, name)) is not None}
    refused = {name: f"topic {name} is not in the manifest" for name in names if name not in known}
    async with asyncio.timeout(_ANSWER_SECONDS):
        partition_counts, configs = await _live(settings, service, list(known))
    for name, stated in known.items():
        if name not in partition_counts:
            refused[name] = f"topic {name} does not exist; `make up`, `govbus sources add` or infra/kafka creates it"
        elif wrong := differences(stated, partition_counts[name], configs.get(name, {})):
            refused[name] = f"topic {name} {'; '.join(wrong)}; apply infra/kafka/topics.yaml"
    return refused


async def _live(
    settings: ServiceSettings, service: str, names: Sequence[str]
) -> tuple[dict[str, int], dict[str, dict[str, str]]]:
    admin = new_admin(settings, f"govbus.{service}.check")
    await admin.start()
    try:
        described = await admin.describe_topics(list(names))
        partition_counts = {item["topic"]: len(item["partitions"]) for item in described if not item["error_code"]}
        wanted = [ConfigResource(ConfigResourceType.TOPIC, name) for name in partition_counts]
        configs: dict[str, dict[str, str]] = {}
        for response in await admin.describe_configs(wanted):
            for resource in response.resources:
                # (error code, message, type, name, entries); an entry begins with name and value
                configs[resource[3]] = {entry[0]: entry[1] for entry in resource[4]}
        return partition_counts, configs
    finally:
        await admin.close()

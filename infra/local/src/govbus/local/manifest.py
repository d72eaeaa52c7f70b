"""`infra/kafka/topics.yaml`, read and checked: topics, who writes and reads each, and the principals."""

from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from govbus.local.refusals import Refused

PRINCIPAL_PREFIX = "govbus-"
"""Kafka user of principal `risk` is `govbus-risk`."""

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
TopicName = Annotated[str, Field(pattern=r"^govbus\.[a-z0-9._-]{1,200}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Replication(_Strict):
    """Copies of every partition, and how many must have a record before it is acknowledged."""

    replication_factor: int = Field(ge=1)
    min_insync_replicas: int = Field(ge=1)


class Topic(_Strict):
    """One topic; `config` holds its settings by Kafka's own names."""

    partitions: int = Field(ge=1, le=1000)
    writer: Name
    also_written_by: tuple[Name, ...] = ()
    readers: tuple[Name, ...]
    config: dict[str, str | int] = Field(default_factory=dict)

    @property
    def writers(self) -> tuple[str, ...]:
        """Everyone who may write it: the owner first."""
        return (self.writer, *self.also_written_by)


class Principal(_Strict):
    """A Kafka user: a service, an emitting platform, or the person at this machine."""

    kind: Literal["service", "source", "person"]


class SourceTopics(_Strict):
    """What the topics of platforms are like: each has one of its own, and one principal that writes it."""

    prefix: TopicName
    principal_prefix: Name
    partitions: int = Field(ge=1, le=1000)
    readers: tuple[Name, ...]
    config: dict[str, str | int]

    def topic(self, source_name: str) -> str:
        """Return the topic of a platform."""
        return self.prefix + source_name

    def principal(self, source_name: str) -> str:
        """Return the principal of a platform."""
        return self.principal_prefix + source_name


class Manifest(_Strict):
    """The whole file; what names what does not exist is refused."""

    replication: dict[Literal["local", "deployed"], Replication]
    config: dict[str, str | int]
    topics: dict[TopicName, Topic]
    source_topics: SourceTopics
    principals: dict[Name, Principal]

    @model_validator(mode="after")
    def _names_exist(self) -> "Manifest":
        for topic_name, topic in self.topics.items():
            for principal in (*topic.writers, *topic.readers):
                if principal not in self.principals:
                    raise ValueError(f"topic {topic_name} names the principal {principal!r}, which is not listed")
            if "retention.ms" not in topic.config:
                raise ValueError(f"topic {topic_name} does not state retention.ms")
        for principal in self.source_topics.readers:
            if principal not in self.principals:
                raise ValueError(f"source_topics names the principal {principal!r}, which is not listed")
        return self

    def topic_config(self, topic_name: str, where: Literal["local", "deployed"] = "local") -> dict[str, str]:
        """Return every setting of a listed topic, or of a platform's, as Kafka's admin calls want it."""
        own = self.topics[topic_name].config if topic_name in self.topics else self.source_topics.config
        merged: dict[str, str | int] = {**self.config, **own}
        merged["min.insync.replicas"] = self.replication[where].min_insync_replicas
        return {key: str(value) for key, value in merged.items()}

    @property
    def services(self) -> tuple[str, ...]:
        """Names of the principals that are services, in the file's order."""
        return tuple(name for name, principal in self.principals.items() if principal.kind == "service")


def kafka_user(principal: str) -> str:
    """Return the Kafka user name of a principal."""
    return PRINCIPAL_PREFIX + principal


def read_manifest(path: Path) -> Manifest:
    """Return the checked manifest.

    Raises:
        Refused: the file is missing or wrong; the sentence names the first place.
    """
    try:
        return Manifest.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except FileNotFoundError as missing:
        raise Refused(f"{path} does not exist: run from a checkout of govbus.") from missing
    except yaml.YAMLError as wrong:
        raise Refused(f"{path} is not YAML: {wrong}") from wrong
    except ValidationError as wrong:
        first = wrong.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise Refused(f"{path}: {place}: {first['msg']}") from wrong

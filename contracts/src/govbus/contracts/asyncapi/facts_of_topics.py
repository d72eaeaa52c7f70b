"""What the document says of a topic beyond its messages: who writes and reads it, and its settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class TopicFacts:
    """One topic as `infra/kafka/topics.yaml` states it; `settings` by Kafka's own names."""

    writer: str
    readers: tuple[str, ...]
    partitions: int
    settings: Mapping[str, str] = field(default_factory=dict)

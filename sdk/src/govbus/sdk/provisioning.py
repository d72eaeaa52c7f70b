"""Who makes a platform's topic and Kafka user: something installed beside the SDK, found by its entry point.

The SDK itself holds no Kafka administrator's client. The local stack brings a provisioner for its own broker; where a
cluster is governed by its operators there is none, and `govbus sources add --kafka` prints what they apply.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import Final, Protocol

from govbus.contracts.topics import INTAKE_PREFIX
from govbus.sdk.endpoints import Endpoints

ENTRY_POINTS: Final = "govbus.kafka_provisioner"

USER_PREFIX: Final = "govbus-source-"
"""The Kafka user of platform `mlflow` is `govbus-source-mlflow`; nobody else writes `govbus.intake.mlflow`."""

PARTITIONS_COUNT: Final = 3
MECHANISM: Final = "SCRAM-SHA-256"
TOPIC_CONFIG: Final = {
    "cleanup.policy": "delete",
    "retention.ms": "604800000",
    "max.message.bytes": "1048576",
    "message.timestamp.type": "LogAppendTime",
    "segment.ms": "3600000",
    "unclean.leader.election.enable": "false",
}
"""As `infra/kafka/topics.yaml` says it under `source_topics`, which a test compares: the SDK has no checkout."""


@dataclass(frozen=True, slots=True)
class KafkaLogin:
    """How a platform connects; the password is shown once and kept by nobody but the broker, as a hash."""

    topic: str
    bootstrap_servers: str
    security_protocol: str
    sasl_mechanism: str
    username: str
    password: str = field(repr=False)


class KafkaProvisioner(Protocol):
    """Makes and takes away what a platform needs on Kafka."""

    def add(self, source_name: str) -> KafkaLogin:
        """Make topic, user and rights, whichever are missing; the user gets a new password.

        Raises:
            NotProvisioned: the broker refused.
        """

    def remove(self, source_name: str) -> None:
        """Take the user and its rights away; the topic stays with its records.

        Raises:
            NotProvisioned: the broker refused.
        """


Find = Callable[[Endpoints], KafkaProvisioner | None]
"""What an entry point names: returns a provisioner for the Kafka of this Govbus, None when that is not its own."""


def find_provisioner(endpoints: Endpoints) -> KafkaProvisioner | None:
    """Return what may set up the Kafka of this Govbus, None when nothing installed here may."""
    for entry in entry_points(group=ENTRY_POINTS):
        find: Find = entry.load()
        found = find(endpoints)
        if found is not None:
            return found
    return None


def topic_of(source_name: str) -> str:
    """Return a platform's topic."""
    return INTAKE_PREFIX + source_name


def user_of(source_name: str) -> str:
    """Return a platform's Kafka user."""
    return USER_PREFIX + source_name

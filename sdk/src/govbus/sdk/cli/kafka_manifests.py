"""What an operator applies so that a platform may emit over Kafka: for Strimzi, and for Kafka's own tools."""

import re
import shlex
from typing import Any, Final

from govbus.contracts import strict_json
from govbus.sdk.provisioning import MECHANISM, PARTITIONS_COUNT, TOPIC_CONFIG, topic_of, user_of

REPLICAS_COUNT: Final = 3
_CONFIG: Final = {**TOPIC_CONFIG, "min.insync.replicas": "2"}
_OPERATIONS: Final = ("Write", "Describe", "DescribeConfigs")
_API: Final = "kafka.strimzi.io/v1"
_KUBERNETES_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_TOOLS: Final = '--bootstrap-server "$BOOTSTRAP" --command-config admin.properties'


def strimzi_documents(source_name: str, cluster: str) -> list[dict[str, Any]]:
    """Return the KafkaTopic and the KafkaUser; none for a name that Kubernetes does not take.

    Strimzi makes the password and keeps it in the Secret of the user's name.
    """
    topic, user = topic_of(source_name), user_of(source_name)
    if not _KUBERNETES_NAME.fullmatch(topic):
        return []
    labels = {"strimzi.io/cluster": cluster}
    right = {
        "resource": {"type": "topic", "name": topic, "patternType": "literal"},
        "operations": list(_OPERATIONS),
    }
    return [
        {
            "apiVersion": _API,
            "kind": "KafkaTopic",
            "metadata": {"name": topic, "labels": labels},
            "spec": {"partitions": PARTITIONS_COUNT, "replicas": REPLICAS_COUNT, "config": dict(_CONFIG)},
        },
        {
            "apiVersion": _API,
            "kind": "KafkaUser",
            "metadata": {"name": user, "labels": labels},
            "spec": {
                "authentication": {"type": "scram-sha-512"},
                "authorization": {"type": "simple", "acls": [right]},
            },
        },
    ]


def strimzi_text(source_name: str, cluster: str) -> str:
    """Return the documents for `kubectl apply -f -`; JSON is YAML, so nothing here writes YAML by hand."""
    documents = strimzi_documents(source_name, cluster)
    if not documents:
        return f"# Kubernetes takes no object named {topic_of(source_name)}: use Kafka's own tools.\n"
    return "".join(f"---\n{strict_json.dump(document).decode()}\n" for document in documents)


def commands(source_name: str) -> list[str]:
    """Return the shell commands of Kafka's own tools; they expect BOOTSTRAP and PASSWORD in the environment."""
    topic, principal = shlex.quote(topic_of(source_name)), shlex.quote(f"User:{user_of(source_name)}")
    config = " ".join(f"--config {name}={value}" for name, value in _CONFIG.items())
    operations = " ".join(f"--operation {operation}" for operation in _OPERATIONS)
    size = f"--partitions {PARTITIONS_COUNT} --replication-factor {REPLICAS_COUNT}"
    password = f'--add-config "{MECHANISM}=[password=$PASSWORD]"'
    user = f"--entity-type users --entity-name {shlex.quote(user_of(source_name))}"
    return [
        f"kafka-topics.sh {_TOOLS} --create --topic {topic} {size} {config}",
        f"kafka-configs.sh {_TOOLS} --alter {user} {password}",
        f"kafka-acls.sh {_TOOLS} --add --allow-principal {principal} {operations} --topic {topic}",
    ]

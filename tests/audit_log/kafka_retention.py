"""What retention does to a topic, at once."""

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from backends.running import RunningKafka


def delete_records(kafka: RunningKafka, topic: str, partition: int, before_offset: int) -> None:
    """Delete as retention does: the partition begins at an offset."""
    admin = AdminClient(dict(kafka.access.admin_client_config))
    for done in admin.delete_records([TopicPartition(topic, partition, before_offset)]).values():
        done.result(30)

"""The whole service on real Kafka: from a record on govbus.oversight to records on govbus.notifications."""

from backends.running import RunningKafka
from eventing.live import produce, published, until
from govbus.contracts import topics
from govbus.notifier.app import build_app
from govbus.notifier.settings import Settings
from notifier.receiving import WebhookReceiver
from notifier.saying import opened


async def test_an_incident_on_kafka_is_told_once_and_what_became_of_it_is_on_kafka(
    settings: Settings, govbus_topics: RunningKafka, desk: WebhookReceiver
) -> None:
    user, password = govbus_topics.credentials("notifier")
    live = {
        "kafka_bootstrap_servers": govbus_topics.bootstrap_servers,
        "kafka_security_protocol": govbus_topics.access.security_protocol,
        "kafka_username": user,
        "kafka_password": password,
        "notifier_lease_seconds": 30,
    }
    app = build_app(Settings(**{**settings.model_dump(), **live}))
    event = opened()
    await produce(govbus_topics, event, event, topic=topics.OVERSIGHT, principal="oversight")
    async with app.router.lifespan_context(app):

        async def all_said() -> bool:
            return len(await published(govbus_topics, topics.NOTIFICATIONS)) >= 3

        await until(all_said, "three receivers told and concluded")
    records = await published(govbus_topics, topics.NOTIFICATIONS)
    assert {record.key for record in records} == {event.subject.encode()}
    assert len({dict(record.headers)["ce_id"] for record in records}) == 3
    assert len(desk.received) == 1

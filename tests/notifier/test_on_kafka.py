"""The whole service on real Kafka: from a record on govbus.oversight to records on govbus.notifications."""

from backends.running import RunningKafka
from eventing.live import produce, published, until
from govbus.contracts import topics
from govbus.contracts.conclusions.log import AuditGapDetected, EntryPublished
from govbus.eventing.service import Service
from govbus.notifier.app import build_app
from govbus.notifier.settings import Settings
from notifier.receiving import WebhookReceiver
from notifier.saying import START, opened, said


def _live(settings: Settings, kafka: RunningKafka) -> Settings:
    user, password = kafka.credentials("notifier")
    live = {
        "kafka_bootstrap_servers": kafka.bootstrap_servers,
        "kafka_security_protocol": kafka.access.security_protocol,
        "kafka_username": user,
        "kafka_password": password,
        "notifier_lease_seconds": 30,
    }
    return Settings(**{**settings.model_dump(), **live})


async def test_an_incident_on_kafka_is_told_once_and_what_became_of_it_is_on_kafka(
    settings: Settings, govbus_topics: RunningKafka, desk: WebhookReceiver
) -> None:
    app = build_app(_live(settings, govbus_topics))
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


async def test_a_gap_of_the_audit_log_is_told_and_its_entries_are_passed_over(
    settings: Settings, govbus_topics: RunningKafka, desk: WebhookReceiver
) -> None:
    gap = AuditGapDetected(
        topic="govbus.facts", partition=3, first_offset=5, last_offset=8, missing_count=4, noticed_at=START
    )
    told = said(gap, "log/govbus.example", source="//govbus/audit_log")
    entries = [said(EntryPublished(index=n, entry="e30="), "log/govbus.example") for n in range(20)]
    await produce(govbus_topics, *entries, told, topic=topics.AUDIT, principal="audit_log")
    app = build_app(_live(settings, govbus_topics))
    async with app.router.lifespan_context(app):

        async def is_told() -> bool:
            return len(desk.received) == 1

        await until(is_told, "the desk was told")
        service: Service = app.state.service
        async with service.engine.connect() as connection:
            known = (await connection.exec_driver_sql("SELECT count(*) FROM eventing_inbox")).scalar_one()
    assert known == 1
    assert b"The audit log lacks records of govbus.facts" in desk.received[0].body

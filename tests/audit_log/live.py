"""A whole log on a real Kafka, and what strangers read of it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from audit_log.desk import Desk, settings
from backends.running import CHECKOUT, RunningKafka
from eventing.live import published, until
from govbus.audit_log.settings import Settings
from govbus.contracts import topics


def live_settings(kafka: RunningKafka, dsn: str, folder: Path, **changes: Any) -> Settings:
    """Return settings of a log that reads and writes a real Kafka."""
    user, password = kafka.credentials("audit_log")
    return settings(
        dsn,
        folder,
        kafka_bootstrap_servers=kafka.bootstrap_servers,
        kafka_security_protocol=kafka.access.security_protocol,
        kafka_username=user,
        kafka_password=password,
        topics_file=CHECKOUT / "infra" / "kafka" / "topics.yaml",
        progress_poll_seconds=0.2,
        audit_log_compare_topic=True,
        **changes,
    )


@asynccontextmanager
async def running(desk: Desk) -> AsyncIterator[Desk]:
    """Run the whole service."""
    async with desk.app.router.lifespan_context(desk.app):
        yield desk
    await desk.client.aclose()


async def read_published(kafka: RunningKafka) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return entries and checkpoints in the order of the topic, each entry once."""
    entries: dict[int, dict[str, Any]] = {}
    checkpoints = []
    for record in await published(kafka, topics.AUDIT):
        data = json.loads(record.value or b"")
        if "index" in data:
            assert data["index"] <= len(entries), "an entry came before its predecessor"
            assert entries.setdefault(data["index"], data)["entry"] == data["entry"]
        else:
            assert data["size"] <= len(entries), "a checkpoint came before its entries"
            checkpoints.append(data)
    return list(entries.values()), checkpoints


async def until_published(desk: Desk, size: int) -> None:
    """Wait until the topic has the checkpoint of a size."""

    async def all_published() -> bool:
        return await desk.rows("SELECT checkpoint_size FROM place_cursor WHERE place = 'topic'") == [(size,)]

    await until(all_published, f"{size} entries published")

"""A process killed at every point between two steps: no gap, no duplicate, one history everywhere."""

import os
import random
import signal
from pathlib import Path
from typing import Any

import pytest

from audit_log.desk import Desk, event
from audit_log.fault_points import POINTS
from audit_log.log_processes import log_processes
from audit_log.whole_log import check_whole
from backends.running import CHECKOUT, RunningKafka
from eventing.live import produce, until
from govbus.audit_log.settings import Settings

ROUNDS_COUNT = int(os.environ.get("GOVBUS_SOAK_LOG_ROUNDS", "1"))
EVENTS_COUNT = 30

pytestmark = pytest.mark.timeout(60 + 60 * ROUNDS_COUNT)


def process_settings(kafka: RunningKafka, dsn: str, folder: Path, **changes: Any) -> dict[str, Any]:
    """Return what a process of the log is told, in JSON."""
    user, password = kafka.credentials("audit_log")
    return {
        "postgres_url": dsn,
        "kafka_bootstrap_servers": kafka.bootstrap_servers,
        "kafka_security_protocol": kafka.access.security_protocol,
        "kafka_username": user,
        "kafka_password": password,
        "topics_file": str(CHECKOUT / "infra" / "kafka" / "topics.yaml"),
        "data_directory": str(folder / "data"),
        "audit_log_copies": [(folder / "copies").resolve().as_uri()],
        "audit_log_outside_interval_seconds": 0.1,
        "audit_log_copies_after_topic_seconds": 0,
        "audit_log_checkpoint_interval_seconds": 0.05,
        **changes,
    }


async def test_a_process_killed_between_any_two_steps_leaves_one_whole_log(
    govbus_topics: RunningKafka, log_dsn: str, tmp_path: Path
) -> None:
    kafka, chance = govbus_topics, random.Random(5)  # noqa: S311 - a schedule that repeats
    told = process_settings(kafka, log_dsn, tmp_path)
    ids: list[str] = []
    async with log_processes(tmp_path) as processes:
        for _ in range(ROUNDS_COUNT):
            for point in chance.sample(sorted(POINTS), len(POINTS)):
                new = [f"e{len(ids) + n}" for n in range(EVENTS_COUNT)]
                await produce(kafka, *(event(id_, subject=f"model/x/m{n % 5}") for n, id_ in enumerate(new)))
                ids += new
                assert await processes.ended(await processes.start(told, point)) == -signal.SIGKILL, processes.told()
        await processes.start(told)
        desk = Desk(Settings(**told))
        try:
            await until(lambda: _is_published(desk, len(ids)), f"{len(ids)} entries published and copied")
            await check_whole(desk, kafka, tmp_path / "copies", ids)
        finally:
            await desk.close()


async def _is_published(desk: Desk, count: int) -> bool:
    return await desk.rows("SELECT min(checkpoint_size) FROM place_cursor") == [(count,)]

"""The recipe for a platform that is on Kafka: its own topic, SCRAM, binary mode, through the real intake."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from backends.running import RunningKafka
from intake.desk import open_desk
from recipes.snippets import COMMAND_SECONDS, snippets

DEADLINE_SECONDS = 60.0


async def test_a_record_of_the_recipe_becomes_a_fact_once(
    govbus_topics: RunningKafka, service_database: Callable[[str], str], tmp_path: Path
) -> None:
    kafka = govbus_topics
    platform = kafka.aiokafka("source-demo")
    if "sasl_plain_password" not in platform:
        pytest.skip("this broker knows no users, and the recipe is about one that does")
    own = {name: value for name, value in os.environ.items() if not name.startswith(("GOVBUS_", "KAFKA_"))}
    environment = {
        **own,
        **{f"KAFKA_{name.removeprefix('sasl_plain_').upper()}": value for name, value in platform.items()},
    }
    user, password = kafka.credentials("intake")
    connection = {
        "kafka_bootstrap_servers": kafka.bootstrap_servers,
        "kafka_security_protocol": kafka.access.security_protocol,
        "kafka_username": user,
        "kafka_password": password,
    }
    program = [sys.executable, "-c", snippets("aiokafka.md")["emit"]]
    async with open_desk(service_database("intake"), tmp_path, **connection) as desk:
        headers = await desk.register("demo", source="//demo/platform", namespace="demo", types=["*"])
        async with desk.app.router.lifespan_context(desk.app):
            for _ in range(2):
                await asyncio.to_thread(subprocess.run, program, env=environment, check=True, timeout=COMMAND_SECONDS)
            deadline = time.monotonic() + DEADLINE_SECONDS
            counts: dict[str, int] = {}
            while counts.get("duplicate") != 1 and time.monotonic() < deadline:
                await asyncio.sleep(0.1)
                state = (await desk.client.get("/v1/sources/demo", headers=headers)).json()
                counts = state["counts"]
            parameters = {
                "source": "//demo/platform",
                "type": "dev.govbus.deployment.completed.v1",
                "id": "deploy-4711",
            }
            found = await desk.client.get("/v1/events", params=parameters, headers=headers)
    assert (counts["accepted"], counts["duplicate"]) == (1, 1)
    assert found.json()["status"] == "accepted"

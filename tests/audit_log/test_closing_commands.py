"""The commands of docs/log-keys.md, as an operator types them."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit_log.desk import Desk, event, settings
from backends.running import RunningPostgres

GOVBUS = str(Path(sys.executable).with_name("govbus"))
NEXT_ORIGIN = "govbus.local/audit-2"


@pytest.fixture
def next_dsn(postgres: RunningPostgres) -> Iterator[str]:
    """The database of the successor."""
    dsn = postgres.create_service_database("audit_log")
    yield dsn
    postgres.drop_database(dsn)


def _environment(dsn: str, folder: Path, **more: str) -> dict[str, str]:
    return {
        **os.environ,
        "GOVBUS_POSTGRES_URL": dsn,
        "GOVBUS_KAFKA_BOOTSTRAP_SERVERS": "localhost:1",
        "GOVBUS_AUDIT_LOG_COMPARE_TOPIC": "false",
        "GOVBUS_DATA_DIRECTORY": str(folder / "data"),
        **more,
    }


async def _govbus(environment: dict[str, str], *arguments: str) -> str:
    done = await asyncio.to_thread(
        subprocess.run,
        [GOVBUS, *arguments],
        env=environment,
        cwd=environment["GOVBUS_DATA_DIRECTORY"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.processes
async def test_an_operator_closes_a_log_verifies_that_and_begins_its_successor(
    log_dsn: str, next_dsn: str, tmp_path: Path
) -> None:
    desk = Desk(settings(log_dsn, tmp_path))
    await desk.sign()
    await desk.enter(event("a"), event("b"))
    vkey = (await desk.get("/v1/log/key")).text.strip()
    home = tmp_path / "successor"
    (home / "data").mkdir(parents=True)
    old = _environment(log_dsn, tmp_path)
    new = _environment(next_dsn, home, GOVBUS_AUDIT_LOG_ORIGIN=NEXT_ORIGIN)

    following = await _govbus(new, "log", "key", "new", "checkpoint-key", "--origin", NEXT_ORIGIN)
    file = str(tmp_path / "closing.json")
    said = await _govbus(old, "log", "close", "--successor", following, "--reason", "moved", "--output", file)
    assert said.startswith(f"the log is closed at 3 entries, its successor is {NEXT_ORIGIN}")
    assert "verified: entry 2 is in the log govbus.local/audit of 3 entries" in await _govbus(
        old, "verify", file, "--key", vkey
    )
    begun = await _govbus(new, "log", "succeed", "--predecessor", file, "--key", vkey, "--reason", "moved")
    assert begun == "The log begins after govbus.local/audit of 3 entries. Start its service."
    await desk.close()

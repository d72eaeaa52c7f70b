"""Intake as `make up` runs it, with PostgreSQL, Kafka and its relay; the services behind it hold still meanwhile."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from govbus.local.layout import Home
from govbus.local.postgres import PostgresServer
from govbus.local.secret_files import Passwords

START_SECONDS: Final = 180.0
STOP_SECONDS: Final = 60.0
FIRST_PORT, LAST_PORT, BLOCK_PORTS = 31_000, 39_000, 100
_KEPT_AWAKE: Final = frozenset({"intake", "postgres", "kafka", "front_door"})


@dataclass(frozen=True)
class RunningIntake:
    """Where the intake is, and the superuser's address of its PostgreSQL, for the bare side of a comparison."""

    url: str
    token: str
    superuser_dsn: str
    intake_dsn: str
    kafka: dict[str, Any]
    pid: int
    postgres_pid: int
    kafka_pid: int


@contextmanager
def running_intake() -> Iterator[RunningIntake]:
    """Start a stack in a folder of its own and let only intake, PostgreSQL and Kafka work while the block runs."""
    folder = Path(tempfile.mkdtemp(prefix="govbus-bench-"))
    process = _started(folder)
    paused: list[int] = []
    try:
        endpoints = _endpoints(folder, process)
        children = json.loads((folder / "run" / "children.json").read_text("utf-8"))
        paused = [one["pid"] for name, one in children.items() if name not in _KEPT_AWAKE]
        for pid in paused:
            os.kill(pid, signal.SIGSTOP)
        yield _described(folder, endpoints, {name: one["pid"] for name, one in children.items()})
    finally:
        for pid in paused:
            os.kill(pid, signal.SIGCONT)
        process.send_signal(signal.SIGINT)
        process.wait(STOP_SECONDS)
        shutil.rmtree(folder, ignore_errors=True)


def _started(folder: Path) -> subprocess.Popen[bytes]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GOVBUS_")}
    told = {"GOVBUS_HOME": str(folder), "GOVBUS_BASE_PORT": str(_free_block()), "DEMO": "0"}
    with (folder / "up.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "govbus.local", "up"],
            env=kept | told, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip


def _endpoints(folder: Path, process: subprocess.Popen[bytes]) -> dict[str, Any]:
    file, deadline = folder / "endpoints.json", time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if file.exists():
            found: dict[str, Any] = json.loads(file.read_text("utf-8"))
            return found
        time.sleep(0.2)
    raise SystemExit(f"the stack did not start:\n{(folder / 'up.log').read_text(errors='replace')[-2000:]}")


def _described(folder: Path, endpoints: dict[str, Any], pids: dict[str, int]) -> RunningIntake:
    home = Home(folder)
    server = PostgresServer(home.postgres, Passwords(home.passwords).of("postgres"))
    said = endpoints["kafka"]
    return RunningIntake(
        url=str(endpoints["services"]["intake"]),
        token=str(endpoints["credentials"]["source:demo"]),
        superuser_dsn=server.admin_dsn(),
        intake_dsn=str(endpoints["postgres"]["intake"]),
        kafka={
            "bootstrap_servers": said["bootstrap_servers"],
            "security_protocol": said["security_protocol"],
            "sasl_mechanism": said["sasl_mechanism"],
            "sasl_plain_username": said["username"],
            "sasl_plain_password": said["password"],
        },
        pid=pids["intake"],
        postgres_pid=pids["postgres"],
        kafka_pid=pids["kafka"],
    )


def _free_block() -> int:
    """Return a base port with everything free that the stack will ask for."""
    for base in range(FIRST_PORT, LAST_PORT, BLOCK_PORTS):
        if all(_is_free(base + offset) for offset in (*range(12), *range(92, 96))):
            return base
    raise SystemExit(f"no block of free ports between {FIRST_PORT} and {LAST_PORT}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True

"""The real local stack as a process of its own, in a folder of its own."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import httpx2
import psutil

from backends.running import CHECKOUT
from govbus.local.processes import ProcessIdentity, identity_of
from govbus.local.watchdog import Watchdog

SERVICES: Final = ("intake", "inventory", "risk", "oversight", "audit_log", "notifier", "console")
SERVERS: Final = ("postgres", "kafka")
_START_SECONDS: Final = 180.0
_STOP_SECONDS: Final = 60.0
_PORTS_COUNT: Final = 12
_KAFKA_PORT_OFFSET: Final = 92


class LiveStack:
    """`python -m govbus.local up` on free ports; everything about it is read from its folder."""

    def __init__(self, home: Path, environment: Mapping[str, str]) -> None:
        """Prepare; nothing is started. `environment` is what the run itself wants of the services."""
        self.home = home
        self.output = home / "up.log"
        self.base_port = _free_block()
        own = {name: value for name, value in os.environ.items() if not name.startswith("GOVBUS_")}
        self._environment = own | {
            "GOVBUS_HOME": str(home),
            "GOVBUS_BASE_PORT": str(self.base_port),
            "GOVBUS_RESTART_LONGEST_SECONDS": "2",
            "DEMO": "0",
            **environment,
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._watchdog: Watchdog | None = None
        self._endpoints: dict[str, Any] = {}

    @property
    def url(self) -> str:
        """The front door."""
        return str(self._endpoints["url"])

    @property
    def log_vkey(self) -> str:
        """The audit log's key, as it was told at the start."""
        return str(self._endpoints["log_vkey"])

    def credential(self, name: str) -> str:
        """Return a credential of endpoints.json."""
        return str(self._endpoints["credentials"][name])

    def dsn(self, service: str) -> str:
        """Return the DSN of a service's own database and role."""
        return str(self._endpoints["postgres"][service])

    def service_url(self, service: str) -> str:
        """Return a service's own address."""
        return str(self._endpoints["services"][service])

    def kafka(self) -> dict[str, Any]:
        """Return aiokafka's connection arguments for the local user."""
        said = self._endpoints["kafka"]
        return {
            "bootstrap_servers": said["bootstrap_servers"],
            "security_protocol": said["security_protocol"],
            "sasl_mechanism": said["sasl_mechanism"],
            "sasl_plain_username": said["username"],
            "sasl_plain_password": said["password"],
        }

    async def start(self) -> None:
        """Return when everything is ready and endpoints.json is there."""
        self.home.mkdir(parents=True, exist_ok=True)
        with self.output.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: ASYNC220 - starting it does not block
                [sys.executable, "-m", "govbus.local", "up"],
                env=self._environment, cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        self.watch(self._process.pid)
        file = self.home / "endpoints.json"
        async with asyncio.timeout(_START_SECONDS):
            while not file.exists():
                if self._process.poll() is not None:
                    raise AssertionError(f"the stack ended while starting: {self.told()[-2000:]}")
                await asyncio.sleep(0.2)
        self._endpoints = json.loads(file.read_text(encoding="utf-8"))

    def watch(self, pid: int) -> None:
        """Have a process ended when the test itself is killed."""
        if self._watchdog is None:
            self._watchdog = Watchdog()
        self._watchdog.watch(pid)

    def told(self) -> str:
        """Return what the supervisor said."""
        return self.output.read_text(encoding="utf-8", errors="replace") if self.output.exists() else ""

    def process(self, name: str) -> psutil.Process | None:
        """Return a running child (a service, `postgres`, `kafka`), None while it is down."""
        try:
            entry = json.loads((self.home / "run" / "children.json").read_text(encoding="utf-8")).get(name)
            if entry is None or identity_of(entry["pid"]) != ProcessIdentity(entry["pid"], entry["started_at_seconds"]):
                return None
            return psutil.Process(entry["pid"])
        except (OSError, ValueError, psutil.Error):
            return None

    def runs(self) -> bool:
        """Return whether the supervisor runs."""
        return self._process is not None and self._process.poll() is None

    def children(self) -> list[psutil.Process]:
        """Return every running process that the supervisor wrote down."""
        names = json.loads((self.home / "run" / "children.json").read_text(encoding="utf-8"))
        return [found for found in map(self.process, names) if found is not None]

    def kill_supervisor(self) -> None:
        """SIGKILL the supervisor alone, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    async def not_ready(self) -> str:
        """Return who is not ready, empty when everybody is."""
        try:
            async with httpx2.AsyncClient(timeout=5, trust_env=False) as client:
                answer = await client.get(f"{self.url}/readyz")
        except httpx2.HTTPError as error:
            return f"front door: {type(error).__name__}"
        return "" if answer.status_code == httpx2.codes.OK else answer.text[:300]

    def stop(self) -> None:
        """End the supervisor and with it all children; by force when it hangs (its watchdog then ends the children)."""
        self._end()
        if self._watchdog is not None:
            self._watchdog.close()

    def _end(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _free_block() -> int:
    """Return a base port with everything free that the stack will ask for."""
    for base in range(21_000, 29_000, 100):
        if all(_is_free(base + offset) for offset in (*range(_PORTS_COUNT), _KAFKA_PORT_OFFSET)):
            return base
    raise AssertionError("no block of free ports between 21000 and 29000")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True

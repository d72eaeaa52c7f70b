"""Composition of the local stack: what is started in which order, and what is told to the person."""

import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from govbus.local.commands import CommandChild
from govbus.local.first_start import demo_credential, log_vkey, wait_ready
from govbus.local.issuer import Issuer, open_issuer
from govbus.local.layout import Home
from govbus.local.manifest import kafka_user
from govbus.local.notifying import ensure_notifier_secrets
from govbus.local.occupancy import record_children
from govbus.local.ports import is_free
from govbus.local.refusals import Refused
from govbus.local.secret_files import Passwords, write_private_json
from govbus.local.server_start import KafkaStart, ServerStart
from govbus.local.services import (
    FRONT_DOOR,
    SERVICES,
    Surroundings,
    front_door_command,
    receiver_command,
    service_command,
)
from govbus.local.settings import LocalSettings
from govbus.local.supervisor import POLL_SECONDS, Supervisor

LEAST_FREE_BYTES = 400 * 1024 * 1024
"""An empty stack takes about 150 MB: PostgreSQL's and Kafka's own files and first segments."""


class Stack:
    """One local stack in one data folder."""

    def __init__(self, settings: LocalSettings, home: Home, checkout: Path, say: Callable[[str], None]) -> None:
        """Prepare; nothing is started but the watchdog."""
        self._settings, self._home, self._checkout, self._say = settings, home, checkout, say
        self._passwords = Passwords(home.passwords)
        self.supervisor = Supervisor(say, lambda pids: record_children(home, pids), settings.restart_longest_seconds)
        self.issuer: Issuer = open_issuer(home, settings.issuer_url)

    def start(self) -> None:
        """Return when every service is ready and endpoints.json is written.

        Raises:
            Refused: the sentence says what to do.
        """
        self._check_machine()
        servers = ServerStart(self._settings, self._home, self._checkout, self._passwords, self.supervisor, self._say)
        kafka = KafkaStart(servers)
        postgres = servers.postgres()
        around = Surroundings(self._settings, self._home, self._checkout, self._passwords, postgres, kafka.access())
        ensure_notifier_secrets(self._home)
        self.supervisor.add(CommandChild(front_door_command(around)))
        self.supervisor.add(CommandChild(receiver_command(around)))
        for service in SERVICES:
            self.supervisor.add(CommandChild(service_command(around, service)))
        kafka.wait(self.supervisor.check)
        everyone = {**around.service_urls, FRONT_DOOR: self._settings.url}
        wait_ready(everyone, self._settings.ready_timeout_seconds, self._say, self.supervisor.check)
        self._write_endpoints(around)

    def keep_running(self) -> None:
        """Supervise until interrupted."""
        while True:
            self.supervisor.check()
            time.sleep(POLL_SECONDS)

    def keep_running_while(self, work: Callable[[], None]) -> None:
        """Supervise until `work`, done in a thread of its own, is over; raise what it raised."""
        with ThreadPoolExecutor(1) as pool:
            working = pool.submit(work)
            while not working.done():
                self.supervisor.check()
                time.sleep(POLL_SECONDS)
            working.result()

    def stop(self) -> None:
        """End everything and forget where it was."""
        self._home.endpoints.unlink(missing_ok=True)
        self.supervisor.stop_all()
        self._home.children.unlink(missing_ok=True)
        self._home.supervisor.unlink(missing_ok=True)

    def _check_machine(self) -> None:
        free = shutil.disk_usage(self._home.root).free
        if free < LEAST_FREE_BYTES:
            raise Refused(
                f"Only {free // 2**20} MB are free for {self._home.root}, {LEAST_FREE_BYTES // 2**20} MB are needed: "
                "make room, or set GOVBUS_HOME to a folder on another disk."
            )
        own = range(self._settings.base_port, self._settings.base_port + 1 + len(SERVICES))
        for port in (*own, self._settings.receiver_webhook_port, self._settings.receiver_mail_port):
            if not is_free(port):
                raise Refused(
                    f"Port {port} is taken by another program: end it, or choose other ports with GOVBUS_BASE_PORT "
                    f"(it, the {len(SERVICES)} after it, and that + 93 and + 94)."
                )

    def _write_endpoints(self, around: Surroundings) -> None:
        people = self.issuer.people()
        user = kafka_user("local")
        write_private_json(
            self._home.endpoints,
            {
                "url": self._settings.url,
                "services": around.service_urls,
                "kafka": {
                    "bootstrap_servers": around.kafka.bootstrap_servers,
                    "security_protocol": around.kafka.security_protocol,
                    "sasl_mechanism": around.kafka.sasl_mechanism,
                    "username": user,
                    "password": self._passwords.of(user),
                },
                "postgres": {service: around.dsn(service, "postgresql") for service in SERVICES},
                "credentials": people
                | {"source:demo": demo_credential(self._home, self._settings.url, people["admin"])},
                "log_vkey": log_vkey(self._settings.url),
            },
        )

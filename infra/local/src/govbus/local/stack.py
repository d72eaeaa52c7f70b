"""Composition of the local stack: what is started in which order, and what is told to the person."""

import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from govbus.local.commands import CommandChild
from govbus.local.first_start import demo_credential, log_vkey, wait_ready
from govbus.local.issuer import Issuer, open_issuer
from govbus.local.kafka import KafkaServer
from govbus.local.kafka_jars import kafka_jars
from govbus.local.kafka_properties import MECHANISM
from govbus.local.layout import Home
from govbus.local.manifest import kafka_user, read_manifest
from govbus.local.migrating import migrate_changed
from govbus.local.notifying import ensure_notifier_secrets
from govbus.local.occupancy import record_children
from govbus.local.ports import is_free
from govbus.local.postgres import PostgresServer
from govbus.local.provision import MANIFEST_PATH, provision_postgres, provision_topics
from govbus.local.refusals import Refused
from govbus.local.secret_files import Passwords, write_private_json
from govbus.local.servers import KafkaAccess, PostgresAccess, access_to_kafka, access_to_postgres
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

KAFKA_PORT_OFFSET = 92
"""Kafka prefers base port + 92 (8492) and takes any free one instead."""


class Stack:
    """One local stack in one data folder."""

    def __init__(self, settings: LocalSettings, home: Home, checkout: Path, say: Callable[[str], None]) -> None:
        """Prepare; nothing is started but the watchdog."""
        self._settings, self._home, self._checkout, self._say = settings, home, checkout, say
        self._manifest = read_manifest(checkout / MANIFEST_PATH)
        self._passwords = Passwords(home.passwords)
        self.supervisor = Supervisor(say, lambda pids: record_children(home, pids), settings.restart_longest_seconds)
        self.issuer: Issuer = open_issuer(home, settings.issuer_url)

    def start(self) -> None:
        """Return when every service is ready and endpoints.json is written.

        Raises:
            Refused: the sentence says what to do.
        """
        self._check_machine()
        kafka, postgres = self._start_servers()
        around = Surroundings(self._settings, self._home, self._checkout, self._passwords, postgres, kafka)
        ensure_notifier_secrets(self._home)
        self.supervisor.add(CommandChild(front_door_command(around)))
        self.supervisor.add(CommandChild(receiver_command(around)))
        for service in SERVICES:
            self.supervisor.add(CommandChild(service_command(around, service)))
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

    def _start_servers(self) -> tuple[KafkaAccess, PostgresAccess]:
        """Start both at once; each is provisioned as soon as it answers."""
        outcome: dict[str, KafkaAccess] = {}
        failure: list[Exception] = []

        def start_kafka() -> None:
            try:
                outcome["kafka"] = self._start_kafka()
            except Exception as failed:  # noqa: BLE001 - handed over to the main thread
                failure.append(failed)

        other = threading.Thread(target=start_kafka, daemon=True)
        other.start()
        postgres = self._start_postgres()
        while other.is_alive():
            other.join(POLL_SECONDS)
        if failure:
            raise failure[0]
        return outcome["kafka"], postgres

    def _start_postgres(self) -> PostgresAccess:
        if self._settings.postgres_url is not None:
            self._say("PostgreSQL: the one of GOVBUS_POSTGRES_URL.")
            access = PostgresAccess(self._settings.postgres_url.get_secret_value())
            marker = self._home.root / "run" / "migrated-elsewhere.json"
            marker.unlink(missing_ok=True)
        else:
            server = PostgresServer(self._home.postgres, self._passwords.of("postgres"))
            self._say("PostgreSQL 18 from its wheel.")
            self.supervisor.add(server)
            access, marker = access_to_postgres(server), self._home.migrated
        provision_postgres(access, self._manifest, self._passwords)
        if migrate_changed(access, self._manifest.services, self._passwords, self._checkout, marker):
            self._say("Databases migrated.")
        return access

    def _start_kafka(self) -> KafkaAccess:
        if self._settings.kafka_bootstrap_servers:
            access = self._existing_kafka()
        else:
            self._say("Apache Kafka 4.3.1 on the Java of its wheel.")
            kafka_jars()
            server = KafkaServer(self._home.kafka, self._passwords, self._settings.base_port + KAFKA_PORT_OFFSET)
            self.supervisor.add(server)
            server.wait_listening()
            access = access_to_kafka(server, self._passwords)
        for sentence in provision_topics(access, self._manifest, self._passwords):
            self._say(sentence)
        return access

    def _existing_kafka(self) -> KafkaAccess:
        self._say("Kafka: the one of GOVBUS_KAFKA_BOOTSTRAP_SERVERS.")
        return KafkaAccess(
            self._settings.kafka_bootstrap_servers,
            self._settings.kafka_security_protocol,
            self._settings.kafka_sasl_mechanism or MECHANISM,
            self._settings.kafka_username,
            self._settings.kafka_password.get_secret_value(),
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

"""PostgreSQL and Kafka, started and provisioned side by side."""

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from govbus.local.kafka import KafkaServer
from govbus.local.kafka_jars import kafka_jars
from govbus.local.layout import Home
from govbus.local.manifest import Manifest, read_manifest
from govbus.local.migrating import migrate_changed
from govbus.local.postgres import PostgresServer
from govbus.local.provision import MANIFEST_PATH, provision_postgres, provision_topics
from govbus.local.secret_files import Passwords, read_json, write_private_json
from govbus.local.servers import KafkaAccess, PostgresAccess, access_to_kafka, access_to_postgres
from govbus.local.settings import LocalSettings
from govbus.local.supervisor import POLL_SECONDS, Supervisor

KAFKA_PORT_OFFSET = 92
"""Kafka prefers base port + 92 (8492) and takes any free one instead."""


@dataclass(frozen=True, slots=True)
class ServerStart:
    """Everything that starting the two servers needs."""

    settings: LocalSettings
    home: Home
    checkout: Path
    passwords: Passwords
    supervisor: Supervisor
    say: Callable[[str], None]

    @property
    def manifest(self) -> Manifest:
        """The manifest of the checkout."""
        return read_manifest(self.checkout / MANIFEST_PATH)

    def postgres(self) -> PostgresAccess:
        """Start (or find) PostgreSQL, make what is missing, return the way in."""
        if self.settings.postgres_url is not None:
            self.say("PostgreSQL: the one of GOVBUS_POSTGRES_URL.")
            access = PostgresAccess(self.settings.postgres_url.get_secret_value())
            marker = self.home.root / "run" / "migrated-elsewhere.json"
            marker.unlink(missing_ok=True)
        else:
            server = PostgresServer(self.home.postgres, self.passwords.of("postgres"))
            self.say("PostgreSQL 18 from its wheel.")
            self.supervisor.add(server)
            access, marker = access_to_postgres(server), self.home.migrated
        provision_postgres(access, self.manifest, self.passwords)
        if migrate_changed(access, self.manifest.services, self.passwords, self.checkout, marker, self.say):
            self.say("Databases migrated.")
        return access


class KafkaStart:
    """Kafka on its way up in a thread; what goes wrong there is raised where somebody waits."""

    def __init__(self, start: ServerStart) -> None:
        """Begin at once."""
        self._start = start
        self._launched = threading.Event()
        self._access: KafkaAccess | None = None
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def access(self) -> KafkaAccess:
        """Return the way in as soon as the services may start.

        That is when the broker is provisioned, or as soon as it is launched when this very manifest was provisioned
        before: the services' own start takes longer than the rest of Kafka's, and they try until it answers.
        """
        while self._thread.is_alive() and not (self._launched.is_set() and self._provisioned_before()):
            time.sleep(POLL_SECONDS)
        self._raise_failure()
        if self._access is None:
            raise RuntimeError("Kafka's start ended without a result")
        return self._access

    def wait(self, check: Callable[[], None]) -> None:
        """Return when everything is provisioned; `check` is called all the while."""
        while self._thread.is_alive():
            check()
            time.sleep(POLL_SECONDS)
        self._raise_failure()

    def _run(self) -> None:
        try:
            self._start_and_provision()
        except Exception as failed:  # noqa: BLE001 - raised again where somebody waits
            self._failure = failed

    def _start_and_provision(self) -> None:
        start = self._start
        if start.settings.kafka_bootstrap_servers:
            self._access = existing_kafka(start.settings)
            start.say("Kafka: the one of GOVBUS_KAFKA_BOOTSTRAP_SERVERS.")
        else:
            start.say("Apache Kafka 4.3.1 on the Java of its wheel.")
            kafka_jars()
            server = KafkaServer(start.home.kafka, start.passwords, start.settings.base_port + KAFKA_PORT_OFFSET)
            start.supervisor.add(server)
            self._access = access_to_kafka(server, start.passwords)
            self._launched.set()
            server.wait_listening()
        for sentence in provision_topics(self._access, start.manifest, start.passwords):
            start.say(sentence)
        if self._launched.is_set():
            write_private_json(self._marker, {"sha256": self._digest()})

    @property
    def _marker(self) -> Path:
        """Lies beside Kafka's data, so that it goes when they go."""
        return self._start.home.kafka / "provisioned.json"

    def _provisioned_before(self) -> bool:
        return (read_json(self._marker) or {}).get("sha256") == self._digest()

    def _digest(self) -> str:
        return hashlib.sha256((self._start.checkout / MANIFEST_PATH).read_bytes()).hexdigest()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure


def existing_kafka(settings: LocalSettings) -> KafkaAccess:
    """Return the way into somebody else's Kafka."""
    return KafkaAccess(
        settings.kafka_bootstrap_servers,
        settings.kafka_security_protocol,
        settings.kafka_sasl_mechanism,
        settings.kafka_username,
        settings.kafka_password.get_secret_value(),
    )

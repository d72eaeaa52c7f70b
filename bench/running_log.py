"""The audit log's service as a process, on a PostgreSQL that syncs and a Kafka, both in a temporary folder."""

import asyncio
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

import asyncpg

from govbus.local.databases import ServiceRoles, provision_databases, role_names
from govbus.local.kafka import KafkaServer
from govbus.local.manifest import kafka_user, read_manifest
from govbus.local.migrations import migrate
from govbus.local.postgres import PostgresServer
from govbus.local.provision import MANIFEST_PATH
from govbus.local.secret_files import Passwords
from govbus.local.servers import KafkaAccess, PostgresAccess, access_to_kafka, access_to_postgres
from govbus.local.topics import provision_kafka

CHECKOUT: Final = Path(__file__).parents[1]
SERVICE: Final = "audit_log"
FLOOR_DATABASE: Final = "govbus_audit_log_floor"
START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 30.0
LOOK_SECONDS: Final = 0.02
_KILOBYTE: Final = 1024


@dataclass(frozen=True)
class LogServers:
    """PostgreSQL with two equal databases, the log's and the floor's, and Kafka with every topic."""

    folder: Path
    postgres: PostgresAccess
    kafka: KafkaAccess
    passwords: Passwords

    def admin_dsn(self, database: str = "govbus_audit_log") -> str:
        """Return the superuser's URL of a database."""
        return self.postgres.dsn("postgres", self.passwords.of("postgres"), database, "postgresql")

    def aiokafka(self, principal: str) -> dict[str, Any]:
        """Return keyword arguments for aiokafka's clients."""
        user = kafka_user(principal)
        return {
            "bootstrap_servers": self.kafka.bootstrap_servers,
            "security_protocol": self.kafka.security_protocol,
            "sasl_mechanism": self.kafka.sasl_mechanism,
            "sasl_plain_username": user,
            "sasl_plain_password": self.passwords.of(user),
        }

    def environment(self, port: int) -> dict[str, str]:
        """Return what the service is told."""
        user = kafka_user(SERVICE)
        runtime = ServiceRoles(SERVICE).runtime
        return {
            "PATH": os.defpath,
            "GOVBUS_POSTGRES_URL": self.postgres.dsn(runtime, self.passwords.of(runtime), "govbus_audit_log"),
            "GOVBUS_KAFKA_BOOTSTRAP_SERVERS": self.kafka.bootstrap_servers,
            "GOVBUS_KAFKA_SECURITY_PROTOCOL": self.kafka.security_protocol,
            "GOVBUS_KAFKA_SASL_MECHANISM": self.kafka.sasl_mechanism,
            "GOVBUS_KAFKA_USERNAME": user,
            "GOVBUS_KAFKA_PASSWORD": self.passwords.of(user),
            "GOVBUS_HTTP_PORT": str(port),
            "GOVBUS_TOPICS_FILE": str(CHECKOUT / MANIFEST_PATH),
            "GOVBUS_DATA_DIRECTORY": str(self.folder / "log"),
            "GOVBUS_LOG_LEVEL": "WARNING",
        }


@dataclass(frozen=True)
class LogProcess:
    """One running process of the service."""

    pid: int

    def resident_mebibytes(self) -> float:
        """Return the memory that the process has in use now."""
        lines = Path(f"/proc/{self.pid}/status").read_text("ascii").splitlines()
        [kilobytes] = [int(line.split()[1]) for line in lines if line.startswith("VmRSS:")]
        return kilobytes / _KILOBYTE

    def processor_seconds(self) -> float:
        """Return the processor time that the process has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def log_servers() -> Iterator[LogServers]:
    """Start PostgreSQL and Kafka with rights, topics and migrated databases; everything is removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="govbus-bench-log-"))
    passwords = Passwords(folder / "passwords.json")
    postgres = PostgresServer(folder / "pg", passwords.of("postgres"))
    kafka = KafkaServer(folder / "kafka", passwords)
    try:
        postgres.start()
        kafka.start()
        servers = LogServers(folder, access_to_postgres(postgres), access_to_kafka(kafka, passwords), passwords)
        _provision(servers)
        yield servers
    finally:
        kafka.stop()
        postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _provision(servers: LogServers) -> None:
    manifest, passwords = read_manifest(CHECKOUT / MANIFEST_PATH), servers.passwords
    users = tuple(kafka_user(principal) for principal in manifest.principals)
    roles = role_names((SERVICE,))
    passwords.ensure((*users, *roles))
    provision_kafka(servers.kafka.admin_client_config, manifest, {user: passwords.of(user) for user in users})
    secrets = {role: passwords.of(role) for role in roles}
    asyncio.run(provision_databases(servers.postgres.admin_dsn, (SERVICE,), secrets))
    owner = ServiceRoles(SERVICE).owner
    asyncio.run(_make_floor(servers, owner))
    for database in ("govbus_audit_log", FLOOR_DATABASE):
        dsn = servers.postgres.dsn(owner, passwords.of(owner), database)
        migrate(CHECKOUT / "services" / SERVICE / "migrations", dsn)


async def _make_floor(servers: LogServers, owner: str) -> None:
    connection = await asyncpg.connect(servers.postgres.admin_dsn)
    try:
        await connection.execute(f'CREATE DATABASE "{FLOOR_DATABASE}" OWNER "{owner}"')
    finally:
        await connection.close()


@contextmanager
def running_log(servers: LogServers) -> Iterator[LogProcess]:
    """Run the service while the block runs; it is ready when the block begins."""
    port = _free_port()
    with (servers.folder / "log.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "govbus.audit_log"],
            env=servers.environment(port), cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        _await_live(process, port, servers.folder / "log.log")
        yield LogProcess(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_SECONDS)


def _await_live(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(LOOK_SECONDS)
    raise SystemExit(f"the service did not start:\n{log.read_text(errors='replace')[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

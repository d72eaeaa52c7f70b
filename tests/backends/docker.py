"""Servers in containers: `postgres:18` and `apache/kafka:4.3.1` with the same SCRAM users and ACLs as everywhere."""

import io
import os
import secrets
import socket
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import docker
from confluent_kafka.admin import AdminClient, ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion
from docker.errors import DockerException, ImageNotFound
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy
from typing_extensions import override

from backends.running import RunningKafka, RunningPostgres
from govbus.local.secret_files import Passwords
from govbus.local.servers import KafkaAccess, PostgresAccess
from govbus.local.topics import CALL_TIMEOUT_SECONDS, SCRAM_ITERATIONS

POSTGRES_IMAGE = "postgres:18"
KAFKA_IMAGE = "apache/kafka:4.3.1"
START_TIMEOUT_SECONDS = 90
PULL_TIMEOUT_SECONDS = 300
_WAIT_FOR_SCRIPT = ["sh", "-c", "until [ -f /tmp/start.sh ]; do sleep 0.1; done; exec sh /tmp/start.sh"]


def _engine_answers() -> bool:
    """Say whether an engine takes connections where `DOCKER_HOST` says; the client leaks its socket when none does."""
    place = urlsplit(os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock"))
    family = socket.AF_UNIX if place.scheme == "unix" else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(2)
        try:
            probe.connect(place.path if place.scheme == "unix" else (place.hostname, place.port or 2375))
        except OSError:
            return False
    return True


def why_not_docker() -> str | None:
    """Say in words why containers cannot be used here; None when an engine answers and has, or can pull, the images."""
    images = [POSTGRES_IMAGE, KAFKA_IMAGE]
    if os.environ.get("TESTCONTAINERS_RYUK_DISABLED", "").lower() not in {"true", "1"}:
        images.append(testcontainers_config.ryuk_image)
    if not _engine_answers():
        return "no container engine answers"
    try:
        client = docker.from_env(timeout=PULL_TIMEOUT_SECONDS)
    except DockerException:
        return "no container engine answers"
    with closing(client):
        for image in images:
            try:
                client.images.get(image)
            except ImageNotFound:
                try:
                    client.images.pull(image)
                except DockerException:
                    return f"the image {image} is neither there nor to be pulled"
    return None


@contextmanager
def docker_postgres() -> Iterator[RunningPostgres]:
    """Run one PostgreSQL container for the session."""
    password = secrets.token_urlsafe(24)
    container = (
        DockerContainer(POSTGRES_IMAGE)
        .with_env("POSTGRES_PASSWORD", password)
        .with_exposed_ports(5432)
        .waiting_for(LogMessageWaitStrategy(r"listening on IPv4 address").with_startup_timeout(START_TIMEOUT_SECONDS))
    )
    with container, tempfile.TemporaryDirectory(prefix="govbus-docker-") as folder:
        place = f"{container.get_container_host_ip()}:{container.get_exposed_port(5432)}"
        access = PostgresAccess(f"postgresql://postgres:{password}@{place}/postgres")
        yield RunningPostgres(access, Passwords(Path(folder) / "passwords.json"))


class KafkaContainer(DockerContainer):
    """apache/kafka with a SASL listener for clients; the administrator logs in by PLAIN, everybody else by SCRAM."""

    def __init__(self, admin_password: str) -> None:
        """Set every setting: one `KAFKA_*` given means that the image uses none of its own defaults."""
        super().__init__(KAFKA_IMAGE)
        plain = "org.apache.kafka.common.security.plain.PlainLoginModule required"
        scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        settings = {
            "CLUSTER_ID": "Z292YnVzLWxvY2FsLTAwMQ",
            "KAFKA_NODE_ID": "1",
            "KAFKA_PROCESS_ROLES": "broker,controller",
            "KAFKA_LISTENERS": "CLIENT://:9092,INTERNAL://localhost:19092,CONTROLLER://localhost:9094",
            "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CLIENT:SASL_PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "KAFKA_INTER_BROKER_LISTENER_NAME": "INTERNAL",
            "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
            "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9094",
            "KAFKA_LISTENER_NAME_CLIENT_SASL_ENABLED_MECHANISMS": "SCRAM-SHA-256,PLAIN",
            "KAFKA_LISTENER_NAME_CLIENT_PLAIN_SASL_JAAS_CONFIG": f'{plain} user_govbus-admin="{admin_password}";',
            "KAFKA_LISTENER_NAME_CLIENT_SCRAM___SHA___256_SASL_JAAS_CONFIG": scram,
            "KAFKA_AUTHORIZER_CLASS_NAME": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "KAFKA_SUPER_USERS": "User:govbus-admin;User:ANONYMOUS",
            "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
            "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
            "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "4",
            "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
            "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
            "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR": "1",
            "KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR": "1",
            "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        }
        for name, value in settings.items():
            self.with_env(name, value)
        self.with_exposed_ports(9092)
        self.with_command(_WAIT_FOR_SCRIPT)

    def launch(self) -> str:
        """Start it, tell it its outside address, return that address when it is ready."""
        self.start()
        address = f"{self.get_container_host_ip()}:{self.get_exposed_port(9092)}"
        script = (
            f"export KAFKA_ADVERTISED_LISTENERS=CLIENT://{address},INTERNAL://localhost:19092\n"
            "exec /etc/kafka/docker/run\n"
        )
        self.get_wrapped_container().put_archive("/", _tar("tmp/start.sh", script.encode()))
        ready = LogMessageWaitStrategy("Kafka Server started").with_startup_timeout(START_TIMEOUT_SECONDS)
        ready.wait_until_ready(self)
        return address


@contextmanager
def docker_kafka() -> Iterator[RunningKafka]:
    """Run one Kafka container for the session."""
    password = secrets.token_urlsafe(24)
    container = KafkaContainer(password)
    try:
        address = container.launch()
        with tempfile.TemporaryDirectory(prefix="govbus-docker-") as folder:
            access = AdminByPlain(address, "SASL_PLAINTEXT", "SCRAM-SHA-256", "govbus-admin", password)
            _let_admin_use_scram(access)
            yield RunningKafka(access, Passwords(Path(folder) / "passwords.json"))
    finally:
        container.stop()


class AdminByPlain(KafkaAccess):
    """The container's administrator exists before any SCRAM record, so it logs in by PLAIN."""

    @property
    @override
    def admin_client_config(self) -> dict[str, str]:
        """Return librdkafka settings of the administrator."""
        return {**super().admin_client_config, "sasl.mechanism": "PLAIN"}


def _let_admin_use_scram(access: AdminByPlain) -> None:
    info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, SCRAM_ITERATIONS)
    wanted = UserScramCredentialUpsertion(access.admin_username, info, password=access.admin_password.encode())
    admin = AdminClient(dict(access.admin_client_config))
    for made in admin.alter_user_scram_credentials([wanted]).values():
        made.result(CALL_TIMEOUT_SECONDS)


def _tar(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        member.mode = 0o644
        archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()

"""Servers that somebody else runs: `GOVBUS_POSTGRES_URL`, `GOVBUS_KAFKA_BOOTSTRAP_SERVERS` and its administrator."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backends.running import RunningKafka, RunningPostgres
from govbus.local.secret_files import Passwords
from govbus.local.servers import KafkaAccess, PostgresAccess


@contextmanager
def _passwords() -> Iterator[Passwords]:
    with tempfile.TemporaryDirectory(prefix="govbus-external-") as folder:
        yield Passwords(Path(folder) / "passwords.json")


@contextmanager
def external_postgres() -> Iterator[RunningPostgres]:
    """Use the PostgreSQL of `GOVBUS_POSTGRES_URL`, whose user may make roles and databases."""
    with _passwords() as passwords:
        yield RunningPostgres(PostgresAccess(os.environ["GOVBUS_POSTGRES_URL"]), passwords)


@contextmanager
def external_kafka() -> Iterator[RunningKafka]:
    """Use the Kafka of `GOVBUS_KAFKA_BOOTSTRAP_SERVERS`; its user may set topics, users and ACLs."""
    access = KafkaAccess(
        os.environ["GOVBUS_KAFKA_BOOTSTRAP_SERVERS"],
        os.environ.get("GOVBUS_KAFKA_SECURITY_PROTOCOL", "PLAINTEXT"),
        os.environ.get("GOVBUS_KAFKA_SASL_MECHANISM", "SCRAM-SHA-256"),
        os.environ.get("GOVBUS_KAFKA_USERNAME", ""),
        os.environ.get("GOVBUS_KAFKA_PASSWORD", ""),
    )
    with _passwords() as passwords:
        yield RunningKafka(access, passwords)

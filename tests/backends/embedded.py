"""The embedded pair: the same servers as `make up`, in a temporary folder, ended even when pytest is killed."""

import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backends.running import RunningKafka, RunningPostgres
from govbus.local.kafka import KafkaServer
from govbus.local.postgres import PostgresServer
from govbus.local.secret_files import Passwords
from govbus.local.servers import access_to_kafka, access_to_postgres
from govbus.local.watchdog import Watchdog

FAST_SETTINGS = {"fsync": "off", "full_page_writes": "off"}
"""Tests kill processes, not machines: what a process has written outlives it without fsync."""


@contextmanager
def _folder(name: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=f"govbus-{name}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def embedded_postgres() -> Iterator[RunningPostgres]:
    """Run one PostgreSQL for the whole session."""
    with _folder("pg") as folder:
        passwords = Passwords(folder / "passwords.json")
        server = PostgresServer(folder, passwords.of("postgres"), FAST_SETTINGS)
        watchdog = Watchdog()
        try:
            server.start()
            watchdog.watch(server.pid or 0, signal.SIGINT)
            yield RunningPostgres(access_to_postgres(server), passwords, server)
        finally:
            server.stop()
            watchdog.close()


@contextmanager
def embedded_kafka() -> Iterator[RunningKafka]:
    """Run one Kafka for the whole session."""
    with _folder("kafka") as folder:
        passwords = Passwords(folder / "passwords.json")
        server = KafkaServer(folder, passwords)
        watchdog = Watchdog()
        try:
            server.launch()
            watchdog.watch(server.pid or 0, signal.SIGTERM)
            server.wait_listening()
            yield RunningKafka(access_to_kafka(server, passwords), passwords, server)
        finally:
            server.stop()
            watchdog.close()

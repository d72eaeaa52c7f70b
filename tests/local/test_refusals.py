"""Every way in which a start can fail ends as one sentence that says what to do, exit status 1, no stack trace."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from backends.running import CHECKOUT
from govbus.local.kafka import KafkaServer
from govbus.local.layout import Home, find_checkout
from govbus.local.manifest import read_manifest
from govbus.local.occupancy import occupied
from govbus.local.ports import free_ports
from govbus.local.postgres import PostgresServer
from govbus.local.refusals import Refused
from govbus.local.routes import read_routes
from govbus.local.secret_files import Passwords


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path: a socket lies in it."""
    made = Path(tempfile.mkdtemp(prefix="govbus-ref-"))
    yield made
    shutil.rmtree(made)


def local(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m govbus.local` on a data folder."""
    return subprocess.run(
        [sys.executable, "-m", "govbus.local", *arguments],
        cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "GOVBUS_HOME": str(folder), **environment},
    )  # fmt: skip


def test_a_taken_port_is_named_with_the_setting_that_helps(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        ended = local(folder, "up", GOVBUS_BASE_PORT=str(port))
    assert ended.returncode == 1
    assert f"Port {port} is taken" in ended.stderr
    assert "GOVBUS_BASE_PORT" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_second_supervisor_says_who_runs(folder: Path) -> None:
    with occupied(Home(folder)):
        ended = local(folder, "up")
    assert ended.returncode == 1
    assert "runs already" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_data_folder_that_cannot_be_made_is_a_sentence(folder: Path) -> None:
    (folder / "file").write_text("")
    ended = local(folder / "file" / "home", "up")
    assert ended.returncode == 1
    assert ended.stderr.startswith("govbus: ")
    assert "Traceback" not in ended.stderr


def test_down_without_a_stack_says_so(folder: Path) -> None:
    ended = local(folder, "down")
    assert (ended.returncode, "Nothing is running" in ended.stdout) == (0, True)


def test_status_without_a_stack_says_what_starts_it(folder: Path) -> None:
    ended = local(folder, "status")
    assert ended.returncode == 1
    assert "make up" in ended.stderr


def test_another_versions_postgresql_data_are_refused(folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "PG_VERSION").write_text("15\n")
    with pytest.raises(Refused, match="written by PostgreSQL 15, this is 18"):
        PostgresServer(folder, "secret").start()


def test_a_half_made_postgresql_cluster_is_made_again(folder: Path) -> None:
    (folder / "data.new").mkdir()
    (folder / "data.new" / "PG_VERSION").write_text("18\n")
    server = PostgresServer(folder, "secret")
    server.start()
    server.stop()
    assert (folder / "data" / "PG_VERSION").exists()


def test_a_stale_pid_file_that_names_a_stranger_harms_nobody(folder: Path) -> None:
    server = PostgresServer(folder, "secret")
    server.start()
    server.stop()
    (folder / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n{folder / 'data'}\n1\n5432\n\n\n\n")
    server.start()
    server.stop()


def test_a_long_path_gets_its_socket_elsewhere(folder: Path) -> None:
    server = PostgresServer(folder / ("deep" * 30), "secret")
    server.start()
    server.stop()
    assert len(str(server.socket_directory)) < 100
    shutil.rmtree(server.socket_directory)


def test_another_versions_kafka_data_are_refused(folder: Path) -> None:
    (folder / "formatted.json").write_text(json.dumps({"version": "3.9.0"}))
    with pytest.raises(Refused, match=r"written by Apache Kafka 3\.9\.0"):
        KafkaServer(folder, Passwords(folder / "passwords.json")).launch()


def test_kafka_data_that_lost_their_identity_are_refused(folder: Path) -> None:
    (folder / "formatted.json").write_text(json.dumps({"version": "4.3.1"}))
    with pytest.raises(Refused, match=r"lost its meta\.properties"):
        KafkaServer(folder, Passwords(folder / "passwords.json")).launch()


def test_a_folder_outside_of_a_checkout_is_a_sentence(folder: Path) -> None:
    with pytest.raises(Refused, match="not in a checkout"):
        find_checkout(folder)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("topics: [", "not YAML"),
        ("topics: {}", "replication"),
        (
            (
                "{replication: {}, config: {}, principals: {}, source_topics: {prefix: govbus.intake., "
                "principal_prefix: source-, partitions: 1, readers: [], config: {}}, "
                "topics: {govbus.x: {partitions: 1, writer: nobody, readers: [], config: {retention.ms: 1}}}}"
            ),
            "'nobody', which is not listed",
        ),
    ],
)
def test_a_wrong_manifest_is_told_by_its_first_wrong_place(folder: Path, text: str, told: str) -> None:
    (folder / "topics.yaml").write_text(text)
    with pytest.raises(Refused, match=told):
        read_manifest(folder / "topics.yaml")


def test_a_wrong_route_table_is_a_sentence(folder: Path) -> None:
    (folder / "routes.yaml").write_text("routes: [{prefix: v1, service: intake}]")
    with pytest.raises(Refused, match="cannot be used"):
        read_routes(folder / "routes.yaml")


def test_secrets_are_readable_by_their_owner_alone(folder: Path) -> None:
    passwords = Passwords(folder / "keys" / "passwords.json")
    assert passwords.of("risk") == Passwords(folder / "keys" / "passwords.json").of("risk")
    assert (folder / "keys" / "passwords.json").stat().st_mode & 0o777 == 0o600


def test_a_setting_that_is_wrong_is_named(folder: Path) -> None:
    ended = local(folder, "up", GOVBUS_BASE_PORT="many")
    assert ended.returncode == 1
    assert ended.stderr.startswith("govbus: GOVBUS_BASE_PORT: ")


def test_servers_of_somebody_else_that_are_away_are_named(folder: Path) -> None:
    base_port = str(free_ports(1)[0] // 2 + 1024)
    ended = local(
        folder, "up", GOVBUS_BASE_PORT=base_port, GOVBUS_POSTGRES_URL="postgresql://a:b@127.0.0.1:1/x",
        GOVBUS_KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1",
    )  # fmt: skip
    assert ended.returncode == 1
    assert "GOVBUS_POSTGRES_URL" in ended.stderr
    assert "Traceback" not in ended.stderr

"""Session-wide fixtures: one PostgreSQL and one Kafka, started only when a test asks for them."""

import os
from collections.abc import Callable, Iterator

import pytest

from backends.docker import docker_kafka, docker_postgres, why_not_docker
from backends.embedded import embedded_kafka, embedded_postgres
from backends.external import external_kafka, external_postgres
from backends.running import RunningKafka, RunningPostgres

pytest_plugins = ["interop.printing", "spreading"]

POSTGRES = {"embedded": embedded_postgres, "docker": docker_postgres, "external": external_postgres}
KAFKA = {"embedded": embedded_kafka, "docker": docker_kafka, "external": external_kafka}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a server, so that `make check` can leave it to `make test`."""
    for item in items:
        for server in {"postgres", "kafka"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(server)


@pytest.fixture(scope="session")
def backend() -> str:
    """`GOVBUS_TEST_BACKEND`; without it docker when an engine answers and has the images, else embedded."""
    chosen = os.environ.get("GOVBUS_TEST_BACKEND", "")
    if chosen:
        if chosen not in POSTGRES:
            pytest.exit(f"GOVBUS_TEST_BACKEND={chosen} is none of {', '.join(POSTGRES)}", returncode=2)
        return chosen
    return "embedded" if why_not_docker() else "docker"


@pytest.fixture(scope="session")
def postgres(backend: str) -> Iterator[RunningPostgres]:
    """PostgreSQL with the roles of every service."""
    with POSTGRES[backend]() as running:
        yield running


@pytest.fixture(scope="session")
def kafka(backend: str) -> Iterator[RunningKafka]:
    """Kafka with topics, users and ACLs of the manifest; topics keep their records between tests."""
    with KAFKA[backend]() as running:
        yield running


@pytest.fixture
def govbus_topics(kafka: RunningKafka) -> RunningKafka:
    """Kafka whose govbus topics were made anew for this test."""
    kafka.recreate_govbus_topics()
    return kafka


@pytest.fixture
def service_database(postgres: RunningPostgres) -> Iterator[Callable[[str], str]]:
    """`service_database("risk")` makes a migrated database of this test's own: the runtime role's SQLAlchemy URL."""
    made: list[str] = []

    def make(service: str) -> str:
        made.append(postgres.create_service_database(service))
        return made[-1]

    yield make
    for dsn in made:
        postgres.drop_database(dsn)

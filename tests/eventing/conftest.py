"""A probe service: eventing's own tables, and one table in which a handler writes what it saw."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from backends.running import CHECKOUT, RunningPostgres, aside
from eventing.probe import SERVICE, Probe
from govbus.eventing.schema import create_eventing_schema
from govbus.eventing.settings import ServiceSettings
from govbus.local.databases import ServiceRoles

ROLES = ServiceRoles(SERVICE)
PROBE_TABLE = (
    "CREATE TABLE probe_seen (position bigserial PRIMARY KEY, subject text NOT NULL, event_id text NOT NULL)",
    f"GRANT SELECT, INSERT, DELETE ON probe_seen TO {ROLES.runtime}",
    f"GRANT USAGE ON SEQUENCE probe_seen_position_seq TO {ROLES.runtime}",
)


class _Statements(list[str]):
    def execute(self, statement: str, /) -> None:
        self.append(statement)


async def _make(postgres: RunningPostgres, database: str) -> None:
    admin = await asyncpg.connect(postgres.access.admin_dsn)
    await admin.execute(f'CREATE DATABASE "{database}" OWNER "{ROLES.owner}"')
    await admin.close()
    owner = await asyncpg.connect(postgres.dsn(ROLES.owner, database, "postgresql"))
    statements = _Statements()
    create_eventing_schema(statements, service=SERVICE)
    for statement in (*statements, *PROBE_TABLE):
        await owner.execute(statement)
    await owner.close()


@pytest.fixture
def probe_dsn(postgres: RunningPostgres) -> Iterator[str]:
    """A database with eventing's tables and the probe's; the runtime role's URL."""
    database = f"govbus_probe_{uuid.uuid4().hex[:12]}"
    aside(lambda: asyncio.run(_make(postgres, database)))
    dsn = postgres.dsn(ROLES.runtime, database)
    yield dsn
    postgres.drop_database(dsn)


@pytest.fixture
async def engine(probe_dsn: str) -> AsyncIterator[AsyncEngine]:
    """An engine of the runtime role."""
    made = create_async_engine(probe_dsn)
    yield made
    await made.dispose()


@pytest.fixture
async def probe(engine: AsyncEngine) -> Probe:
    """A probe whose partition was read from offset 0."""
    made = Probe(engine)
    await made.start_at(0)
    return made


@pytest.fixture
def probe_settings(probe_dsn: str, tmp_path: Path) -> ServiceSettings:
    """Settings without Kafka, for parts that need the database only."""
    return ServiceSettings(
        postgres_url=probe_dsn,
        kafka_bootstrap_servers="127.0.0.1:9",
        topics_file=CHECKOUT / "infra" / "kafka" / "topics.yaml",
        data_directory=tmp_path,
    )

"""The whole service on a real Kafka: facts in, records and conclusions out, once; rebuilt to the same state."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from backends.running import CHECKOUT, RunningKafka
from eventing.live import produce, published, until
from govbus.contracts import topics
from govbus.contracts.envelope import Event
from govbus.eventing.service import Service
from govbus.inventory.app import build_app
from govbus.inventory.settings import Settings
from inventory.delivering import created, deployed, registered, said
from people import ISSUER, Issuer

pytestmark = pytest.mark.timeout(180)

STATES = "SELECT subject, version, number, fields, registered, known_at, cause_id FROM record_state ORDER BY 1, 2, 3"
DEPLOYMENTS = "SELECT subject, environment, version, cause_id FROM deployment ORDER BY 1, 4"


@pytest.fixture
def settings(
    govbus_topics: RunningKafka, service_database: Callable[[str], str], issuer: Issuer, tmp_path: Path
) -> Settings:
    """The service's own database, credentials and topics."""
    user, password = govbus_topics.credentials("inventory")
    return Settings(
        postgres_url=SecretStr(service_database("inventory")),
        kafka_bootstrap_servers=govbus_topics.bootstrap_servers,
        kafka_security_protocol="SASL_PLAINTEXT",
        kafka_username=user,
        kafka_password=SecretStr(password),
        topics_file=CHECKOUT / "infra" / "kafka" / "topics.yaml",
        data_directory=tmp_path,
        jwks_file=issuer.jwks_file,
        token_issuer=ISSUER,
        progress_poll_seconds=0.2,
    )


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[tuple[FastAPI, Service]]:
    """Run the service until the end of the block."""
    app = build_app(settings)
    async with app.router.lifespan_context(app):
        yield app, app.state.service


async def _rows(service: Service, query: str) -> Sequence[tuple[object, ...]]:
    async with service.engine.connect() as connection:
        return [tuple(row) for row in await connection.exec_driver_sql(query)]


def _facts() -> list[Event]:
    subjects = [f"model/retail/m{number}" for number in range(12)]
    facts = [said(registered(purpose=f"of {subject}"), subject) for subject in subjects]
    facts += [said(created("1", framework="f"), subject) for subject in subjects[:8]]
    facts += [said(deployed("1"), subject) for subject in subjects]
    return facts


async def _ids(kafka: RunningKafka) -> list[str]:
    return [dict(record.headers)["ce_id"].decode() for record in await published(kafka, topics.INVENTORY)]


async def test_facts_become_records_once_and_a_rebuild_says_nothing_again(
    govbus_topics: RunningKafka, settings: Settings, issuer: Issuer
) -> None:
    facts = _facts()
    await produce(govbus_topics, *facts, *facts[:10])
    async with running(settings) as (app, service):

        async def all_told() -> bool:
            return len(await _ids(govbus_topics)) >= 24

        await until(all_told, "20 changed records and 4 unregistered versions told")
        before = [await _rows(service, STATES), await _rows(service, DEPLOYMENTS)]
        assert [len(rows) for rows in before] == [20, 12]
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://inventory") as client:
            answer = await client.post("/v1/ops/inventory/rebuild", headers=issuer.bearer("ada", "admin"))
        assert answer.is_success, answer.text

        async def rebuilt() -> bool:
            return [await _rows(service, STATES), await _rows(service, DEPLOYMENTS)] == before

        await until(rebuilt, "the same state again")
        late = said(registered(purpose="said after the rebuild"), "model/retail/m0")
        await produce(govbus_topics, late)

        async def late_told() -> bool:
            return len(await _ids(govbus_topics)) >= 25

        await until(late_told, "a fact after the rebuild is told")
    ids = await _ids(govbus_topics)
    assert len(ids) == len(set(ids)) == 25


async def test_fact_that_cannot_be_a_record_is_parked_and_the_partition_goes_on(
    govbus_topics: RunningKafka, settings: Settings
) -> None:
    odd = said(registered(), "model/retail/a/b")
    good = [said(registered(), f"model/retail/m{number}") for number in range(20)]
    await produce(govbus_topics, *good[:10], odd, *good[10:])
    async with running(settings) as (_, service):

        async def done() -> bool:
            types = {dict(one.headers)["ce_type"].decode() for one in await published(govbus_topics, topics.INVENTORY)}
            return len(await _rows(service, STATES)) == 20 and "dev.govbus.record.parked.v1" in types

        await until(done, "20 records, and one parked said so")
        parked = await _rows(service, "SELECT reason FROM eventing_parked")
    assert parked == [("not_a_model",)]

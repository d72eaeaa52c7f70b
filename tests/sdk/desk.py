"""What the tests of the SDK ask the real intake, and what it has accepted."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import create_async_engine

from govbus.contracts.envelope import Event
from govbus.eventing.outbox import unpack_headers
from govbus.eventing.records import RawRecord, decode
from govbus.intake.app import build_app
from govbus.intake.settings import Settings
from people import ISSUER, Issuer

SOURCE = "//demo/platform"
SUBJECT = "model/demo/churn"


def build_intake(dsn: str, issuer: Issuer, folder: Path) -> FastAPI:
    """Return the application of an intake whose sealing key lies in `folder`."""
    settings = Settings(
        postgres_url=SecretStr(dsn),
        kafka_bootstrap_servers="localhost:1",
        jwks_file=issuer.jwks_file,
        token_issuer=ISSUER,
        data_directory=folder / "intake",
    )
    return build_app(settings)


def register_demo(url: str, issuer: Issuer, **settings: Any) -> str:
    """Register the source `demo` and return its credential."""
    source = {"name": "demo", "source": SOURCE, "namespace": "demo", "types": ["*"], **settings}
    answer = httpx2.post(f"{url}/v1/sources", json=source, headers=issuer.bearer("ada", "admin"))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["credential"])


@dataclass(frozen=True)
class IntakeDesk:
    """A running intake; nothing relays its outbox, so that every accepted event stays there in order."""

    url: str
    token: str
    dsn: str
    issuer: Issuer
    folder: Path

    def accepted(self) -> list[Event]:
        """Return every event that intake accepted, in the order of its topic."""
        return asyncio.run(self._accepted())

    async def _accepted(self) -> list[Event]:
        engine = create_async_engine(self.dsn)
        try:
            async with engine.connect() as connection:
                rows = await connection.exec_driver_sql(
                    "SELECT topic, key, value, headers FROM eventing_outbox WHERE topic = 'govbus.facts' ORDER BY id"
                )
                return [decode(RawRecord(row.topic, 0, 0, 0, row.key, row.value, unpack_headers(row.headers)))
                        for row in rows]  # fmt: skip
        finally:
            await engine.dispose()

"""The last handshake of each subscription of a platform."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.intake import tables


@dataclass(frozen=True, slots=True)
class Handshake:
    """One handshake; `sealed_url` is what confirms it, None where answering was enough."""

    source_name: str
    subject: str
    kind: str
    received_at: datetime
    sealed_url: bytes | None = None
    confirmed_at: datetime | None = None


async def put(connection: AsyncConnection, handshake: Handshake) -> None:
    """Keep a handshake in the place of the subscription's last one."""
    values = {
        "source_name": handshake.source_name,
        "subject": handshake.subject,
        "kind": handshake.kind,
        "received_at": handshake.received_at,
        "sealed_url": handshake.sealed_url,
        "confirmed_at": handshake.confirmed_at,
    }
    changed = {name: value for name, value in values.items() if name not in {"source_name", "subject"}}
    statement = insert(tables.handshake).values(values)
    await connection.execute(statement.on_conflict_do_update(index_elements=["source_name", "subject"], set_=changed))


async def of_source(connection: AsyncConnection, source_name: str) -> list[Handshake]:
    """Return a source's handshakes, the newest first."""
    columns = tables.handshake.c
    query = select(tables.handshake).where(columns.source_name == source_name).order_by(columns.received_at.desc())
    return [Handshake(**row._asdict()) for row in await connection.execute(query)]

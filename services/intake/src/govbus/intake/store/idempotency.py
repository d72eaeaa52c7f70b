"""Requests that were done under an Idempotency-Key, and what was made by them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.eventing.serialise import lock_subject
from govbus.intake.tables import idempotent_request


@dataclass(frozen=True, slots=True)
class Done:
    """The digest of a request, and what was made by it, without any secret."""

    request_sha256: bytes
    done: dict[str, Any]
    done_at: datetime


async def claim(connection: AsyncConnection, principal: str, key: str) -> Done | None:
    """Return what was done under the key before; it stays this transaction's own until that ends."""
    await lock_subject(connection, f"idempotency-key\n{principal}\n{key}")
    kept = idempotent_request.c
    query = select(kept.request_sha256, kept.done, kept.done_at).where(kept.principal == principal, kept.key == key)
    row = (await connection.execute(query)).first()
    return None if row is None else Done(bytes(row.request_sha256), row.done, row.done_at)


async def keep(connection: AsyncConnection, principal: str, key: str, done: Done) -> None:
    """Keep what was done under a claimed key."""
    await connection.execute(
        insert(idempotent_request).values(
            principal=principal, key=key, request_sha256=done.request_sha256, done=done.done, done_at=done.done_at
        )
    )


async def drop_before(connection: AsyncConnection, moment: datetime) -> None:
    """Forget what was done before `moment`."""
    await connection.execute(delete(idempotent_request).where(idempotent_request.c.done_at < moment))

"""Answers given under an Idempotency-Key, kept so that a repeated request gets the same one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.eventing.serialise import lock_subject
from govbus.oversight.tables import idempotent_answer


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered, and the digest of the request it belongs to."""

    request_sha256: bytes
    status: int
    body: dict[str, Any]


async def claim(connection: AsyncConnection, principal: str, key: str) -> Answer | None:
    """Return the answer given before; the key stays this transaction's own until it ends."""
    await lock_subject(connection, f"idempotency-key\n{principal}\n{key}")
    kept = idempotent_answer.c
    query = select(kept.request_sha256, kept.status, kept.body).where(kept.principal == principal, kept.key == key)
    row = (await connection.execute(query)).first()
    return None if row is None else Answer(bytes(row.request_sha256), row.status, row.body)


async def keep(connection: AsyncConnection, principal: str, key: str, answer: Answer, at: datetime) -> None:
    """Keep an answer under a claimed key."""
    await connection.execute(
        insert(idempotent_answer).values(
            principal=principal,
            key=key,
            request_sha256=answer.request_sha256,
            status=answer.status,
            body=answer.body,
            answered_at=at,
        )
    )


async def drop_before(connection: AsyncConnection, moment: datetime) -> int:
    """Forget answers older than `moment`; return how many."""
    return (
        await connection.execute(delete(idempotent_answer).where(idempotent_answer.c.answered_at < moment))
    ).rowcount

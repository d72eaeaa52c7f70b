"""Sessions: opened, found while they last, ended."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.console.tables import session as sessions


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session as it is kept: the digest of its cookie, the token sealed under a key made from the cookie."""

    digest: bytes
    person: str
    sealed_token: str
    started_at: datetime
    expires_at: datetime


async def add(connection: AsyncConnection, session: StoredSession) -> None:
    """Keep a new session."""
    await connection.execute(
        insert(sessions).values(
            digest=session.digest,
            person=session.person,
            sealed_token=session.sealed_token,
            started_at=session.started_at,
            expires_at=session.expires_at,
        )
    )


async def find(connection: AsyncConnection, digest: bytes, now: datetime) -> StoredSession | None:
    """Return a session that still lasts."""
    query = select(sessions).where(sessions.c.digest == digest, sessions.c.expires_at > now)
    row = (await connection.execute(query)).first()
    if row is None:
        return None
    return StoredSession(bytes(row.digest), row.person, row.sealed_token, row.started_at, row.expires_at)


async def end(connection: AsyncConnection, digest: bytes) -> None:
    """Forget a session."""
    await connection.execute(delete(sessions).where(sessions.c.digest == digest))


async def drop_expired(connection: AsyncConnection, now: datetime) -> None:
    """Forget every session that is over."""
    await connection.execute(delete(sessions).where(sessions.c.expires_at <= now))

"""Serialises work on one subject within a service, so that its events leave in one order."""

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

_LOCK: Final = "SELECT pg_advisory_xact_lock(key) FROM unnest($1::bigint[]) AS key"

_SUBJECTS_COUNT: Final = 2048
"""Subjects whose key is remembered: the same ones come all day."""


@lru_cache(maxsize=_SUBJECTS_COUNT)
def lock_key(subject: str) -> int:
    """Return the 64-bit advisory lock key of a subject."""
    return int.from_bytes(hashlib.sha256(b"subject\n" + subject.encode()).digest()[:8], signed=True)


async def lock_subjects(connection: AsyncConnection, subjects: Iterable[str]) -> None:
    """Hold the subjects' locks until the transaction ends; taken in key order, so two batches cannot deadlock."""
    keys = sorted({lock_key(subject) for subject in subjects})
    if keys:
        await connection.exec_driver_sql(_LOCK, (keys,))


async def lock_subject(connection: AsyncConnection, subject: str) -> None:
    """Hold one subject's lock until the transaction ends; HTTP writers call it before they read what they change."""
    await lock_subjects(connection, (subject,))

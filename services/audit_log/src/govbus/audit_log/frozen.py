"""Ends what another process of this service holds when that process has frozen inside a COPY."""

import logging
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from govbus.audit_log.store.sessions import end_frozen

_log: Final = logging.getLogger(__name__)


async def free_head(engine: AsyncEngine) -> None:
    """End sessions that hold the log and wait for a client that no longer speaks.

    Raises:
        Exception: the database is away; tried again in the next round.
    """
    async with engine.begin() as connection:
        for backend in await end_frozen(connection):
            _log.warning("ended session %d: its process froze inside a COPY", backend)

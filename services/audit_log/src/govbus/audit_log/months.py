"""Prepares the coming months' partitions of the payload table."""

import logging
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from govbus.audit_log.store.appending import prepare_payload_month

_log: Final = logging.getLogger(__name__)
_AHEAD_COUNT: Final = 2


async def prepare_months(engine: AsyncEngine) -> None:
    """Make partitions for this month and the next two; payloads without one go to the default partition.

    Raises:
        Exception: the database is away; tried again in the next round.
    """
    for months_ahead_count in range(_AHEAD_COUNT + 1):
        async with engine.begin() as connection:
            if not await prepare_payload_month(connection, months_ahead_count):
                _log.warning("payloads of month +%d already lie in the default partition", months_ahead_count)

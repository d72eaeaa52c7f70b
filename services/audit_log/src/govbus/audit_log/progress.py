"""Tells streams in this process when the log has come further, at one query for all of them."""

import asyncio

from prometheus_client import CollectorRegistry, Gauge
from sqlalchemy.ext.asyncio import AsyncEngine

from govbus.audit_log.store.state import LogState, read_state


class Progress:
    """The newest known state of the log."""

    def __init__(self, engine: AsyncEngine, registry: CollectorRegistry) -> None:
        """Know nothing until the first `refresh`."""
        self._engine = engine
        self._changed = asyncio.Condition()
        self._signed_size = 0
        # Seconds since the newest checkpoint. Means something only while the log grows: compare the sizes.
        self._age = Gauge("govbus_log_checkpoint_age_seconds", "Age of the newest checkpoint", registry=registry)

    async def refresh(self) -> None:
        """Read the state and wake who waits for more entries under a checkpoint."""
        state = await self.now()
        self._age.set(state.checkpoint_age_seconds or 0)
        async with self._changed:
            if state.checkpoint_size != self._signed_size:
                self._signed_size = state.checkpoint_size
                self._changed.notify_all()

    async def beyond(self, size: int) -> int:
        """Return the size under the newest checkpoint once it is more than `size`."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._signed_size > size)
            return self._signed_size

    async def now(self) -> LogState:
        """Return the state as committed."""
        async with self._engine.connect() as connection:
            return await read_state(connection)

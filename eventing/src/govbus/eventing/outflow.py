"""Whether the outbox empties: a relay that is stuck is seen, whichever process runs it."""

import time
from collections.abc import Callable
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from govbus.eventing.database import fetch

_OLDEST: Final = "SELECT id FROM eventing_outbox ORDER BY id LIMIT 1"


class Outflow:
    """Watches the oldest row: a long queue that moves is load, one that stands still is an outage."""

    def __init__(
        self, engine: AsyncEngine, stalled_after_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Know nothing until `look` was called."""
        self._engine = engine
        self._stalled_after_seconds = stalled_after_seconds
        self._clock = clock
        self._oldest: tuple[int, float] | None = None

    async def look(self) -> None:
        """Note the oldest row and since when it is the oldest."""
        async with self._engine.connect() as connection:
            found = await fetch(connection, _OLDEST)
        if not found:
            self._oldest = None
        elif self._oldest is None or self._oldest[0] != found[0][0]:
            self._oldest = (found[0][0], self._clock())

    def problems(self) -> list[str]:
        """Return in words that nothing leaves, nothing while it does."""
        if self._oldest is None:
            return []
        waiting_seconds = self._clock() - self._oldest[1]
        if waiting_seconds <= self._stalled_after_seconds:
            return []
        return [f"nothing has left the outbox for {waiting_seconds:.0f} s: the log says why (Kafka, or its rights)"]

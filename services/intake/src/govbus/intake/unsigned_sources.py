"""Says aloud which sources take deliveries that anybody could have sent: in each process's log, and as a metric."""

import logging
from typing import Final

from govbus.intake.reception import Reception, reading
from govbus.intake.store import signature_keys

_log: Final = logging.getLogger(__name__)


class UnsignedSources:
    """Remembers which ones were named, so that each is named once in a process's life."""

    def __init__(self, reception: Reception) -> None:
        """Nothing was said yet."""
        self._reception = reception
        self._said: set[str] = set()

    async def say(self) -> None:
        """Name what was not named before, and count all."""
        async with reading(self._reception.transaction) as connection:
            names = await signature_keys.unsigned_sources(connection)
        self._reception.metrics.unsigned_sources(len(names))
        for name in names:
            if name not in self._said:
                _log.warning("source %s takes unsigned deliveries: anybody who reaches it may speak in its name", name)
        self._said = set(names)

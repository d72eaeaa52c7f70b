"""Says aloud, in each process's log and as metrics, whose deliveries anybody could send, and whose secrets soon end."""

import logging
from datetime import timedelta
from typing import Final

from govbus.intake.reception import Reception, reading
from govbus.intake.store import signature_keys

ENDING: Final = timedelta(days=14)
"""Long enough before the end to get the next certificate or secret in place."""

_UNSIGNED: Final = "source %s takes unsigned deliveries: anybody who reaches it may speak in its name"
_ENDING: Final = "source %s: its last signature secret ends soon or has ended; POST /v1/sources/{name}/signature"
_log: Final = logging.getLogger(__name__)


class SignatureWatch:
    """Remembers what was said, so that each source is named once while its state lasts."""

    def __init__(self, reception: Reception) -> None:
        """Nothing was said yet."""
        self._reception = reception
        self._said: set[tuple[str, str]] = set()

    async def say(self) -> None:
        """Name what was not named before, and count all."""
        async with reading(self._reception.transaction) as connection:
            unsigned = await signature_keys.unsigned_sources(connection)
            ending = await signature_keys.ending_sources(connection, self._reception.clock() + ENDING)
        self._reception.metrics.unsigned_sources(len(unsigned))
        self._reception.metrics.ending_signatures(len(ending))
        found = {(_UNSIGNED, name) for name in unsigned} | {(_ENDING, name) for name in ending}
        for sentence, name in sorted(found - self._said):
            _log.warning(sentence, name)
        self._said = found

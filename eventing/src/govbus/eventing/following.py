"""Topics that come and go while a service reads: found by the service, checked like those at its start.

A topic that is absent or not as the manifest says is not read, and said aloud until it is mended; it keeps no other
topic from being read.
"""

import logging
from collections.abc import Awaitable, Callable, Collection
from typing import Final

from govbus.eventing.manifest import refused_topics
from govbus.eventing.settings import ServiceSettings

_log: Final = logging.getLogger(__name__)

Discover = Callable[[], Awaitable[Collection[str]]]
"""Returns the names of all topics that the service should read at this moment, beside those it always reads."""


class Following:
    """Which of the discovered topics are read."""

    def __init__(self, service: str, settings: ServiceSettings, discover: Discover | None) -> None:
        """Read none yet; without `discover` there never are any."""
        self._service = service
        self._settings = settings
        self._discover = discover
        self.topics: tuple[str, ...] = ()
        self.refused: dict[str, str] = {}

    async def look(self) -> bool:
        """Find and check the topics; return whether others are to be read than before.

        Raises:
            Exception: database or broker away; what is read stays as it is.
        """
        if self._discover is None:
            return False
        wanted = set(await self._discover())
        unchecked = sorted(wanted - set(self.topics))
        refused = await refused_topics(self._settings, self._service, unchecked) if unchecked else {}
        for topic, reason in refused.items():
            if self.refused.get(topic) != reason:
                _log.error("not read: %s", reason)
        self.refused = refused
        found = tuple(sorted(wanted - set(refused)))
        changed, self.topics = found != self.topics, found
        return changed

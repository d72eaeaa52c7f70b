"""Whether the log may go on: unknown until compared with copies outside, stopped for good when two histories show."""

import logging
from collections.abc import Callable
from typing import Final

from prometheus_client import CollectorRegistry, Gauge

from govbus.audit_log.domain.closing import LogClosed
from govbus.audit_log.domain.consistency import Inconsistent

_log: Final = logging.getLogger(__name__)


class NotCompared(ConnectionError):
    """The log was not yet compared with the copies outside; the same work may succeed in a moment."""


class Standing:
    """One process's verdict on its log; what was stopped stays stopped until an operator starts it again."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Begin unknown."""
        self._compared = False
        self._reason: str | None = None
        self._closed: str | None = None
        self._tell: Callable[[str], None] = lambda _: None
        # 1 when two histories showed or the log is behind its copies. Page: nothing is signed or appended any more.
        self._stopped = Gauge("govbus_log_stopped", "Whether the log stopped", registry=registry)

    def tell(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with the reason when the log stops."""
        self._tell = listener

    @property
    def is_compared(self) -> bool:
        """Whether the start check passed."""
        return self._compared

    def compared(self) -> None:
        """Say that the log is not behind any copy outside."""
        self._compared = True

    def stop(self, reason: str) -> None:
        """Sign and append nothing any more."""
        if self._reason is None:
            self._reason = reason
            self._stopped.set(1)
            _log.critical("the log stops: %s", reason)
            self._tell(reason)

    def close(self, reason: str) -> None:
        """Append nothing any more, as an operator closed the log; what is there is still signed, copied and read."""
        if self._closed is None:
            self._closed = reason
            _log.warning("%s", reason)
            self._tell(reason)

    def require_open(self) -> None:
        """Return if something may be appended.

        Raises:
            NotCompared: ask again in a moment.
            LogClosed: an operator closed the log.
            Inconsistent: stopped.
        """
        self.require()
        if self._closed is not None:
            raise LogClosed(self._closed)

    def require(self) -> None:
        """Return if the log may go on: be signed, copied, published; also a closed one.

        Raises:
            NotCompared: ask again in a moment.
            Inconsistent: stopped.
        """
        if self._reason is not None:
            raise Inconsistent(self._reason)
        if not self._compared:
            raise NotCompared("the log was not yet compared with the copies outside")

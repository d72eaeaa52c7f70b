"""The background thread that sends what waits in a spool, and the ways to wait for it."""

import logging
import threading
import time
from collections.abc import Callable
from random import SystemRandom
from typing import Final

from govbus.sdk.failures import GovbusFailure
from govbus.sdk.spool.pacing import pause_seconds
from govbus.sdk.spool.rows import CLEAR, Standing
from govbus.sdk.spool.sending import ELSEWHERE, Sending

IDLE_SECONDS: Final = 1.0
"""How often a sender looks for what other processes have spooled: they may have ended since."""

LINGER_SECONDS: Final = 0.05
"""How long the first event waits for company: a request and a commit per event would slow down whoever emits."""

_logger: Final = logging.getLogger("govbus.sdk")
_random: Final = SystemRandom()


class Sender:
    """Sends whenever something waits; after a failure with growing pauses. Starts with its first event."""

    def __init__(self, make_sending: Callable[[], Sending]) -> None:
        """`make_sending` gives a connection of the thread's own; called anew in a forked child."""
        self._make_sending = make_sending
        self._condition = threading.Condition()
        self._appended = False
        self._urged = False
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._sending: Sending | None = None
        self.standing: Standing = CLEAR

    def appended(self) -> None:
        """Know of one more event; starts the thread when there is none."""
        with self._condition:
            self._appended = True
            self._condition.notify_all()
            if self._thread is None and not self._stopping:
                self._start()

    def urge(self) -> None:
        """Send at once, even when a failure was seen just before."""
        with self._condition:
            self._urged = True
        self.appended()

    def stop(self, timeout_seconds: float) -> None:
        """End after the request that is under way, if it ends in time."""
        with self._condition:
            self._stopping = True
            self._condition.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(timeout_seconds)

    def before_fork(self) -> None:
        """Keep the thread from starting or noting anything during a fork, and give its turn back."""
        self._condition.acquire()
        if self._sending is not None:
            self._sending.before_fork()

    def after_fork_in_parent(self) -> None:
        """Go on."""
        if self._sending is not None:
            self._sending.after_fork()
        self._condition.release()

    def after_fork_in_child(self) -> None:
        """Begin anew: the thread and its connection are the parent's."""
        self._condition = threading.Condition()
        self._thread = None
        self._sending = None
        self._appended = self._urged = False

    def _start(self) -> None:
        self._sending = self._make_sending()
        self._thread = threading.Thread(target=self._run, args=(self._sending,), name="govbus-sender", daemon=True)
        self._thread.start()

    def _run(self, sending: Sending) -> None:
        try:
            self._send_until_stopped(sending)
        finally:
            sending.close()

    def _send_until_stopped(self, sending: Sending) -> None:
        failures_count = 0
        while not self._stopping:
            self._appended = self._urged = False
            self._tell(self._round(sending))
            failing = self.standing not in {CLEAR, ELSEWHERE}
            failures_count = failures_count + 1 if failing else 0
            if failing:
                asked_seconds = self.standing.retry_after_seconds
                self._pause(pause_seconds(failures_count, _random.random(), asked_seconds), only_urged=True)
            else:
                self._pause(IDLE_SECONDS, only_urged=False)
                self._pause(LINGER_SECONDS, only_urged=True)

    def _round(self, sending: Sending) -> Standing:
        try:
            return sending.round(lambda: self._stopping)
        except GovbusFailure as error:
            return Standing("waiting", str(error))
        except Exception as error:
            _logger.exception("sending failed in a way that nobody foresaw; it goes on")
            return Standing("waiting", type(error).__name__)

    def _tell(self, standing: Standing) -> None:
        """Log once when sending begins to fail, and once when it works again."""
        before, self.standing = self.standing, standing
        if standing.detail == before.detail or standing == ELSEWHERE or self._stopping:
            return
        if standing == CLEAR:
            _logger.info("events are sent again")
        else:
            _logger.warning("events wait in the spool, none is lost: %s", standing.detail)

    def _pause(self, seconds: float, *, only_urged: bool) -> None:
        deadline = time.monotonic() + seconds
        with self._condition:
            while not (self._stopping or self._urged or (self._appended and not only_urged)):
                left = deadline - time.monotonic()
                if left <= 0:
                    return
                self._condition.wait(left)

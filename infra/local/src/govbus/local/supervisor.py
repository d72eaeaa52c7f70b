"""Keeps child processes running: what dies is started again with growing pauses, each time said aloud."""

import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from govbus.local.processes import identity_of, signal_one
from govbus.local.refusals import Refused
from govbus.local.watchdog import Watchdog

POLL_SECONDS = 0.1
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
HEALTHY_AFTER_SECONDS = 60.0
"""Who has run so long starts again with the first pause."""


class Child(Protocol):
    """Something that runs as a process of its own."""

    name: str
    stop_signal: signal.Signals
    serves_others: bool
    """Ended only after all others have ended, as a database is."""

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""

    def launch(self) -> None:
        """Start it."""

    def ended(self) -> int | None:
        """Return its exit status once it has ended."""

    def stop(self) -> None:
        """End it and wait."""


@dataclass(slots=True)
class _Watched:
    child: Child
    launched_at_seconds: float = 0.0
    restart_at_seconds: float | None = None
    failures_in_a_row_count: int = 0


class Supervisor:
    """Launches children in order, restarts them, stops them in reverse order."""

    def __init__(
        self,
        say: Callable[[str], None],
        record: Callable[[dict[str, int]], None],
        longest_pause_seconds: float = LONGEST_PAUSE_SECONDS,
    ) -> None:
        """`say` tells the person; `record` writes down names and pids after every change."""
        self._longest_pause_seconds = longest_pause_seconds
        self._say, self._record = say, record
        self._watched: list[_Watched] = []
        self._watchdog = Watchdog()
        self._lock = threading.RLock()
        self._stopping = False

    @property
    def pids(self) -> dict[str, int]:
        """Process ids by name of all that run."""
        return {entry.child.name: pid for entry in self._watched if (pid := entry.child.pid) is not None}

    def add(self, child: Child) -> None:
        """Launch a child and keep it running from now on.

        Raises:
            Refused: it could not be launched this first time.
        """
        with self._lock:
            if self._stopping:
                return
            entry = _Watched(child)
            self._watched.append(entry)
            self._launch(entry)

    def check(self) -> None:
        """Look at every child once: notice deaths, start again whose pause is over."""
        with self._lock:
            if self._stopping:
                return
            now = time.monotonic()
            if not self._watchdog.alive():
                self._watchdog = Watchdog()
                for entry in self._watched:
                    self._watchdog.watch(entry.child.pid or 0, entry.child.stop_signal)
            for entry in self._watched:
                status = entry.child.ended()
                if entry.restart_at_seconds is None and status is not None:
                    self._plan_restart(entry, f"{entry.child.name} {_how(status)}", now)
                elif entry.restart_at_seconds is not None and now >= entry.restart_at_seconds:
                    self._relaunch(entry, now)

    def stop_all(self) -> None:
        """End everything, last started first; servers only after all that use them."""
        with self._lock:
            self._stopping = True
        for entry in reversed(self._watched):
            identity = identity_of(entry.child.pid or 0)
            if identity is not None and not entry.child.serves_others:
                signal_one(identity, entry.child.stop_signal)
        for entry in reversed(self._watched):
            was_running = entry.child.pid is not None
            entry.child.stop()
            if was_running and entry.child.ended() == -signal.SIGKILL:
                self._say(f"{entry.child.name} did not end when asked and was killed.")
        self._watchdog.close()

    def _launch(self, entry: _Watched) -> None:
        entry.launched_at_seconds = time.monotonic()
        entry.restart_at_seconds = None
        entry.child.launch()
        self._watchdog.watch(entry.child.pid or 0, entry.child.stop_signal)
        self._record(self.pids)

    def _relaunch(self, entry: _Watched, now: float) -> None:
        try:
            self._launch(entry)
        except (Refused, OSError) as refused:
            self._plan_restart(entry, f"{entry.child.name} could not be started: {refused}", now)

    def _plan_restart(self, entry: _Watched, what: str, now: float) -> None:
        if now - entry.launched_at_seconds > HEALTHY_AFTER_SECONDS:
            entry.failures_in_a_row_count = 0
        pause = min(FIRST_PAUSE_SECONDS * 2**entry.failures_in_a_row_count, self._longest_pause_seconds)
        entry.failures_in_a_row_count = min(entry.failures_in_a_row_count + 1, 10)
        entry.restart_at_seconds = now + pause
        self._say(f"{what}; starting it again in {pause:g} s.")


def _how(status: int) -> str:
    if status < 0:
        return f"was killed by {signal.Signals(-status).name}"
    return f"ended with status {status}"

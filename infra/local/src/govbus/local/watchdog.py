"""Ends what its starter left behind: a small process that outlives a killed starter just long enough.

It reads one JSON line per process from its standard input: `{"pid", "started_at_seconds", "signal"}`. The starter keeps
the other end open; when that closes, for whatever reason, every recorded process that still is the recorded one is
asked to end by its signal and killed, with all its descendants, when it does not.

Run as `python -m govbus.local.watchdog`.
"""

import contextlib
import json
import signal
import subprocess
import sys
from typing import IO

from govbus.local.processes import ProcessIdentity, identity_of, signal_one, wait_gone, with_descendants

GRACE_SECONDS = 8.0
"""PostgreSQL and Kafka end in well under a second; what takes longer is killed, and recovers."""


class Watchdog:
    """The starter's handle: `watch` what must not outlive us."""

    def __init__(self) -> None:
        """Start the watching process in a session of its own, so that a terminal's Ctrl-C does not reach it."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "govbus.local.watchdog"], stdin=subprocess.PIPE, start_new_session=True, text=True
        )

    @property
    def pid(self) -> int:
        """Process id of the watching process."""
        return self._process.pid

    def alive(self) -> bool:
        """Say whether it still watches."""
        return self._process.poll() is None

    def watch(self, pid: int, number: signal.Signals = signal.SIGTERM) -> None:
        """Have the process ended with us; `number` is how it is asked to."""
        identity = identity_of(pid)
        if identity is None or self._process.stdin is None:
            return
        record = {"pid": identity.pid, "started_at_seconds": identity.started_at_seconds, "signal": number.name}
        with contextlib.suppress(BrokenPipeError):
            print(json.dumps(record), file=self._process.stdin, flush=True)

    def close(self) -> None:
        """Have everything that still runs ended, and wait for it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()


def guard(records: IO[str]) -> None:
    """Read records until their end, then end the processes."""
    recorded: dict[ProcessIdentity, signal.Signals] = {}
    for line in records:
        record = json.loads(line)
        identity = ProcessIdentity(int(record["pid"]), float(record["started_at_seconds"]))
        recorded[identity] = signal.Signals[record["signal"]]
    everyone = with_descendants(recorded)
    for identity, number in recorded.items():
        signal_one(identity, number)
    for identity in wait_gone(everyone, GRACE_SECONDS):
        signal_one(identity, signal.SIGKILL)


if __name__ == "__main__":
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    guard(sys.stdin)

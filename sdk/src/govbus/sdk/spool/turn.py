"""Whose turn it is to send from a spool: one process at a time, whatever becomes of it.

An exclusive transaction on a file of its own beside the spool: the operating system ends it with the process, and no
clock or process id is believed.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from govbus.sdk.spool.schema import make_file


class Turn:
    """The right to send, taken for one round."""

    def __init__(self, spool: Path) -> None:
        """Belong to a spool."""
        self._path = spool.with_name(f"{spool.name}.turn")
        self._lock = threading.Lock()
        self._held: sqlite3.Connection | None = None

    @contextmanager
    def taken(self) -> Iterator[bool]:
        """Give whether it is ours until the end of the block; False: another process or emitter sends."""
        try:
            yield self._take()
        finally:
            self.give_back()

    def give_back(self) -> None:
        """Let others send."""
        with self._lock:
            self._close()

    def before_fork(self) -> None:
        """Give it back and keep every thread from taking it: SQLite must not be carried over a fork."""
        self._lock.acquire()
        self._close()

    def after_fork(self) -> None:
        """Let it be taken again."""
        self._lock.release()

    def _close(self) -> None:
        if self._held is not None:
            self._held.close()
            self._held = None

    def _take(self) -> bool:
        with self._lock:
            try:
                make_file(self._path)
                connection = sqlite3.connect(self._path, timeout=0, isolation_level=None, check_same_thread=False)
            except (OSError, sqlite3.Error):
                return False
            try:
                connection.execute("BEGIN EXCLUSIVE")
            except sqlite3.Error:
                connection.close()
                return False
            self._held = connection
            return True

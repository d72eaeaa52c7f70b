"""What was cosigned last, per log, on disk before anybody hears of it.

A state that is lost or restored from a copy would let a log fork: such a witness is retired, never restarted.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Final

from govbus.audit_log.witness.judging import Cosigned, TwoHistories

_BUSY_SECONDS: Final = 5.0
"""A second process on the same file waits for the first; a handful of milliseconds is usual."""

_COSIGNED: Final = (
    "CREATE TABLE IF NOT EXISTS cosigned (origin TEXT PRIMARY KEY, size INTEGER NOT NULL CHECK (size >= 0),"
    " root BLOB NOT NULL CHECK (length(root) = 32), note TEXT NOT NULL) STRICT"
)
_TWO_HISTORIES: Final = (
    "CREATE TABLE IF NOT EXISTS two_histories (origin TEXT, size INTEGER, cosigned TEXT NOT NULL,"
    " refused TEXT NOT NULL, PRIMARY KEY (origin, size)) STRICT"
)
_READ: Final = "SELECT size, root, note FROM cosigned WHERE origin = ?"
_WRITE: Final = (
    "INSERT INTO cosigned (origin, size, root, note) VALUES (?, ?, ?, ?) ON CONFLICT (origin)"
    " DO UPDATE SET size = excluded.size, root = excluded.root, note = excluded.note"
)
_CONVICT: Final = "INSERT OR IGNORE INTO two_histories (origin, size, cosigned, refused) VALUES (?, ?, ?, ?)"


class WitnessState:
    """One SQLite file; comparing and storing are one transaction, whichever thread or process asks."""

    def __init__(self, file: Path) -> None:
        """Open the file, made when absent."""
        file.parent.mkdir(parents=True, exist_ok=True)
        self._lock = Lock()
        self._connection = sqlite3.connect(file, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        # With a write-ahead log FULL syncs it at every commit; a rollback journal's removal would not be synced.
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute(_COSIGNED)
        self._connection.execute(_TWO_HISTORIES)

    def last(self, origin: str) -> Cosigned:
        """Return what was cosigned last of a log."""
        with self._lock:
            return self._read(origin)

    def advance(self, origin: str, decide: Callable[[Cosigned], Cosigned]) -> Cosigned:
        """Return what `decide` makes of what was cosigned last, once it is on disk; what it raises changes nothing.

        Two signed roots of one size are kept: together they convict the log.
        """
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            last = self._read(origin)
            try:
                now = decide(last)
                self._connection.execute(_WRITE, (origin, now.size, now.root, now.note))
                self._connection.execute("COMMIT")
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
        return now

    def keep_conviction(self, origin: str, refused: str, found: TwoHistories) -> None:
        """Keep the refused checkpoint beside the one cosigned for the same size; the first of a size is enough."""
        with self._lock:
            last = self._read(origin)
            if last.size == found.size:
                self._connection.execute(_CONVICT, (origin, last.size, last.note, refused))

    def convictions(self) -> list[tuple[str, int, str, str]]:
        """Return origin, size, the cosigned and the refused checkpoint of every log that signed two histories."""
        with self._lock:
            return list(self._connection.execute("SELECT origin, size, cosigned, refused FROM two_histories"))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _read(self, origin: str) -> Cosigned:
        found = self._connection.execute(_READ, (origin,)).fetchone()
        return Cosigned(*found) if found else Cosigned()

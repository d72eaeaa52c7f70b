"""One spool file: append, read in order, settle. Safe for several threads, several processes, and over a fork."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from govbus.contracts import strict_json
from govbus.sdk.failures import SpoolFull, SpoolUnusable
from govbus.sdk.spool import schema
from govbus.sdk.spool.rows import Limits, Owner, Refusal, RefusedEvent, Said, SpoolStatus, Standing, Waiting

_OWN_FOLDER: Final = "check its rights, or set GOVBUS_SPOOL to a folder of your own"
_ADVICE: Final = {
    sqlite3.SQLITE_FULL: "the disk is full: make room; nothing that was accepted is lost",
    sqlite3.SQLITE_READONLY: f"it cannot be written: {_OWN_FOLDER}",
    sqlite3.SQLITE_CANTOPEN: f"it cannot be opened: {_OWN_FOLDER}",
    sqlite3.SQLITE_CORRUPT: "it is damaged: keep a copy for whoever looks into it, and move it away",
    sqlite3.SQLITE_NOTADB: "it is not a spool: give another file",
    sqlite3.SQLITE_BUSY: f"another process kept it locked for {schema.BUSY_SECONDS:.0f} s: try again",
}
_PRIMARY_CODE: Final = 0xFF
_TAKE_ROOM: Final = (
    "UPDATE totals SET rows_count = rows_count + 1, body_bytes = body_bytes + ?1 "
    "WHERE rows_count < ?2 AND body_bytes + ?1 <= ?3"
)
_APPEND: Final = "INSERT INTO waiting (id, source, type, subject, body, spooled_at) VALUES (?, ?, ?, ?, ?, ?)"
_GIVE_ROOM: Final = "UPDATE totals SET rows_count = rows_count - ?, body_bytes = body_bytes - ?"
_RUN_COUNT: Final = 500
"""Positions in one statement: SQLite before 3.32 took at most 999 parameters."""


class SpoolFile:
    """An open spool. It is opened when it is first used, and again after a fork."""

    def __init__(
        self,
        path: Path,
        owner: Owner | None = None,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Name the file; `owner` None opens an existing one as it is. `clock` gives seconds since 1970."""
        self.path = path
        self._wanted_owner = owner
        self._limits = limits or Limits()
        self._clock = clock
        self._lock = threading.RLock()
        self._opened: sqlite3.Connection | None = None
        self._owner: Owner | None = None

    @property
    def owner(self) -> Owner:
        """Whose events it holds.

        Raises:
            SpoolUnusable: it cannot be opened, or is somebody else's.
        """
        with self._using():
            if self._owner is None:
                raise SpoolUnusable(f"{self.path}: it says not whose it is: give another file.")
            return self._owner

    def append(self, said: Said) -> int:
        """Keep an event; returns its position once it would survive a power cut.

        Raises:
            SpoolFull: it was not kept.
            SpoolUnusable: it was not kept, and nothing can be.
        """
        size_bytes = len(said.body)
        with self._transaction() as connection:
            taken = connection.execute(_TAKE_ROOM, (size_bytes, self._limits.rows_count, self._limits.body_bytes))
            if taken.rowcount != 1:
                raise self._full(connection)
            row = (said.id, said.source, said.type, said.subject, said.body, self._clock())
            return int(connection.execute(_APPEND, row).lastrowid or 0)

    def oldest(self, rows_count: int, body_bytes: int) -> list[Waiting]:
        """Return what waits longest, in order: at least one event if any waits, else within both bounds."""
        found: list[Waiting] = []
        with self._using() as connection:
            rows = connection.execute("SELECT position, id, body FROM waiting ORDER BY position LIMIT ?", (rows_count,))
            for position, id_, body in rows:
                body_bytes -= len(body)
                if found and body_bytes < 0:
                    break
                found.append(Waiting(position, id_, body))
            rows.close()
        return found

    def settle(self, taken: Sequence[int], refused: Sequence[Refusal]) -> None:
        """Drop what was taken and set aside what was refused; what is no longer there was settled by somebody else."""
        now = self._clock()
        with self._transaction() as connection:
            _drop(connection, "waiting", taken)
            for refusal in refused:
                connection.execute(
                    "INSERT INTO refused SELECT position, id, source, type, subject, body, ?, ?, ? "
                    "FROM waiting WHERE position = ?",
                    (refusal.status, strict_json.dump(refusal.problem), now, refusal.position),
                )
                connection.execute("DELETE FROM waiting WHERE position = ?", (refusal.position,))

    def note(self, standing: Standing) -> None:
        """Write down how sending goes, for `status`."""
        with self._transaction() as connection:
            row = (standing.state, standing.detail, self._clock())
            connection.execute("INSERT OR REPLACE INTO standing VALUES (1, ?, ?, ?)", row)

    def last_position(self) -> int:
        """Return the position of the newest event that waits, 0 when none does."""
        with self._using() as connection:
            return int(connection.execute("SELECT coalesce(max(position), 0) FROM waiting").fetchone()[0])

    def waits(self, up_to: int) -> bool:
        """Return whether any event up to a position still waits; cheap however many do."""
        with self._using() as connection:
            (first,) = connection.execute("SELECT min(position) FROM waiting").fetchone()
            return first is not None and first <= up_to

    def waiting_count(self, up_to: int) -> int:
        """Return how many events wait up to a position."""
        with self._using() as connection:
            return int(connection.execute("SELECT count(*) FROM waiting WHERE position <= ?", (up_to,)).fetchone()[0])

    def status(self) -> SpoolStatus:
        """Return what it holds, and how sending goes."""
        owner = self.owner
        with self._using() as connection:
            waiting, oldest = connection.execute("SELECT count(*), min(spooled_at) FROM waiting").fetchone()
            (refused,) = connection.execute("SELECT count(*) FROM refused").fetchone()
            (size_bytes,) = connection.execute("SELECT body_bytes FROM totals").fetchone()
            noted = connection.execute("SELECT state, detail, noted_at FROM standing").fetchone()
        standing, at = (Standing(noted[0], noted[1]), _moment(noted[2])) if noted else (None, None)
        return SpoolStatus(owner, waiting, refused, size_bytes, _moment(oldest) if oldest else None, standing, at)

    def refused(self) -> list[RefusedEvent]:
        """Return what was refused, in the order of `emit`."""
        with self._using() as connection:
            rows = connection.execute(
                "SELECT position, id, source, type, subject, body, status, problem, refused_at "
                "FROM refused ORDER BY position"
            ).fetchall()
        return [
            RefusedEvent(row[0], Said(*row[1:6]), row[6], strict_json.parse(row[7]), _moment(row[8])) for row in rows
        ]

    def retry(self, positions: Sequence[int]) -> int:
        """Let refused events wait again, behind everything that waits; return how many there were."""
        moved = 0
        with self._transaction() as connection:
            for position in positions:
                connection.execute(
                    "INSERT INTO waiting (id, source, type, subject, body, spooled_at) "
                    "SELECT id, source, type, subject, body, ? FROM refused WHERE position = ?",
                    (self._clock(), position),
                )
                moved += connection.execute("DELETE FROM refused WHERE position = ?", (position,)).rowcount
        return moved

    def discard(self, positions: Sequence[int]) -> int:
        """Give refused events up; return how many there were."""
        with self._transaction() as connection:
            return _drop(connection, "refused", positions)

    def wipe(self) -> None:
        """Take what is no longer kept out of the write-ahead log too, unless another process is just using the file."""
        with self._using() as connection:
            connection.execute("PRAGMA busy_timeout = 0")
            try:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                connection.execute(f"PRAGMA busy_timeout = {schema.BUSY_SECONDS * 1000:.0f}")

    def close(self) -> None:
        """Close the file; using it again opens it again."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def before_fork(self) -> None:
        """Close the file and keep every thread out of it: SQLite must not be carried over a fork."""
        self._lock.acquire()
        self.close()

    def after_fork(self) -> None:
        """Let threads in again, in parent and child."""
        self._lock.release()

    def _full(self, connection: sqlite3.Connection) -> SpoolFull:
        rows, size_bytes = connection.execute("SELECT rows_count, body_bytes FROM totals").fetchone()
        return SpoolFull(
            f"{self.path} is full ({rows} events of {size_bytes} bytes, at most {self._limits.rows_count} and "
            f"{self._limits.body_bytes}): this event was not kept, all others are. `govbus spool status` says what "
            "they wait for, `govbus spool refused` what cannot be sent."
        )

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._using() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                if self._opened is None:
                    self._opened = self._open()
                yield self._opened
            except sqlite3.Error as error:
                raise self._unusable(error) from None
            except OSError as error:
                raise SpoolUnusable(f"{self.path}: {error.strerror}: {_OWN_FOLDER}") from None

    def _open(self) -> sqlite3.Connection:
        if self._wanted_owner is not None:
            schema.make_file(self.path)
        elif not self.path.is_file():
            raise SpoolUnusable(f"{self.path}: there is no such spool.")
        deadline = time.monotonic() + schema.BUSY_SECONDS
        while True:
            try:
                return self._prepared()
            except sqlite3.OperationalError as error:
                # Turning on the write-ahead log does not wait for another process that does the same.
                if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def _prepared(self) -> sqlite3.Connection:
        connection = schema.connect(self.path)
        try:
            self._owner = schema.prepare(connection, self._wanted_owner)
        except SpoolUnusable as error:
            connection.close()
            raise SpoolUnusable(f"{self.path}: {error}") from None
        except BaseException:
            connection.close()
            raise
        return connection

    def _unusable(self, error: sqlite3.Error) -> SpoolUnusable:
        return SpoolUnusable(f"{self.path}: {_ADVICE.get(_code(error), str(error))}")


def _drop(connection: sqlite3.Connection, table: str, positions: Sequence[int]) -> int:
    """Delete rows and give their room free; return how many there were."""
    count = 0
    for start in range(0, len(positions), _RUN_COUNT):
        run = positions[start : start + _RUN_COUNT]
        chosen = f"FROM {table} WHERE position IN ({','.join('?' * len(run))})"
        rows, size_bytes = connection.execute(f"SELECT count(*), total(length(body)) {chosen}", run).fetchone()
        connection.execute(f"DELETE {chosen}", run)
        connection.execute(_GIVE_ROOM, (rows, int(size_bytes)))
        count += rows
    return count


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)

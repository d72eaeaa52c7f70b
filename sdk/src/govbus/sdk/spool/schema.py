"""The tables of a spool, and how its file is opened: what `emit` returned for survives `kill -9` and power loss.

`synchronous=FULL` syncs the write-ahead log on every commit; with `NORMAL` a power cut could take the last events of
which the caller was told that they are safe. `fullfsync` makes macOS' disks write too. `secure_delete` overwrites what
was sent, which may concern people; the log is emptied when nothing waits any more.

Source: https://www.sqlite.org/pragma.html and https://www.sqlite.org/wal.html.
"""

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Final

from govbus.sdk.failures import SpoolUnusable
from govbus.sdk.spool.rows import Owner

VERSION: Final = 1
BUSY_SECONDS: Final = 10.0
"""Longer than any commit of another process on the same file takes."""

_SETTINGS: Final = (
    "synchronous = FULL",
    "fullfsync = ON",
    "secure_delete = ON",
    f"busy_timeout = {BUSY_SECONDS * 1000:.0f}",
)

_TABLES: Final = """
CREATE TABLE waiting (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL, source TEXT NOT NULL, type TEXT NOT NULL, subject TEXT NOT NULL,
    body BLOB NOT NULL, spooled_at REAL NOT NULL
);
CREATE TABLE refused (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL, source TEXT NOT NULL, type TEXT NOT NULL, subject TEXT NOT NULL,
    body BLOB NOT NULL, status INTEGER NOT NULL, problem BLOB NOT NULL, refused_at REAL NOT NULL
);
CREATE TABLE totals (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    rows_count INTEGER NOT NULL CHECK (rows_count >= 0), body_bytes INTEGER NOT NULL CHECK (body_bytes >= 0)
);
CREATE TABLE standing (
    one INTEGER PRIMARY KEY CHECK (one = 1), state TEXT NOT NULL, detail TEXT NOT NULL, noted_at REAL NOT NULL
);
CREATE TABLE owner (one INTEGER PRIMARY KEY CHECK (one = 1), url TEXT NOT NULL, source TEXT NOT NULL);
INSERT INTO totals VALUES (1, 0, 0);
"""


def make_file(path: Path) -> None:
    """Make an empty file that only its owner reads; SQLite gives its other files the same mode."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection with a spool's settings; every statement is a transaction unless one is begun."""
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    for setting in _SETTINGS:
        connection.execute(f"PRAGMA {setting}")
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        connection.close()
        raise SpoolUnusable(f"{path}: no write-ahead log is possible there (a network drive?): spool on a local disk.")
    return connection


def prepare(connection: sqlite3.Connection, owner: Owner | None) -> Owner:
    """Make the tables of a new spool, and return whose it is; `owner` None takes it as it is.

    Raises:
        SpoolUnusable: another version made it, it is not a spool, or it is somebody else's.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        found = _prepared(connection, owner)
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    return found


def _prepared(connection: sqlite3.Connection, owner: Owner | None) -> Owner:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (objects_count,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if version == 0 and objects_count == 0 and owner is not None:
        for statement in _TABLES.split(";"):
            connection.execute(statement)
        connection.execute("INSERT INTO owner VALUES (1, ?, ?)", (owner.url, owner.source))
        connection.execute(f"PRAGMA user_version = {VERSION}")
        return owner
    if version != VERSION:
        raise SpoolUnusable(f"not a spool of this version ({version}, expected {VERSION}): give another file.")
    url, source = connection.execute("SELECT url, source FROM owner").fetchone()
    found = Owner(url, source)
    if owner not in (None, found):
        raise SpoolUnusable(
            f"it holds what {source} says to {url}: give each source and each Govbus a spool of its own."
        )
    return found

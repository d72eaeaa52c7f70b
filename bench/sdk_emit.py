"""`Emitter.emit()` against one SQLite WAL insert of the same bytes, in turns, with the background sender at work."""

import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from bench.null_intake import null_intake
from govbus.sdk import Emitter
from govbus.sdk.spool.schema import connect

LIMIT_RATIO: Final = 2.0
ROUNDS_COUNT: Final = 100
CALLS_COUNT: Final = 20
"""Of each kind in a round; the two kinds take turns, so that both meet the same moods of the disk."""

DATA: Final = {"version": "1", "description": "d" * 300, "tags": {"team": "retail", "run": "0123456789abcdef"}}


def main() -> int:
    """Print both medians and their ratio; return 1 when it is above the limit."""
    with tempfile.TemporaryDirectory() as folder, null_intake() as url:
        bare_seconds, emit_seconds = _measure(Path(folder), url)
    ratio = statistics.median(emit_seconds) / statistics.median(bare_seconds)
    for what, seconds in (("one SQLite WAL insert, synchronous=FULL", bare_seconds),
                          ("Emitter.emit(), its sender at work", emit_seconds)):  # fmt: skip
        _say(f"{what:40}  p50 {statistics.median(seconds) * 1e6:7.0f} µs  p99 {_p99(seconds) * 1e6:7.0f} µs")
    _say(f"{'ratio of p50':40}      {ratio:7.2f}     limit {LIMIT_RATIO}")
    return 0 if ratio <= LIMIT_RATIO else 1


def _measure(folder: Path, url: str) -> tuple[list[float], list[float]]:
    bare = connect(folder / "bare.sqlite3")
    bare.execute("CREATE TABLE event (position INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL)")
    bare_seconds: list[float] = []
    emit_seconds: list[float] = []
    with Emitter(source="//bench", url=url, token="t", spool=folder / "spool.sqlite3") as emitter:  # noqa: S106 - nobody's
        body = _spooled_bytes(emitter)
        for _ in range(ROUNDS_COUNT):
            bare_seconds += _timed(lambda: _insert(bare, body))
            emit_seconds += _timed(lambda: _emit(emitter))
    bare.close()
    return bare_seconds, emit_seconds


def _spooled_bytes(emitter: Emitter) -> bytes:
    """Return what one event is in the spool: the bytes that the bare insert writes too."""
    emitter.flush(timeout_seconds=10)
    before = emitter.status().body_bytes
    _emit(emitter)
    return b"x" * max(emitter.status().body_bytes - before, len(repr(DATA)) + 300)


def _insert(bare: sqlite3.Connection, body: bytes) -> None:
    bare.execute("INSERT INTO event (body) VALUES (?)", (body,))


def _emit(emitter: Emitter) -> None:
    emitter.emit("model.version_created", subject="model/bench/churn", data=DATA)


def _timed(call: Callable[[], None]) -> list[float]:
    found = []
    for _ in range(CALLS_COUNT):
        begun = time.perf_counter()
        call()
        found.append(time.perf_counter() - begun)
    return found


def _p99(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=100)[98]


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())

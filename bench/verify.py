"""Verifying a log folder against one hashlib call per entry over the same bytes, in turns.

The folder holds entries as the log makes them, about five hundred bytes each. Verifying reads and splits every file,
hashes entries and tree, compares every hash tile and opens the checkpoint; the bare loop finds its entries in memory.
"""

import hashlib
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from govbus.contracts.translog.checkpoint import Checkpoint, sign_checkpoint
from govbus.contracts.translog.entry import EVENT, Entry, KafkaPlace
from govbus.contracts.translog.merkle import CompactRange, grow, leaf_hash
from govbus.contracts.translog.note import NoteSigner
from govbus.contracts.translog.tiles import WIDTH, Tile, dump_entries, tiles_at
from govbus.sdk.translog.folder_check import check_folder
from govbus.sdk.translog.log_folder import LogFolder, place_of
from govbus.sdk.translog.trust import Trust

LIMIT_RATIO: Final = 0.4
ENTRIES_COUNT: Final = 500_000
ROUNDS_COUNT: Final = 5
WORKERS_COUNT: Final = os.cpu_count() or 1
SIGNER: Final = NoteSigner("bench.example/log", Ed25519PrivateKey.from_private_bytes(bytes(32)))


def main() -> int:
    """Print the rates and their ratio; return 1 when verifying is slower than its limit."""
    entries = [_entry(number) for number in range(ENTRIES_COUNT)]
    with tempfile.TemporaryDirectory() as name:
        folder = LogFolder(Path(name))
        _write(folder, entries)
        rounds = [_round(folder, entries) for _ in range(ROUNDS_COUNT)]
    bare_seconds, one_seconds, all_seconds = (statistics.median(found) for found in zip(*rounds, strict=True))
    bytes_count = sum(map(len, entries))
    _say(f"{ENTRIES_COUNT:,} entries, {bytes_count / ENTRIES_COUNT:.0f} bytes each, median of {ROUNDS_COUNT} rounds")
    _say_rate("one hashlib call per entry", bare_seconds, bare_seconds)
    _say_rate("the folder, one process", one_seconds, bare_seconds)
    _say_rate(f"the folder, {WORKERS_COUNT} processes, as govbus verify does", all_seconds, bare_seconds)
    _say(f"limit {LIMIT_RATIO} x the rate of the bare loop")
    return 0 if bare_seconds / all_seconds >= LIMIT_RATIO else 1


def _round(folder: LogFolder, entries: list[bytes]) -> tuple[float, float, float]:
    return (
        _timed(lambda: _bare(entries)),
        _timed(lambda: _check(folder, 1)),
        _timed(lambda: _check(folder, WORKERS_COUNT)),
    )


def _bare(entries: list[bytes]) -> None:
    for entry in entries:
        hashlib.sha256(entry).digest()


def _check(folder: LogFolder, workers_count: int) -> None:
    report = check_folder(folder, Trust((SIGNER.key,)), workers_count=workers_count, tell=_say_nothing)
    if report.size != ENTRIES_COUNT:
        raise AssertionError(f"{report.size} entries verified")


def _entry(number: int) -> bytes:
    return Entry(
        kind=EVENT,
        id=f"01a20a14-a1f0-79c6-b514-{number:012d}",
        source="//mlflow/prod",
        type="dev.govbus.model.version_created.v1",
        subject=f"model/retail/credit-risk-{number % 997}",
        time="2026-11-23T10:00:00.123456Z",
        recordedtime="2026-11-23T10:00:01.234567Z",
        kafka=KafkaPlace("govbus.facts", number % 12, number, 1_795_428_001_300 + number),
        attributes_commitment=hashlib.sha256(b"a%d" % number).digest(),
        payload_commitment=hashlib.sha256(b"p%d" % number).digest(),
    ).canonical()


def _write(folder: LogFolder, entries: list[bytes]) -> None:
    levels = [[leaf_hash(entry) for entry in entries]]
    growth = grow(CompactRange(), levels[0])
    for level, _, root in growth.full_tiles:
        levels += [[]] if level + 1 == len(levels) else []
        levels[level + 1].append(root)
    for tile in tiles_at(len(entries)):
        hashes = levels[int(tile.level)][tile.start : tile.start + tile.width]
        folder.write(place_of(tile), b"".join(hashes))
    for index in range(-(-len(entries) // WIDTH)):
        part = entries[index * WIDTH : (index + 1) * WIDTH]
        folder.write(place_of(Tile("entries", index, len(part))), dump_entries(part))
    signed = sign_checkpoint(Checkpoint(SIGNER.name, growth.compact.size, growth.compact.root), SIGNER)
    folder.write("checkpoint", str(signed).encode())


def _timed(call: Callable[[], None]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def _say_rate(what: str, seconds: float, bare_seconds: float) -> None:
    _say(f"{what:52} {ENTRIES_COUNT / seconds:12,.0f} entries/s  {bare_seconds / seconds:5.2f}")


def _say_nothing(*_: object) -> None:
    """Progress is for terminals."""


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())

"""Hashes the entries of a log folder and compares them with its level-0 tiles; large logs on every processor."""

import multiprocessing
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Final, TypeAlias

from govbus.contracts.translog.tiles import WIDTH, Tile
from govbus.sdk.failures import NotProved
from govbus.sdk.translog.log_folder import LogFolder
from govbus.sdk.translog.tile_hashing import leaf_hashes, perfect_root, width_at

Tell: TypeAlias = Callable[[str, int, int], None]
"""What is being done, how much of it is done, how much there is."""

_STRETCH_COUNT: Final = 64
"""Tiles in one go: 16,384 entries, a hundredth of a second."""

_SHARED_COUNT: Final = 512
"""From so many tiles on (a hundred thousand entries) starting processes pays."""


def hash_entries(folder: LogFolder, size: int, workers_count: int, tell: Tell) -> bytes | None:
    """Return the roots of the full tiles, joined, when every entry is the leaf its hash tile says; else None."""
    tiles_count = -(-size // WIDTH)
    starts = range(0, tiles_count, _STRETCH_COUNT)
    roots: list[bytes] = []
    for start, found in zip(starts, _each(folder.path, starts, size, workers_count), strict=True):
        if found is None:
            return None
        roots.append(found)
        tell("entries", min(size, (start + _STRETCH_COUNT) * WIDTH), size)
    return b"".join(roots)


def _each(path: Path, starts: range, size: int, workers_count: int) -> Iterator[bytes | None]:
    stretch = partial(_stretch_roots, path)
    if workers_count < 2 or len(starts) * _STRETCH_COUNT < _SHARED_COUNT:  # noqa: PLR2004 - more than this process
        yield from map(stretch, starts, repeat(size))
        return
    with ProcessPoolExecutor(workers_count, multiprocessing.get_context(_start_method())) as pool:
        yield from pool.map(stretch, starts, repeat(size), chunksize=4)


def _start_method() -> str:
    """Return how processes start: a copy of this one is ready at once, where nothing else runs in it."""
    return "fork" if sys.platform == "linux" and threading.active_count() == 1 else "spawn"


def _stretch_roots(path: Path, start: int, size: int) -> bytes | None:
    """Return the roots of the full tiles of one stretch, None when one is not that of its entries."""
    folder = LogFolder(path)
    roots: list[bytes] = []
    try:
        for index in range(start, min(start + _STRETCH_COUNT, -(-size // WIDTH))):
            width = width_at(size, 0, index)
            hashes = leaf_hashes(folder.entries(index, width))
            if folder.hashes(Tile(0, index, width)) != hashes:
                return None
            if width == WIDTH:
                roots.append(perfect_root(hashes))
    except NotProved:
        return None
    return b"".join(roots)

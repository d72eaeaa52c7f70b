"""Reads the log's entries over HTTP, tile by tile, each stretch followed by the checkpoint that covers it."""

import time
from collections.abc import Iterator
from typing import Final

from govbus.contracts.translog.tiles import WIDTH
from govbus.sdk.translog.log_reading import LogReader
from govbus.sdk.translog.published_records import Published, StreamCheckpoint
from govbus.sdk.translog.tree_follower import StreamEntry
from govbus.sdk.translog.trust import Trust

_POLL_SECONDS: Final = 1.0
"""Between two looks at the checkpoint; the log signs several a second while it grows."""


def published(reader: LogReader, trust: Trust, start: int, *, once: bool) -> Iterator[Published]:
    """Yield entries from index `start` on and checkpoints; ends at the newest checkpoint when `once`, else never.

    Raises:
        NotProved: a checkpoint that the log did not sign, or a tile that is none.
        Unreachable: the log is away.
    """
    next_index = start
    while True:
        note = reader.checkpoint()
        size = trust.open(note, "the served checkpoint").checkpoint.size
        while next_index < size:
            tile, done = divmod(next_index, WIDTH)
            for entry in reader.tile_entries(tile, size)[done:]:
                yield StreamEntry(f"tile/entries/{tile}", next_index, entry)
                next_index += 1
        yield StreamCheckpoint("the served checkpoint", note)
        if once:
            return
        time.sleep(_POLL_SECONDS)

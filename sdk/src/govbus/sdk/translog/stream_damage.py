"""Says which entries of a stream are not those that the log itself serves, when a checkpoint shows that some are not.

A hint for people: the served hash tiles are compared as they are, and a log that is away leaves the stretch as it is.
"""

from govbus.contracts.translog.checkpoint import parse_checkpoint
from govbus.contracts.translog.note import NoteRejected, parse_note
from govbus.contracts.translog.tiles import WIDTH, Tile, TileRejected, split_hashes
from govbus.sdk.failures import Difference, GovbusFailure
from govbus.sdk.translog.log_reading import LogReader
from govbus.sdk.translog.tile_hashing import width_at
from govbus.sdk.translog.tree_follower import TreeFollower


def changed_entries(follower: TreeFollower, reader: LogReader) -> list[Difference]:
    """Return the entries behind the newest good checkpoint that the log serves otherwise; none when it cannot say."""
    start, end = follower.checked_size, follower.size
    found: list[Difference] = []
    try:
        size = parse_checkpoint(parse_note(reader.checkpoint()).text).size
        for tile in range(start // WIDTH, -(-min(end, size) // WIDTH)):
            served = split_hashes(reader.tile(Tile(0, tile, width_at(size, 0, tile))))
            for index, leaf in enumerate(served, start=tile * WIDTH):
                came = follower.leaves.at(index)
                if start <= index < end and came is not None and came != leaf:
                    found.append(Difference(f"entry {index}", "is another one than the log serves", index))
    except (GovbusFailure, NoteRejected, TileRejected):
        return found
    return found

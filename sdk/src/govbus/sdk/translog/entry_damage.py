"""Says which entries of an entries tile are not the leaves of the tree: changed, moved, missing or put in."""

from typing import Final

from govbus.contracts.translog.merkle import leaf_hash
from govbus.contracts.translog.tiles import WIDTH, Tile, split_hashes
from govbus.sdk.failures import Difference, NotProved
from govbus.sdk.translog.log_folder import LogFolder, place_of

_LENGTH_BYTES: Final = 2


def entry_differences(folder: LogFolder, index: int, hashes: bytes) -> list[Difference]:
    """Return how the entries of tile `index` differ from its leaf hashes, which are believed."""
    leaves = split_hashes(hashes)
    place = place_of(Tile("entries", index, len(leaves)))
    try:
        entries = folder.entries(index, len(leaves))
    except NotProved as error:
        return [*error.differences, *_cut(folder, index, leaves, place)]
    found = list(map(leaf_hash, entries))
    stands = {leaf: position for position, leaf in enumerate(leaves)}
    return [
        Difference(place, _said(index * WIDTH + position, stands.get(leaf), index), index * WIDTH + position)
        for position, leaf in enumerate(found)
        if leaf != leaves[position]
    ]


def _said(entry_index: int, stands: int | None, tile_index: int) -> str:
    if stands is None:
        return f"entry {entry_index} is not what the tree has"
    return f"at index {entry_index} stands the entry of index {tile_index * WIDTH + stands}"


def _cut(folder: LogFolder, index: int, leaves: list[bytes], place: str) -> list[Difference]:
    """Say where a tile with too few, too many or broken entries leaves the tree."""
    found = [leaf_hash(entry) for entry in _readable(folder.raw_entries(index, len(leaves)))]
    position = next((at for at, pair in enumerate(zip(found, leaves, strict=False)) if pair[0] != pair[1]), None)
    position = min(len(found), len(leaves)) if position is None else position
    entry_index = index * WIDTH + position
    if not found:
        said = "from here on nothing can be read"
    elif position == len(leaves):
        said = f"more follows entry {entry_index - 1}, which is the last of the tile"
    elif found[position:] == leaves[position + 1 :]:
        said = f"entry {entry_index} is missing"
    elif found[position + 1 :] == leaves[position:]:
        said = f"something was put in before entry {entry_index}"
    else:
        said = f"from entry {entry_index} on it is not what the tree has"
    return [Difference(place, said, min(entry_index, index * WIDTH + len(leaves) - 1))]


def _readable(content: bytes) -> list[bytes]:
    """Return the entries before the place where the tile breaks."""
    entries: list[bytes] = []
    begin = _LENGTH_BYTES
    while begin <= len(content):
        end = begin + int.from_bytes(content[begin - _LENGTH_BYTES : begin])
        if end > len(content):
            break
        entries.append(content[begin:end])
        begin = end + _LENGTH_BYTES
    return entries

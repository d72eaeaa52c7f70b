"""A stored log: the folder that an outsider keeps, with older checkpoints, made without a service."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from govbus.contracts.translog.checkpoint import Checkpoint, sign_checkpoint
from govbus.contracts.translog.merkle import CompactRange, grow, leaf_hash
from govbus.contracts.translog.note import NoteSigner
from govbus.contracts.translog.tiles import WIDTH, Tile, dump_entries, tiles_at
from sdk.static_log import entry, signer


def entries_of(count: int) -> list[bytes]:
    """Return the entries of a log."""
    return [entry(number) for number in range(count)]


def note_of(entries: Iterable[bytes], by: NoteSigner | None = None) -> bytes:
    """Return the signed checkpoint of a tree of these entries."""
    chosen = by or signer()
    compact = grow(CompactRange(), map(leaf_hash, entries)).compact
    return str(sign_checkpoint(Checkpoint(chosen.name, compact.size, compact.root), chosen)).encode()


def write_tiles(folder: Path, entries: Sequence[bytes]) -> None:
    """Write the tiles of a tree, hashes and entries."""
    levels = [[leaf_hash(one) for one in entries]]
    for level, _, root in grow(CompactRange(), levels[0]).full_tiles:
        levels += [[]] if level + 1 == len(levels) else []
        levels[level + 1].append(root)
    for tile in tiles_at(len(entries)):
        hashes = levels[int(tile.level)][tile.start : tile.start + tile.width]
        write(folder / "tile" / tile.path(), b"".join(hashes))
    for index in range(-(-len(entries) // WIDTH)):
        part = entries[index * WIDTH : (index + 1) * WIDTH]
        write(folder / "tile" / Tile("entries", index, len(part)).path(), dump_entries(part))


def write_folder(folder: Path, entries: Sequence[bytes], older: Iterable[int] = ()) -> Path:
    """Write a whole log; return the folder."""
    write_tiles(folder, entries)
    write(folder / "checkpoint", note_of(entries))
    write(folder / "vkey", f"{signer().key}\n".encode())
    for size in older:
        write(folder / "checkpoints" / str(size), note_of(entries[:size]))
    return folder


def write(file: Path, content: bytes) -> None:
    """Write a file and the folders above it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)

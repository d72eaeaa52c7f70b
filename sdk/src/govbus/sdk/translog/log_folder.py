"""A log as a folder of files: C2SP's addresses as paths, and the checkpoints seen before beside the newest.

`checkpoint`, `tile/<L>/<N>[.p/<W>]`, `tile/entries/<N>[.p/<W>]`, `checkpoints/<size>`, `vkey`. Files are written whole
or not at all.
"""

import os
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import Final

from govbus.contracts.translog.merkle import HASH_BYTES
from govbus.contracts.translog.tiles import WIDTH, Tile, TileRejected, parse_tile_path
from govbus.sdk.failures import NotProved
from govbus.sdk.translog.tile_hashing import split

CHECKPOINT: Final = "checkpoint"
OLDER: Final = "checkpoints"
TILES: Final = "tile"
VKEY: Final = "vkey"


class LogFolder:
    """The files of one log below `path`; what is read from them is not verified."""

    def __init__(self, path: Path) -> None:
        """Touch nothing yet."""
        self.path = path
        self._base = str(path)

    @staticmethod
    def is_one(path: Path) -> bool:
        """Return whether a folder looks like a log."""
        return (path / CHECKPOINT).is_file() or (path / TILES).is_dir()

    def checkpoint(self) -> bytes:
        """Return the newest checkpoint.

        Raises:
            NotProved: there is none.
        """
        return self._read(CHECKPOINT)

    def older(self) -> Iterator[tuple[str, bytes]]:
        """Yield the place and the note of every checkpoint seen before."""
        folder = self.path / OLDER
        names = sorted(file.name for file in folder.iterdir()) if folder.is_dir() else []
        yield from ((f"{OLDER}/{name}", self._read(f"{OLDER}/{name}")) for name in names)

    def vkeys(self) -> str | None:
        """Return the vkeys the folder claims, None when it claims none."""
        file = self.path / VKEY
        return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else None

    def hashes(self, tile: Tile) -> bytes:
        """Return the hashes of a tile: exactly its width.

        A partial tile may be read from the wider one that took its place.

        Raises:
            NotProved: missing, or of another length.
        """
        wider, content = self._tile(tile)
        expected_bytes = tile.width * HASH_BYTES
        if len(content) == expected_bytes:
            return content
        if wider is not None and len(content) > expected_bytes:
            return content[:expected_bytes]
        raise NotProved.at(wider or place_of(tile), f"holds {len(content)} bytes instead of {expected_bytes}")

    def entries(self, index: int, width: int) -> list[bytes]:
        """Return the entries of a tile: exactly `width`.

        Raises:
            NotProved: missing, cut, or another number.
        """
        tile = Tile("entries", index, width)
        wider, content = self._tile(tile)
        try:
            found = split(content)
        except TileRejected as error:
            raise NotProved.at(wider or place_of(tile), str(error)) from None
        if wider is not None:
            found = found[:width]
        if len(found) != width:
            raise NotProved.at(wider or place_of(tile), f"holds {len(found)} entries instead of {width}")
        return found

    def raw_entries(self, index: int, width: int) -> bytes:
        """Return the bytes of an entries tile, whatever they are; empty when it is missing."""
        try:
            return self._tile(Tile("entries", index, width))[1]
        except NotProved:
            return b""

    def has(self, tile: Tile) -> bool:
        """Return whether exactly this tile lies here."""
        return (self.path / place_of(tile)).is_file()

    def tiles(self) -> Iterator[tuple[str, Tile | None]]:
        """Yield every file below `tile` with the tile its name says, None when it says none."""
        base = f"{self._base}/{TILES}"
        for folder, _, names in os.walk(base):
            above = folder[len(base) + 1 :].replace(os.sep, "/")
            for name in names:
                below = f"{above}/{name}" if above else name
                try:
                    yield f"{TILES}/{below}", parse_tile_path(below)
                except TileRejected:
                    yield f"{TILES}/{below}", None

    def write(self, place: str, content: bytes) -> None:
        """Write a file so that it is there whole or not at all."""
        file = self.path / place
        file.parent.mkdir(parents=True, exist_ok=True)
        begun = file.with_name(f".{file.name}.part")
        begun.write_bytes(content)
        begun.replace(file)

    def _tile(self, tile: Tile) -> tuple[str | None, bytes]:
        """Return the bytes of a tile, and the place of the wider one they were found in, None when in its own."""
        exact = place_of(tile)
        try:
            with FileIO(
                f"{self._base}/{exact}"
            ) as file:  # two of these per 256 entries: pathlib takes as long as hashing
                return None, file.readall()
        except (FileNotFoundError, NotADirectoryError):
            wider = self._wider(tile)
        except OSError as error:
            raise NotProved.at(exact, f"cannot be read: {error.strerror}") from None
        if wider is None:
            raise NotProved.at(exact, "is missing")
        return wider, (self.path / wider).read_bytes()

    def _wider(self, tile: Tile) -> str | None:
        if tile.width == WIDTH:
            return None
        full = place_of(Tile(tile.level, tile.index))
        if (self.path / full).is_file():
            return full
        parts = self.path / (full + ".p")
        names = [file.name for file in parts.iterdir()] if parts.is_dir() else []
        widths = sorted(int(name) for name in names if name.isascii() and name.isdigit())
        found = next((width for width in widths if width > tile.width), None)
        return None if found is None else f"{full}.p/{found}"

    def _read(self, place: str) -> bytes:
        try:
            return (self.path / place).read_bytes()
        except FileNotFoundError:
            raise NotProved.at(place, "is missing") from None
        except OSError as error:
            raise NotProved.at(place, f"cannot be read: {error.strerror}") from None


def place_of(tile: Tile) -> str:
    """Return a tile's path in the folder."""
    return f"{TILES}/{tile.path()}"

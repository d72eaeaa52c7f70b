"""What somebody can do to a stored log, one thing at a time, and the places where a check may say that it is."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from audit_log.stored_log import note_of, write, write_tiles
from govbus.contracts.translog.tiles import WIDTH, Tile, dump_entries, split_entries
from sdk.static_log import entry, signer

Found = set[tuple[str, int | None]]
"""Places and indexes that were named."""


@dataclass(frozen=True)
class Log:
    """A stored log below `folder`, its entries, and the sizes of older checkpoints in it."""

    folder: Path
    entries: list[bytes]
    older: tuple[int, ...]

    def files(self) -> list[str]:
        """Return the tiles and checkpoints."""
        found = (file.relative_to(self.folder).as_posix() for file in self.folder.rglob("*") if file.is_file())
        return sorted(name for name in found if name != "vkey")

    def bundle(self, index: int) -> str:
        """Return the place of the entries tile that holds an entry."""
        tile = index // WIDTH
        return f"tile/{Tile('entries', tile, min(WIDTH, len(self.entries) - tile * WIDTH)).path()}"

    def rewrite(self, entries: list[bytes]) -> None:
        """Write other tiles over those of the log."""
        write_tiles(self.folder, entries)

    def rewrite_bundle(self, place: str, entries: list[bytes]) -> None:
        """Write other entries over an entries tile."""
        write(self.folder / place, dump_entries(entries))

    def read_bundle(self, place: str) -> list[bytes]:
        """Return the entries of an entries tile."""
        return split_entries((self.folder / place).read_bytes())

    def stretch(self, index: int) -> tuple[str, int]:
        """Return how the check names the signed stretch that an entry lies in."""
        bounds = sorted({0, *self.older, len(self.entries)})
        first = max(size for size in bounds if size <= index)
        return f"entries {first} to {min(size for size in bounds if size > index) - 1}", first


@dataclass(frozen=True)
class Tampered:
    """What was done, where it must be named, and a newer checkpoint that the auditor has from elsewhere."""

    said: str
    named: Callable[[Found], bool]
    seen: bytes | None = None


def flip_a_bit(log: Log, chance: random.Random) -> Tampered:
    """Turn one bit of one file."""
    place = chance.choice(log.files())
    raw = bytearray((log.folder / place).read_bytes())
    at = chance.randrange(len(raw))
    raw[at] ^= 1 << chance.randrange(8)
    write(log.folder / place, bytes(raw))
    return Tampered(f"bit in byte {at} of {place}", _names(place))


def swap(log: Log, chance: random.Random) -> Tampered:
    """Let two entries of one tile, or two hashes, or two whole tiles change places."""
    kind = chance.choice(["entries", "hashes", "tiles"])
    if kind == "entries":
        place = log.bundle(chance.randrange(len(log.entries)))
        found = log.read_bundle(place)
        one, other = chance.sample(range(len(found)), 2)
        found[one], found[other] = found[other], found[one]
        log.rewrite_bundle(place, found)
        first = _tile_start(place)
        return Tampered(f"entries {one}, {other} of {place}", _names(place, first + one, first + other))
    if kind == "hashes":
        place = chance.choice([name for name in log.files() if name.startswith("tile/0/")])
        raw = (log.folder / place).read_bytes()
        hashes = [raw[at : at + 32] for at in range(0, len(raw), 32)]
        one, other = chance.sample(range(len(hashes)), 2)
        hashes[one], hashes[other] = hashes[other], hashes[one]
        write(log.folder / place, b"".join(hashes))
        return Tampered(f"hashes {one}, {other} of {place}", _names(place, _tile_start(place) + min(one, other)))
    level = chance.choice(["0", "entries"])
    full = [name for name in log.files() if name.startswith(f"tile/{level}/") and ".p" not in name]
    one_place, other_place = chance.sample(full, 2)
    contents = [(log.folder / place).read_bytes() for place in (one_place, other_place)]
    write(log.folder / one_place, contents[1])
    write(log.folder / other_place, contents[0])
    return Tampered(f"{one_place}, {other_place}", lambda found: {one_place, other_place} <= _places(found))


def drop(log: Log, chance: random.Random) -> Tampered:
    """Take away an entry, or a whole file."""
    if chance.random() < 0.5:
        place = chance.choice([name for name in log.files() if not name.startswith("checkpoints/")])
        (log.folder / place).unlink()
        return Tampered(place, _names(place))
    index = chance.randrange(len(log.entries))
    place = log.bundle(index)
    found = log.read_bundle(place)
    del found[index - _tile_start(place)]
    log.rewrite_bundle(place, found)
    return Tampered(f"entry {index}", _names(place, index))


def duplicate(log: Log, chance: random.Random) -> Tampered:
    """Put an entry in twice: into its tile, over another entry, or into a rewritten tree."""
    index = chance.randrange(1, len(log.entries))
    kind = chance.choice(["insert", "over", "rewrite"])
    if kind == "rewrite":
        log.rewrite([*log.entries[:index], log.entries[index - 1], *log.entries[index + 1 :]])
        return Tampered(f"rewritten at {index}", lambda found: log.stretch(index) in found)
    place = log.bundle(index)
    found = log.read_bundle(place)
    position = index - _tile_start(place)
    if kind == "insert":
        found.insert(position, log.entries[index])
        log.rewrite_bundle(place, found)
        return Tampered(f"{index} twice", lambda named: place in _places(named))
    found[position] = log.entries[index - 1]
    log.rewrite_bundle(place, found)
    return Tampered(f"{index - 1} over {index}", _names(place, index))


def truncate(log: Log, chance: random.Random) -> Tampered:
    """Cut a file short anywhere."""
    place = chance.choice(log.files())
    raw = (log.folder / place).read_bytes()
    write(log.folder / place, raw[: chance.randrange(len(raw))])
    return Tampered(place, _names(place))


def sign_with_another_key(log: Log, chance: random.Random) -> Tampered:
    """Sign the newest or an older checkpoint with a key that nobody trusts, the tree rewritten or not."""
    by = signer(f"other {chance.random()}")
    entries = list(log.entries)
    if chance.random() < 0.5:
        entries[chance.randrange(len(entries))] = entry(10**6)
        log.rewrite(entries)
    size = chance.choice([*log.older, len(entries)])
    place = "checkpoint" if size == len(entries) else f"checkpoints/{size}"
    write(log.folder / place, note_of(entries[:size], by))
    return Tampered(place, _names(place))


def roll_back(log: Log, chance: random.Random) -> Tampered:
    """Put back an older log, whole in itself; the auditor has a newer checkpoint from elsewhere."""
    size = chance.randrange(len(log.entries))
    seen = note_of(log.entries)
    for name in log.files():
        (log.folder / name).unlink()
    log.rewrite(log.entries[:size])
    write(log.folder / "checkpoint", note_of(log.entries[:size]))
    return Tampered(f"back to {size}", _names("seen"), seen)


KINDS = (flip_a_bit, swap, drop, duplicate, truncate, sign_with_another_key, roll_back)


def _names(place: str, *indexes: int) -> Callable[[Found], bool]:
    return lambda found: all((place, index) in found for index in indexes) if indexes else place in _places(found)


def _places(found: Found) -> set[str]:
    return {place for place, _ in found}


def _tile_start(place: str) -> int:
    return int(place.split("/")[2].removesuffix(".p")) * WIDTH

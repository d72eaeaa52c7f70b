"""An evidence pack that was made."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class MadePack:
    """A pack that lies in its place: digest in hex, and the entries whose payload is in it."""

    sha256: str
    bytes_count: int
    entries_count: int
    disclosed: tuple[int, ...]

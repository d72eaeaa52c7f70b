"""A ZIP file whose bytes depend on its contents alone: fixed times, rights and order."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest time that the format knows."""

_UNIX: Final = 3
_READABLE: Final = 0o100644 << 16
_LEVEL: Final = 6
_BLOCK_BYTES: Final = 1 << 20


class Archive:
    """A ZIP file being written; it is in its place only when everything is in it."""

    def __init__(self, target: Path) -> None:
        """Write beside `target` until `close`."""
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._target = target
        self._draft = target.with_name(f"{target.name}.{os.getpid()}")
        descriptor = os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._raw = os.fdopen(descriptor, "wb")
        self._zip = ZipFile(self._raw, "w", ZIP_DEFLATED, compresslevel=_LEVEL)
        self._last = ""

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Leave no draft behind."""
        self._raw.close()
        self._draft.unlink(missing_ok=True)

    def add(self, name: str, content: bytes) -> None:
        """Add a file; names rise."""
        with self.open(name) as file:
            file.write(content)

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """Give a file to write to; names rise."""
        if name <= self._last:
            raise ValueError(f"{name} does not come after {self._last}")
        self._last = name
        info = ZipInfo(name, _EPOCH)
        info.compress_type, info.create_system, info.external_attr = ZIP_DEFLATED, _UNIX, _READABLE
        with self._zip.open(info, "w", force_zip64=True) as file:
            yield file

    def finish(self) -> tuple[str, int]:
        """Put the file in its place, durably; return SHA-256 in hex and size in bytes."""
        self._zip.close()
        self._raw.flush()
        os.fsync(self._raw.fileno())
        digest = hashlib.sha256()
        with self._draft.open("rb") as written:
            while block := written.read(_BLOCK_BYTES):
                digest.update(block)
        bytes_count = self._draft.stat().st_size
        self._draft.replace(self._target)
        return digest.hexdigest(), bytes_count

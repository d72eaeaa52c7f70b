"""Write-once copies of checkpoints outside the database: one object per tree size, never replaced."""

import asyncio
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import quote

import obstore
from obstore.exceptions import AlreadyExistsError
from obstore.store import LocalStore

from govbus.audit_log.domain.consistency import Inconsistent

_SIZE_DIGITS: Final = 19


class Outside(Protocol):
    """A place outside the database that holds checkpoints."""

    async def newest(self) -> str | None:
        """Return the note of the largest tree there, None when there is none."""


class Copies:
    """The folder of checkpoints of one log; names sort by size."""

    def __init__(self, directory: Path, origin: str) -> None:
        """Keep copies of `origin`'s checkpoints below `directory`, made when absent."""
        self._store = LocalStore(directory, mkdir=True)
        self._prefix = quote(origin, safe="")

    async def put(self, size: int, note: str) -> None:
        """Write the checkpoint of a size once; the same note again changes nothing.

        Raises:
            Inconsistent: another note lies there for this size.
        """
        path = f"{self._prefix}/{size:0{_SIZE_DIGITS}d}"
        try:
            await obstore.put_async(self._store, path, note.encode(), mode="create")
        except AlreadyExistsError:
            if await self._read(path) != note:
                raise Inconsistent(f"the copy outside of size {size} is another checkpoint") from None

    async def newest(self) -> str | None:
        """Return the note of the largest tree copied, None when there is none."""
        paths = await asyncio.to_thread(self._paths)
        return await self._read(max(paths)) if paths else None

    def _paths(self) -> list[str]:
        return [item["path"] for batch in obstore.list(self._store, f"{self._prefix}/") for item in batch]

    async def _read(self, path: str) -> str:
        found = await (await obstore.get_async(self._store, path)).bytes_async()
        return bytes(found).decode("utf-8", "replace")

"""Write-once copies of checkpoints outside the database: one object per tree size, never replaced."""

import asyncio
import contextlib
import os
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import from_url

from govbus.audit_log.domain.consistency import Inconsistent, same_statement

_FOLDER: Final = "checkpoints"
_SIZE_DIGITS: Final = 20
_NAME: Final = re.compile(rf"{_FOLDER}/(?P<size>[0-9]{{{_SIZE_DIGITS}}})")
_LISTED_COUNT: Final = 1000
_CLOUD: Final[dict[str, Any]] = {"retry_config": {"max_retries": 2, "retry_timeout": timedelta(seconds=10)}}
"""The rounds of copying are the retries that matter."""


class PlaceAway(ConnectionError):
    """A place cannot be read or written; the same work may succeed later. Names the place and the kind of failure."""


class Outside(Protocol):
    """A place outside the database that holds checkpoints."""

    @property
    def name(self) -> str:
        """What operators know it by."""
        ...

    async def newest(self, from_size: int = 0) -> str | None:
        """Return the note of the largest tree there, of at least a size; None when there is none."""
        ...


class CopyPlace:
    """A folder or bucket; objects are `checkpoints/<size, 20 digits>`, so that names sort by size.

    A folder is written with fsync, as an empty file after a power cut would be another history.
    """

    def __init__(self, url: str) -> None:
        """Keep copies below `url`; credentials come from the environment, as obstore takes them."""
        self.name = url
        self._folder = Path(unquote(urlsplit(url).path)) if url.startswith("file:") else None
        self._store: Any = None

    async def put(self, size: int, note: str) -> None:
        """Write the checkpoint of a size once; the same statement again changes nothing.

        Raises:
            Inconsistent: another checkpoint lies there for this size.
            PlaceAway: nothing is known; the same call may succeed later.
        """
        path = f"{_FOLDER}/{size:0{_SIZE_DIGITS}d}"
        if await self._create(path, note.encode()):
            return
        there = await self._read(path)
        if not same_statement(there, note):
            raise Inconsistent(f"the copy of size {size} in {self.name} is another checkpoint: there are two histories")

    async def newest(self, from_size: int = 0) -> str | None:
        """Return the note of the largest tree copied, of at least a size; None when there is none.

        Raises:
            PlaceAway: it cannot be read.
        """
        sizes = await self.sizes(above_size=from_size - 1)
        return await self.note(sizes[-1]) if sizes else None

    async def sizes(self, above_size: int = 0) -> list[int]:
        """Return the tree sizes that lie here, above one, ascending.

        Raises:
            PlaceAway: it cannot be read.
        """
        found: list[int] = []
        offset = f"{_FOLDER}/{max(above_size, 0):0{_SIZE_DIGITS}d}"
        try:
            async for batch in obstore.list(self._opened(), f"{_FOLDER}/", offset=offset, chunk_size=_LISTED_COUNT):
                named = (_NAME.fullmatch(item["path"]) for item in batch)
                found.extend(int(match["size"]) for match in named if match)
        except (BaseError, OSError) as error:
            raise self._away(error) from None
        return sorted(found)

    async def note(self, size: int) -> str:
        """Return the note that lies here for a size.

        Raises:
            PlaceAway: it cannot be read.
        """
        return await self._read(f"{_FOLDER}/{size:0{_SIZE_DIGITS}d}")

    async def notes(self, above_size: int = 0) -> AsyncIterator[tuple[int, str]]:
        """Yield size and note of every copy above a size, ascending.

        Raises:
            PlaceAway: it cannot be read.
        """
        for size in await self.sizes(above_size):
            yield size, await self.note(size)

    async def _create(self, path: str, content: bytes) -> bool:
        """Return whether the object was made; False when there is one."""
        try:
            if self._folder:
                return await asyncio.to_thread(_link_whole, self._folder / path, content)
            await obstore.put_async(self._opened(), path, content, mode="create")
        except AlreadyExistsError:
            return False
        except (BaseError, OSError) as error:
            raise self._away(error) from None
        return True

    async def _read(self, path: str) -> str:
        try:
            found = await (await obstore.get_async(self._opened(), path)).bytes_async()
        except (BaseError, OSError) as error:
            raise self._away(error) from None
        return bytes(found).decode("utf-8", "replace")

    def _opened(self) -> Any:
        """Return the store, made at its first use: a disk that is not mounted is a place that is away."""
        if self._store is None:
            options = {"mkdir": True} if self._folder else {} if self.name.startswith("memory:") else _CLOUD
            self._store = from_url(self.name, **options)
        return self._store

    def _away(self, error: Exception) -> PlaceAway:
        """Name the kind alone: a message may quote a signed request."""
        return PlaceAway(f"{self.name} cannot be reached or used ({type(error).__name__})")


def _link_whole(file: Path, content: bytes) -> bool:
    """Write a file whole and durable, or not at all; return False when there is one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    with draft.open("wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    try:
        os.link(draft, file)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    folder = os.open(file.parent, os.O_RDONLY)
    with contextlib.ExitStack() as closing:
        closing.callback(os.close, folder)
        os.fsync(folder)
    return True

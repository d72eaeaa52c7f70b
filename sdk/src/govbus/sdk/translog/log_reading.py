"""Reading the audit log over its C2SP surface and its search; bytes are as served, trust is the caller's matter."""

import time
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from govbus.contracts import strict_json
from govbus.contracts.translog.checkpoint import OpenedCheckpoint
from govbus.contracts.translog.tiles import WIDTH, Tile, TileRejected, split_entries
from govbus.contracts.translog.verification import Verified
from govbus.sdk.failures import NotProved
from govbus.sdk.translog.trust import Trust
from govbus.sdk.transport import Transport

PREFIX: Final = "/v1/log"
AGAIN_SECONDS: Final = 1.0
"""Between two streams: the log ends each after an hour, so that whoever lost their rights reads no longer."""


class LogReader:
    """The log behind one address; checkpoint, tiles, key and proofs need no token where the log is public."""

    def __init__(self, transport: Transport, token: str | None) -> None:
        """Read through `transport` as the person of `token`."""
        self._transport = transport
        self._token = token

    def checkpoint(self) -> str:
        """Return the newest signed checkpoint, not verified."""
        return self._text("/checkpoint")

    def key(self) -> str:
        """Return the vkey that the log claims: to be compared with a pinned one, never to be believed."""
        return self._text("/key").strip()

    def proof(self, index: int) -> str:
        """Return the `.tlog-proof` text of an entry, not verified."""
        return self._text(f"/entries/{index}/proof")

    def entry(self, index: int) -> dict[str, Any]:
        """Return an entry as the search shows it, with its payload where the reader may see it."""
        return self._transport.get(f"{PREFIX}/entries/{index}", self._token).document()

    def entries(self, narrowed: Mapping[str, str]) -> dict[str, Any]:
        """Return one page of entries: `items` and `next`."""
        return self._transport.get(f"{PREFIX}/entries", self._token, parameters=narrowed).document()

    def trace(self, event_id: str, source: str | None) -> dict[str, Any]:
        """Return what led to an event and what followed, as nodes and edges."""
        narrowed = {} if source is None else {"source": source}
        return self._transport.get(f"{PREFIX}/trace/{quote(event_id)}", self._token, parameters=narrowed).document()

    def tile(self, tile: Tile) -> bytes:
        """Return a tile's bytes, not verified."""
        return self._transport.get(f"{PREFIX}/tile/{tile.path()}", self._token).content

    def tile_entries(self, index: int, size: int) -> list[bytes]:
        """Return the entries of entries tile `index` in a tree of `size`.

        Raises:
            NotProved: the tile holds another number of entries than the tree says.
        """
        width = min(WIDTH, size - index * WIDTH)
        try:
            found = split_entries(self.tile(Tile("entries", index, width)))
        except TileRejected as error:
            raise NotProved(f"entries tile {index}: {error}") from None
        if len(found) != width:
            raise NotProved(f"entries tile {index} holds {len(found)} entries instead of {width}")
        return found

    def entry_bytes(self, index: int, size: int) -> bytes:
        """Return the exact bytes of an entry in a tree of `size`."""
        if not 0 <= index < size:
            raise NotProved(f"index {index} is not in a tree of size {size}")
        return self.tile_entries(index // WIDTH, size)[index % WIDTH]

    def opened_checkpoint(self, trust: Trust) -> OpenedCheckpoint:
        """Return the newest checkpoint.

        Raises:
            NotProved: not signed by a trusted key.
        """
        return trust.open(self.checkpoint())

    def verify_entry(self, index: int, trust: Trust) -> Verified:
        """Return what the served proof shows of the served entry.

        Raises:
            NotProved: nothing.
        """
        size = self.opened_checkpoint(trust).checkpoint.size
        return trust.prove(self.entry_bytes(index, size), self.proof(index))

    def consistency(self, older_size: int, newer_size: int) -> dict[str, Any]:
        """Return the consistency proof between two sizes: `hashes` in base64, not verified."""
        sizes = {"from": str(older_size), "to": str(newer_size)}
        return self._transport.get(f"{PREFIX}/consistency", self._token, parameters=sizes).document()

    def follow(self, start: int) -> Iterator[dict[str, Any]]:
        """Yield entries from index `start` on as they are published, without end: an ended stream is begun again."""
        while True:
            parameters = {"from": str(start)}
            for place, data in self._transport.server_sent(f"{PREFIX}/stream", self._token or "", parameters):
                found = strict_json.parse(data.encode())
                if isinstance(found, dict):
                    yield found
                start = int(place) + 1 if place.isdigit() else start
            time.sleep(AGAIN_SECONDS)

    def _text(self, path: str) -> str:
        content = self._transport.get(PREFIX + path, self._token).content
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError:
            raise NotProved(f"{PREFIX}{path} is not text") from None

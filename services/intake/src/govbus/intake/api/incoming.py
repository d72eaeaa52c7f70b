"""A request's body as it comes, and what is left of it once it is refused.

A connection that is closed over unread bytes is reset, and the answer that says why goes with it: so what is left of a
refused body is read for a while and dropped.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

DISCARDED_BYTES: Final = 64 * 1024 * 1024
DISCARD_SECONDS: Final = 10.0
"""How much of a refused body is dropped, and how long, before its connection is closed."""


class Incoming:
    """The messages of one request's body; nothing is kept."""

    def __init__(self, request: Request) -> None:
        """Read nothing yet."""
        self._request = request
        self._is_complete = False

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body's parts as they come.

        Raises:
            ClientDisconnect: the sender hung up before the end.
        """
        while not self._is_complete:
            message = await self._request.receive()
            if message["type"] == "http.disconnect":
                self._is_complete = True
                raise ClientDisconnect
            self._is_complete = not message.get("more_body", False)
            yield message.get("body", b"")

    async def discard(self) -> None:
        """Drop what is left; a sender who waits for `100 Continue` has not sent it and is not asked to."""
        if self._request.headers.get("expect", "").lower() == "100-continue":
            return
        dropped_bytes = 0
        with contextlib.suppress(TimeoutError, ClientDisconnect, HTTPException):  # the last: the service's own limit
            async with asyncio.timeout(DISCARD_SECONDS):
                async for chunk in self.chunks():
                    dropped_bytes += len(chunk)
                    if dropped_bytes > DISCARDED_BYTES:
                        return

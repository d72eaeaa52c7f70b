"""Answers in pieces that a reader who stops reading does not hold for ever."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from fastapi.responses import StreamingResponse
from starlette.types import Send
from typing_extensions import override

_log: Final = logging.getLogger(__name__)


class SentInTime(StreamingResponse):
    """Ends the connection when a piece is not taken within `stalled_seconds`: what waits for a reader is one piece."""

    def __init__(
        self, pieces: AsyncGenerator[bytes, None], *, stalled_seconds: float, media_type: str, headers: dict[str, str]
    ) -> None:
        """Send `pieces`, which end when the reader goes away."""
        super().__init__(pieces, media_type=media_type, headers=headers)
        self._pieces = pieces
        self._stalled_seconds = stalled_seconds

    @override
    async def stream_response(self, send: Send) -> None:
        """Send head and pieces."""
        async with aclosing(self._pieces):
            try:
                await self._send(send, {"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                async for piece in self._pieces:
                    await self._send(send, {"type": "http.response.body", "body": piece, "more_body": True})
                await self._send(send, {"type": "http.response.body", "body": b"", "more_body": False})
            except TimeoutError:
                _log.info("a reader took nothing for %s s: its answer was cut short", self._stalled_seconds)

    async def _send(self, send: Send, message: dict[str, object]) -> None:
        async with asyncio.timeout(self._stalled_seconds):
            await send(message)

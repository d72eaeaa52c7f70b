"""The room that all bodies being received share: a flood is refused, it does not exhaust the memory.

Room is taken as bytes come in, so that a slow sender holds no more than it has sent, and given back when its request
has been answered.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from govbus.eventing.problems import Problem

_STATE: Final = "govbus.body_share"
_RETRY_SECONDS: Final = 2


class Room:
    """Bytes that may be held at once by this process."""

    def __init__(self, limit_bytes: int, refused: Callable[[], None]) -> None:
        """Start empty; `refused` is told of each refusal."""
        self._limit_bytes = limit_bytes
        self._refused = refused
        self.held_bytes = 0

    def take(self, count_bytes: int) -> None:
        """Hold so many more.

        Raises:
            Problem: 503 with `Retry-After`.
        """
        if self.held_bytes + count_bytes > self._limit_bytes:
            self._refused()
            raise Problem(
                status=503,
                reason="overloaded",
                title="Too much is being received at once",
                detail="Bodies being received fill the room there is; repeat this after Retry-After.",
                headers={"Retry-After": str(_RETRY_SECONDS)},
            )
        self.held_bytes += count_bytes

    def give_back(self, count_bytes: int) -> None:
        """Hold so many less."""
        self.held_bytes -= count_bytes


@dataclass(slots=True)
class Share:
    """What one request holds of the room."""

    room: Room
    held_bytes: int = 0

    def take(self, count_bytes: int) -> None:
        """Hold so many more for this request."""
        self.room.take(count_bytes)
        self.held_bytes += count_bytes


class SharedRoom:
    """ASGI middleware: each request gets a share, given back when it has been answered, whatever became of it."""

    def __init__(self, app: ASGIApp, room: Room) -> None:
        """Wrap `app`."""
        self._app = app
        self._room = room

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its share."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        share = scope[_STATE] = Share(self._room)
        try:
            await self._app(scope, receive, send)
        finally:
            self._room.give_back(share.held_bytes)


def share_of(request: Request) -> Share:
    """Return the share of a request."""
    share: Share = request.scope[_STATE]
    return share

"""The board and its live stream: the page as it is, then again whenever something on it changed."""

import asyncio
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Cookie, Depends, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from govbus.console.cookie import read_cookie
from govbus.console.pages.answers import Pages
from govbus.console.sessions import Sessions, Visitor
from govbus.console.upstream import Upstream
from govbus.contracts.envelope import format_time
from govbus.eventing.access import unauthenticated

_RETRY_MS: Final = 2000


@dataclass(frozen=True, slots=True)
class LiveBoard:
    """The board of one visitor: rendered now, or again and again."""

    pages: Pages
    sessions: Sessions
    upstream: Upstream
    poll_seconds: float
    stream_seconds: float
    clock: Callable[[], datetime]

    async def content(self, visitor: Visitor) -> tuple[str, str]:
        """Return the board as HTML, and what of it tells a change from the passing of time."""
        board = await self.upstream.board(visitor.token)
        now = format_time(self.clock().replace(microsecond=0))
        said = self.pages.fragment("board_content.html", board=board, now="")
        return self.pages.fragment("board_content.html", board=board, now=now), said

    async def changes(self, visitor: Visitor) -> AsyncIterator[str]:
        """Yield the content whenever it changed; ends with the session, or after a while."""
        ends_at = time.monotonic() + self.stream_seconds
        known = ""
        while time.monotonic() < ends_at:
            if await self.sessions.visitor(visitor.cookie) is None:
                yield self.pages.fragment("session_over.html")
                return
            html, said = await self.content(visitor)
            if said != known:
                known = said
                yield html
            await asyncio.sleep(self.poll_seconds)


def board_routes(live: LiveBoard) -> APIRouter:
    """Return `/` and `/events`."""
    routes = APIRouter(include_in_schema=False)

    async def signed_in(govbus_session: Annotated[str | None, Cookie()] = None) -> Visitor:
        visitor = await live.sessions.visitor(read_cookie(govbus_session))
        if visitor is None:
            raise unauthenticated("Sign in to the console first.")
        return visitor

    @routes.get("/")
    async def show_board(govbus_session: Annotated[str | None, Cookie()] = None) -> Response:
        """Show the board to who is signed in, and everybody else how to get in."""
        visitor = await live.sessions.visitor(read_cookie(govbus_session))
        if visitor is None:
            return live.pages.refused()
        html, _ = await live.content(visitor)
        return live.pages.board(visitor, content=html)

    @routes.get("/events", response_class=EventSourceResponse)
    async def follow(visitor: Annotated[Visitor, Depends(signed_in)]) -> AsyncIterable[ServerSentEvent]:
        """Send the board's content whenever it changed; when the stream ends, come back."""
        async for html in live.changes(visitor):
            yield ServerSentEvent(raw_data=html, retry=_RETRY_MS)

    return routes

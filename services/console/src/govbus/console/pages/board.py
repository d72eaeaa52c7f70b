"""The board and its live stream: the page as it is, then again whenever something on it changed."""

import asyncio
import time
from collections.abc import AsyncIterable, Callable
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


def board_routes(
    pages: Pages,
    sessions: Sessions,
    upstream: Upstream,
    poll_seconds: float,
    stream_seconds: float,
    clock: Callable[[], datetime],
) -> APIRouter:
    """Return `/` and `/events`."""
    routes = APIRouter(include_in_schema=False)

    async def content(visitor: Visitor) -> tuple[str, str]:
        """Return the board as HTML, and what of it tells a change from the passing of time."""
        board = await upstream.board(visitor.token)
        said = pages.fragment("board_content.html", board=board, now="")
        return pages.fragment("board_content.html", board=board, now=format_time(clock().replace(microsecond=0))), said

    @routes.get("/")
    async def show_board(govbus_session: Annotated[str | None, Cookie()] = None) -> Response:
        """Show the board to who is signed in, and everybody else how to get in."""
        visitor = await sessions.visitor(read_cookie(govbus_session))
        if visitor is None:
            return pages.refused()
        html, _ = await content(visitor)
        return pages.board(visitor, content=html)

    async def signed_in(govbus_session: Annotated[str | None, Cookie()] = None) -> Visitor:
        visitor = await sessions.visitor(read_cookie(govbus_session))
        if visitor is None:
            raise unauthenticated("Sign in to the console first.")
        return visitor

    @routes.get("/events", response_class=EventSourceResponse)
    async def follow(visitor: Annotated[Visitor, Depends(signed_in)]) -> AsyncIterable[ServerSentEvent]:
        """Send the board's content whenever it changed; ends with the session, or after a while: come back."""
        ends_at = time.monotonic() + stream_seconds
        known = ""
        while time.monotonic() < ends_at:
            if await sessions.visitor(visitor.cookie) is None:
                yield ServerSentEvent(raw_data=pages.fragment("session_over.html"))
                return
            html, said = await content(visitor)
            if said != known:
                known = said
                yield ServerSentEvent(raw_data=html, retry=_RETRY_MS)
            await asyncio.sleep(poll_seconds)

    return routes

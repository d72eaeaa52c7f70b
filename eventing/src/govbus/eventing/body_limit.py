"""Refuses request bodies beyond a limit while they arrive, before a handler holds them in memory."""

from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class BodyLimit:
    """ASGI middleware; a stated length is refused at once, an unstated one when it passes the limit."""

    def __init__(self, app: ASGIApp, limit_bytes: int) -> None:
        """Wrap `app`."""
        self._app = app
        self._limit_bytes = limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a counted body."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        stated = Headers(scope=scope).get("content-length", "")
        refused = stated.isdecimal() and int(stated) > self._limit_bytes
        taken_bytes = 0

        async def counted() -> Message:
            nonlocal taken_bytes
            message = await receive()
            taken_bytes += len(message.get("body", b""))
            if refused or taken_bytes > self._limit_bytes:
                # FastAPI lets this class through while it reads a body; any other becomes 400.
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return message

        await self._app(scope, counted, send)

"""What passes through a proxy and what does not: bodies chunk by chunk, headers end to end."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx2
from starlette.requests import Request

from govbus.contracts.limits import BODY_BYTES

HOP_BY_HOP = frozenset(
    {
        b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection",
        b"te", b"trailer", b"transfer-encoding", b"upgrade",
    }
)  # fmt: skip
"""They concern one connection only. Source: RFC 9110, 7.6.1."""

PROXYS_OWN = frozenset(
    {b"x-forwarded-client-cert", b"x-ssl-client-cert", b"x-ssl-client-verify", b"x-govbus-proxy-secret"}
)
"""What a proxy says of the client's certificate. This one ends no TLS, so nobody may say it through here."""

DISCARDED_BYTES = 64 * 1024 * 1024
DISCARD_SECONDS = 10.0


class TooLarge(Exception):
    """The body has more bytes than any service takes."""


async def limited(request: Request) -> AsyncIterator[bytes]:
    """Yield the request's body as it comes.

    Raises:
        TooLarge: as soon as the limit is passed.
    """
    passed = 0
    async for chunk in request.stream():
        passed += len(chunk)
        if passed > BODY_BYTES:
            raise TooLarge
        yield chunk


async def discard(request: Request) -> None:
    """Read what is left of a refused body and keep nothing, so that the sender gets to read the answer.

    A connection that is closed over unread bytes is reset, and the answer with it. Ends after `DISCARDED_BYTES` or
    `DISCARD_SECONDS`, whichever is first.
    """
    discarded = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DISCARD_SECONDS):
            while discarded < DISCARDED_BYTES:
                message = await request.receive()
                discarded += len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return


async def body_of(answer: httpx2.Response) -> AsyncIterator[bytes]:
    """Yield the answer's bytes as sent (still compressed) and let the connection go, whoever hangs up first."""
    try:
        async for chunk in answer.aiter_raw():
            yield chunk
    finally:
        await answer.aclose()


def end_to_end(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the headers that concern more than one connection, in order, repeated ones kept."""
    named = {
        name.strip().lower() for key, value in headers if key.lower() == b"connection" for name in value.split(b",")
    }
    dropped = HOP_BY_HOP | PROXYS_OWN | named
    return [(key.lower(), value) for key, value in headers if key.lower() not in dropped]

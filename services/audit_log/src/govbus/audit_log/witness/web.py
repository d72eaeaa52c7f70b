"""The witness over HTTP: one route, bounded bodies, a bounded wait for them."""

import asyncio
from http import HTTPStatus
from typing import Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from govbus.audit_log.witness.answering import Witness
from govbus.contracts.translog.add_checkpoint import PATH
from govbus.eventing.body_limit import BodyLimit

BODY_BYTES: Final = 64 * 1024
"""A proof has at most 63 lines of 45 bytes; the rest is room for signature lines of other witnesses."""

BODY_SECONDS: Final = 10.0
"""Who sends a few kilobytes more slowly is cut off."""


def build_web(witness: Witness, prefix: str = "") -> Starlette:
    """Return the application; `prefix` is the path of the submission prefix."""

    async def add_checkpoint(request: Request) -> Response:
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await request.body()
        except TimeoutError:
            return PlainTextResponse("the body did not arrive in time\n", HTTPStatus.REQUEST_TIMEOUT)
        except ClientDisconnect:
            return PlainTextResponse("", HTTPStatus.BAD_REQUEST)
        found = await run_in_threadpool(witness.answer, body)
        return Response(found.body, found.status, media_type=found.media_type)

    return Starlette(
        routes=[Route(f"{prefix}/{PATH}", add_checkpoint, methods=["POST"])],
        middleware=[Middleware(BodyLimit, limit_bytes=BODY_BYTES)],
    )

"""`Idempotency-Key`: a repeated request is answered as the first one was, and done once.

Source: draft-ietf-httpapi-idempotency-key-header.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Header, Request
from fastapi.responses import JSONResponse
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.eventing.problems import Problem
from govbus.oversight.store import answers
from govbus.oversight.store.answers import Answer


@dataclass(frozen=True, slots=True)
class RequestKey:
    """The key that a request came with, if any, and the digest of what it asks for."""

    key: str | None
    request_sha256: bytes


async def request_key(
    request: Request,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=255, pattern=r"^[\x20-\x7e]+$")] = None,
) -> RequestKey:
    """FastAPI dependency: read the header and digest method, path and body."""
    asked = b"\n".join((request.method.encode(), request.url.path.encode(), await request.body()))
    return RequestKey(idempotency_key, hashlib.sha256(asked).digest())


Keyed = Annotated[RequestKey, Depends(request_key)]


async def once(
    connection: AsyncConnection,
    principal: str,
    asked: RequestKey,
    now: datetime,
    status: int,
    work: Callable[[], Awaitable[dict[str, Any]]],
) -> JSONResponse:
    """Do `work` in the caller's transaction and answer with it, or with what was answered before.

    Only what succeeded is kept: a refusal changes nothing and may be tried again.

    Raises:
        Problem: 422, the key was used for another request.
    """
    if asked.key is None:
        return JSONResponse(await work(), status)
    before = await answers.claim(connection, principal, asked.key)
    if before is None:
        body = await work()
        await answers.keep(connection, principal, asked.key, Answer(asked.request_sha256, status, body), now)
        return JSONResponse(body, status)
    if before.request_sha256 != asked.request_sha256:
        raise Problem(
            status=422,
            reason="idempotency_key_reused",
            title="Key used before",
            detail="This Idempotency-Key belongs to another request; take a new key for a new request.",
        )
    return JSONResponse(before.body, before.status, headers={"Idempotency-Replayed": "true"})

"""`Idempotency-Key` of requests that are answered with a secret: they are done once, and the secret is shown once.

A repeated request is refused with 409, names what the first one made, and says how to go on: an answer that was lost
cannot be given again, since nothing here knows the secret any more.

Source: draft-ietf-httpapi-idempotency-key-header.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Header
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.contracts.envelope import format_time
from govbus.eventing.problems import Problem
from govbus.intake.store import idempotency
from govbus.intake.store.idempotency import Done


def _header(
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=255, pattern=r"^[\x20-\x7e]+$")] = None,
) -> str | None:
    return idempotency_key


Key = Annotated[str | None, Depends(_header)]
"""FastAPI dependency: the request's key, if it has one."""


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """Who asks for what under which key; secrets in the body do not count towards what is asked for."""

    principal: str
    key: str | None
    request_sha256: bytes


def keyed(principal: str, key: str | None, path: str, asked: BaseModel) -> KeyedRequest:
    """Return the request with the digest of what it asks for; a secret's type hides it from the digest as well."""
    said = f"{path}\n{asked.model_dump_json()}"
    return KeyedRequest(principal, key, hashlib.sha256(said.encode()).digest())


async def check_undone(connection: AsyncConnection, request: KeyedRequest) -> None:
    """Return when the request was not done before; its key is then this transaction's own until that ends.

    Raises:
        Problem: 409, it was done; 422, its key was used for another request.
    """
    if request.key is None:
        return
    before = await idempotency.claim(connection, request.principal, request.key)
    if before is None:
        return
    if before.request_sha256 != request.request_sha256:
        raise Problem(
            status=422,
            reason="idempotency_key_reused",
            title="Key used before",
            detail="This Idempotency-Key belongs to another request; take a new key for a new request.",
        )
    made = ", ".join(f"{name} {value}" for name, value in before.done.items())
    raise Problem(
        status=409,
        reason="secret_shown_once",
        title="Done already",
        detail=f"This request was done at {format_time(before.done_at)} ({made}); the credential was shown in its "
        "answer and is not kept. If that was lost, issue another with POST /v1/sources/{name}/credentials and revoke "
        "the lost one.",
    )


async def keep_done(connection: AsyncConnection, request: KeyedRequest, done: Mapping[str, Any], at: datetime) -> None:
    """Remember under the request's key what was made by it; only what succeeds is remembered."""
    if request.key is not None:
        kept = Done(request.request_sha256, dict(done), at)
        await idempotency.keep(connection, request.principal, request.key, kept)

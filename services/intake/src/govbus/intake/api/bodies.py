"""Request bodies: read up to a limit, never further; gzip unpacked with the same limit."""

import asyncio
import zlib
from typing import Any, Final, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect

from govbus.contracts.limits import BODY_BYTES
from govbus.eventing.problems import Problem, is_json, not_json
from govbus.intake.api.answers import problem_of
from govbus.intake.api.body_room import Share, share_of
from govbus.intake.api.incoming import Incoming
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.said import parse_json
from govbus.intake.domain.source import Source

READ_SECONDS: Final = 30.0
"""A client that needs longer for 8 MiB holds a connection for nothing."""

SETTINGS_BYTES: Final = 64 * 1024
_GZIP: Final = 16 + zlib.MAX_WBITS

M = TypeVar("M", bound=BaseModel)


def headers_of(request: Request) -> tuple[tuple[str, str], ...]:
    """Return the request's headers, names in lower case, repetitions kept."""
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw)


def body_limit_bytes(source: Source) -> int:
    """Return how large a body of this source may be."""
    return min(BODY_BYTES, source.limits.body_bytes or BODY_BYTES)


async def read_body(request: Request, limit_bytes: int) -> bytes:
    """Return the body, unpacked.

    Raises:
        Refused: `too_large`, `unsupported_media_type` for another encoding than gzip, `undecodable` for broken gzip.
        Problem: 408 for a client that is too slow, 503 where the bodies of all requests together leave no room.
    """
    incoming = Incoming(request)
    try:
        return await _read_body(request, incoming, limit_bytes)
    except Refused:
        await incoming.discard()
        raise
    except ClientDisconnect:
        raise Problem(
            status=400, reason="incomplete_body", title="The body ended early", detail="Send it again, whole."
        ) from None


async def _read_body(request: Request, incoming: Incoming, limit_bytes: int) -> bytes:
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and int(stated) > limit_bytes:
        raise _too_large(limit_bytes)
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip", ""}:
        raise Refused("unsupported_media_type", f"content-encoding {encoding[:20]!r}: gzip or none")
    try:
        async with asyncio.timeout(READ_SECONDS):
            unpacker = zlib.decompressobj(_GZIP) if encoding == "gzip" else None
            return await _read(incoming, share_of(request), limit_bytes, unpacker)
    except TimeoutError:
        raise Problem(
            status=408, reason="body_too_slow", title="Too slow", detail=f"Send the body within {READ_SECONDS:.0f} s."
        ) from None


async def read_settings(request: Request, model: type[M]) -> M:
    """Return a small JSON body as `model`; an absent body is an empty object.

    Raises:
        Problem: 400 malformed, 413 too large, 415 not said to be JSON, 422 with the wrong fields.
    """
    try:
        raw = await read_body(request, SETTINGS_BYTES)
        content_type = request.headers.get("content-type", "")
        if raw and not is_json(content_type):
            raise not_json(content_type)
        document: Any = parse_json(raw) if raw else {}
    except Refused as refusal:
        raise problem_of(refusal) from None
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise Problem(
            status=422,
            reason="invalid_request",
            title="Request refused",
            detail="Mend what `errors` names and send it again.",
            errors=[
                {"pointer": "".join(f"/{part}" for part in item["loc"]), "detail": item["msg"]}
                for item in error.errors(include_input=False, include_url=False)
            ],
        ) from None


async def _read(incoming: Incoming, share: Share, limit_bytes: int, unpacker: Any) -> bytes:
    parts: list[bytes] = []
    total = 0
    async for chunk in incoming.chunks():
        part = _unpack(unpacker, chunk, limit_bytes - total + 1) if unpacker else chunk
        total += len(part)
        if total > limit_bytes:
            raise _too_large(limit_bytes)
        share.take(len(part))
        parts.append(part)
    if unpacker and not unpacker.eof:
        raise Refused("undecodable", "the gzip stream ends early")
    return b"".join(parts)


def _unpack(unpacker: Any, chunk: bytes, room_bytes: int) -> bytes:
    try:
        part: bytes = unpacker.decompress(chunk, room_bytes)
    except zlib.error:
        raise Refused("undecodable", "the body is not gzip") from None
    if unpacker.unused_data:
        raise Refused("undecodable", "bytes follow the gzip stream")
    return part


def _too_large(limit_bytes: int) -> Refused:
    return Refused("too_large", f"at most {limit_bytes} bytes are taken")

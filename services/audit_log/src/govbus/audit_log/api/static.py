"""The C2SP static surface: newest checkpoint, tiles, verification key.

Source: c2sp.org/tlog-tiles.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import PlainTextResponse
from sqlalchemy.ext.asyncio import AsyncEngine

from govbus.audit_log.api import refusals
from govbus.audit_log.store.state import read_state
from govbus.audit_log.store.tree import entries_of, tile_hashes
from govbus.contracts.translog.tiles import ENTRIES, TileRejected, dump_entries, parse_tile_path
from govbus.contracts.translog.vkey import VerificationKey

Reader = Callable[..., Awaitable[Any]]
"""The dependency that lets a reader in."""

Witnessed = Annotated[bool, Query(description="the newest checkpoint that a quorum of witnesses has cosigned")]

_NEVER_CHANGES: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
_CHANGES: Final = {"Cache-Control": "no-store"}
_BINARY: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"application/octet-stream": {}}}}
_TEXT: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"text/plain": {}}}}


def router(engine: AsyncEngine, keys: Sequence[VerificationKey], reader: Reader) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/v1/log", tags=["transparency log"], dependencies=[Depends(reader)])

    @routes.get("/checkpoint", response_class=PlainTextResponse, responses=_TEXT)
    async def checkpoint(*, witnessed: Witnessed = False) -> Response:
        """Return the newest signed checkpoint, a C2SP note with the cosignatures there are.

        Witnesses come a moment later: with `witnessed=true` it is the newest that a quorum of them has cosigned.
        """
        async with engine.connect() as connection:
            state = await read_state(connection, witnessed=witnessed)
        if state.note is None:
            raise refusals.nothing_witnessed() if witnessed else refusals.nothing_signed()
        return PlainTextResponse(state.note, headers=_CHANGES)

    @routes.get("/key", response_class=PlainTextResponse, responses=_TEXT)
    async def key() -> Response:
        """Return the log's verification keys, one vkey a line, newest first; two while one takes over from the other.

        Whoever verifies should have them from elsewhere, too.
        """
        return PlainTextResponse("".join(f"{one}\n" for one in keys))

    @routes.get("/tile/{path:path}", response_class=Response, responses=_BINARY)
    async def tile(path: str) -> Response:
        """Return a tile of hashes (`<L>/<N>[.p/<W>]`) or of entries (`entries/<N>[.p/<W>]`)."""
        try:
            wanted = parse_tile_path(path)
        except TileRejected as error:
            raise refusals.no_such_tile(path, str(error)) from None
        async with engine.connect() as connection:
            state = await read_state(connection)
            if not wanted.exists_at(state.checkpoint_size):
                raise refusals.no_such_tile(path, f"not under the newest checkpoint, of size {state.checkpoint_size}")
            if wanted.level == ENTRIES:
                content = dump_entries(await entries_of(connection, wanted))
            else:
                content = await tile_hashes(connection, int(wanted.level), wanted.index, wanted.width)
        return Response(content, media_type="application/octet-stream", headers=_NEVER_CHANGES)

    return routes

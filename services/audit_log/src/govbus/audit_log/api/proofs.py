"""Proofs over HTTP: that an entry is in the tree, and that one tree continues another."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.responses import PlainTextResponse
from sqlalchemy.ext.asyncio import AsyncEngine

from govbus.audit_log.api import refusals
from govbus.audit_log.api.static import Reader, Witnessed
from govbus.audit_log.store.state import read_state
from govbus.audit_log.store.tree import compact_at, prove
from govbus.contracts.translog import base64_strict
from govbus.contracts.translog.paths import consistency_plan, inclusion_plan
from govbus.contracts.translog.proof import Proof

Size = Annotated[int, Query(ge=0, lt=2**63)]
Index = Annotated[int, Path(ge=0, lt=2**63)]


def router(engine: AsyncEngine, reader: Reader) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(prefix="/v1/log", tags=["transparency log"], dependencies=[Depends(reader)])

    @routes.get("/entries/{index}/proof", response_class=PlainTextResponse)
    async def proof(index: Index, *, witnessed: Witnessed = False) -> Response:
        """Return the `.tlog-proof` text of one entry, under the newest checkpoint with the cosignatures there are.

        With `witnessed=true` the checkpoint is the newest that a quorum of witnesses has cosigned.
        """
        async with engine.connect() as connection:
            state = await read_state(connection, witnessed=witnessed)
            if index >= state.size:
                raise refusals.no_such_entry(index, state.size)
            if witnessed and state.note is None:
                raise refusals.nothing_witnessed()
            if index >= state.checkpoint_size or state.note is None:
                raise refusals.not_covered(index, state.checkpoint_size)
            hashes = await prove(connection, inclusion_plan(index, state.checkpoint_size))
        return PlainTextResponse(str(Proof(index, hashes, state.note)))

    @routes.get("/consistency")
    async def consistency(from_: Annotated[Size, Query(alias="from")], to: Size) -> dict[str, Any]:
        """Return the RFC 9162 consistency proof between two sizes, with both roots."""
        if from_ > to:
            raise refusals.invalid_query("from", f"{from_} does not come before {to}")
        async with engine.connect() as connection:
            state = await read_state(connection)
            if to > state.checkpoint_size:
                raise refusals.not_covered(to - 1, state.checkpoint_size)
            hashes = await prove(connection, consistency_plan(from_, to))
            roots = [(await compact_at(connection, size)).root for size in (from_, to)]
        return {
            "from": from_,
            "to": to,
            "from_root": base64_strict.encode(roots[0]),
            "to_root": base64_strict.encode(roots[1]),
            "hashes": list(map(base64_strict.encode, hashes)),
        }

    return routes

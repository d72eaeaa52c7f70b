"""Who watches the log: how far each witness has cosigned, and whether that is a quorum."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Depends
from sqlalchemy.ext.asyncio import AsyncEngine

from govbus.audit_log.api.static import Reader
from govbus.audit_log.domain.witnessing import WitnessState
from govbus.audit_log.store.state import read_state
from govbus.audit_log.store.witnesses import read_quorum
from govbus.audit_log.witnessing import Witnessing
from govbus.contracts.envelope import format_time
from govbus.contracts.translog.policy import NONE, KnownWitness


def router(engine: AsyncEngine, witnessing: Witnessing | None, reader: Reader) -> APIRouter:
    """Return the route."""
    routes = APIRouter(prefix="/v1/log", tags=["transparency log"], dependencies=[Depends(reader)])

    @routes.get("/witnesses")
    async def witnesses() -> dict[str, Any]:
        """Return the witnesses that are asked, how far each has come, and whether the quorum has seen the newest tree.

        `quorum.met` is false for the moment between a signature and the witnesses' answers; `quorum.size` tells.
        """
        async with engine.connect() as connection:
            state, quorum = await read_state(connection), await read_quorum(connection)
        name, is_none, shown = NONE, True, []
        if witnessing is not None:
            policy = witnessing.policy
            name, is_none = ascii(policy.quorum)[1:-1], policy.quorum == NONE
            shown = [_shown(witness, witnessing.state_of(witness)) for witness in policy.witnesses]
        return {
            "quorum": {
                "name": name,
                "met": is_none or quorum.size >= state.checkpoint_size,
                "size": quorum.size,
                "is_required": quorum.is_required,
            },
            "checkpoint_size": state.checkpoint_size,
            "witnesses": shown,
        }

    return routes


def _shown(witness: KnownWitness, state: WitnessState) -> dict[str, Any]:
    at = state.cosigned_at_seconds
    return {
        "name": witness.key.name,
        "vkey": str(witness.key),
        "size": state.size,
        "cosigned_at": None if at is None else format_time(datetime.fromtimestamp(at, UTC)),
        "failure": state.failure,
        "failure_count": state.failure_count,
    }

"""`POST /v1/gate` and `GET /v1/decisions/{id}`."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict
from sqlalchemy import RowMapping

from govbus.contracts.envelope import format_time
from govbus.contracts.fields import Name, SubjectText
from govbus.contracts.subjects import InvalidSubject, parse_subject
from govbus.eventing.access import Principal
from govbus.eventing.problems import Problem
from govbus.eventing.progress import InvalidPosition
from govbus.eventing.service import Service
from govbus.risk.deciding import said_reasons
from govbus.risk.gate import Gate
from govbus.risk.store import decisions


class GateRequest(BaseModel):
    """What the gate is asked; `after` is the `position` of an accepted event that must be taken into account."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    subject: SubjectText
    version: Name
    environment: Name
    requested_by: Name
    after: str | None = None


def router(service: Service, gate: Gate) -> APIRouter:
    """Return the gate's routes; anybody with a person's token may ask, also a pipeline that was given one."""
    routes = APIRouter(tags=["gate"])
    anybody = Depends(service.access.require())
    reader = Depends(service.access.require("viewer"))

    @routes.post("/v1/gate")
    async def ask(asked: GateRequest, who: Annotated[Principal, anybody]) -> dict[str, Any]:
        """Decide whether a version may go to an environment: 200 for allow, deny and review alike."""
        question = gate.question(_subject(asked.subject), asked.version, asked.environment, asked.requested_by)
        try:
            answered = await gate.answer(question, asked.after, who.actor)
        except InvalidPosition as error:
            raise _refused("invalid_position", "Not a position", str(error), "/after") from None
        return {
            "decision": answered.verdict.decision.outcome,
            "decision_id": answered.decision_id,
            "reasons": [reason.model_dump(mode="json") for reason in said_reasons(answered.verdict.decision)],
            "policy_digest": answered.verdict.policy_digest,
        }

    @routes.get("/v1/decisions/{decision_id}")
    async def show(decision_id: str, _: Annotated[Principal, reader]) -> dict[str, Any]:
        """Show one decision; `receipt` is null until a checkpoint of the audit log covers it."""
        async with service.engine.connect() as connection:
            found = await decisions.find(connection, decision_id)
        if found is None:
            raise Problem(
                status=404,
                reason="no_such_decision",
                title="No such decision",
                detail="Use the `decision_id` that the gate answered with.",
            )
        return _shown(found)

    return routes


def _subject(text: str) -> str:
    try:
        return str(parse_subject(text))
    except InvalidSubject as error:
        raise _refused("invalid_subject", "Not a subject", str(error), "/subject") from None


def _refused(reason: str, title: str, detail: str, pointer: str) -> Problem:
    return Problem(
        status=422, reason=reason, title=title, detail=detail, errors=[{"pointer": pointer, "detail": detail}]
    )


def _shown(found: RowMapping) -> dict[str, Any]:
    names = ("decision", "decision_id", "subject", "version", "environment", "requested_by", "asked_by", "via")
    receipt = None
    if found["log_size"] is not None:
        receipt = {
            "index": found["log_index"],
            "checkpoint": {"origin": found["log_origin"], "size": found["log_size"]},
        }
    return {name: found[name] for name in names} | {
        "reasons": found["reasons"],
        "policy_digest": found["policy_digest"],
        "decided_at": format_time(found["decided_at"]),
        "event_id": found["event_id"],
        "inputs": found["inputs"],
        "shadow": found["shadow"],
        "receipt": receipt,
    }

"""`POST /v1/gate` and `GET /v1/decisions/{id}`."""

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy import RowMapping

from govbus.contracts.envelope import format_time
from govbus.contracts.fields import Name, SubjectText
from govbus.contracts.subjects import InvalidSubject, parse_subject
from govbus.eventing.access import Principal
from govbus.eventing.problems import Problem
from govbus.eventing.progress import InvalidPosition
from govbus.eventing.service import Service
from govbus.risk.deciding import Repeatable
from govbus.risk.gate import Gate, KeyExpired, KeyReused
from govbus.risk.store import decisions

Key = Annotated[str | None, Header(min_length=1, max_length=255, pattern=r"^[\x20-\x7e]+$")]
"""`Idempotency-Key`. Source: draft-ietf-httpapi-idempotency-key-header."""


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
    async def ask(
        asked: GateRequest, who: Annotated[Principal, anybody], response: Response, idempotency_key: Key = None
    ) -> dict[str, Any]:
        """Decide whether a version may go to an environment: 200 for allow, deny and review alike.

        Asked again under the same `Idempotency-Key` the decision is the same one, and is recorded once.
        """
        question = gate.question(_subject(asked.subject), asked.version, asked.environment, asked.requested_by)
        try:
            answered = await gate.answer(question, asked.after, who.actor, _repeatable(asked, idempotency_key))
        except InvalidPosition as error:
            raise _refused("invalid_position", "Not a position", str(error), "/after") from None
        except KeyReused:
            raise _key_refused("idempotency_key_reused", "This Idempotency-Key belongs to another question") from None
        except KeyExpired:
            raise _key_refused("idempotency_key_expired", "The decision under this Idempotency-Key is old") from None
        if answered.is_repeated:
            response.headers["Idempotency-Replayed"] = "true"
        return {
            "decision": answered.outcome,
            "decision_id": answered.decision_id,
            "reasons": answered.reasons,
            "policy_digest": answered.policy_digest,
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


def _repeatable(asked: GateRequest, key: str | None) -> Repeatable | None:
    return Repeatable(key, hashlib.sha256(asked.model_dump_json().encode()).digest()) if key is not None else None


def _key_refused(reason: str, what: str) -> Problem:
    return Problem(
        status=422, reason=reason, title="Key used before", detail=f"{what}; take a new key to be decided anew."
    )


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

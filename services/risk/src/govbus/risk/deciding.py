"""One release decision inside an open transaction: state → document → rules → decision, recorded with its event."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.contracts.conclusions.release import Reason as SaidReason
from govbus.contracts.conclusions.release import ReleaseAllowed, ReleaseBlocked
from govbus.contracts.envelope import Event
from govbus.contracts.topics import RISK
from govbus.eventing.outbox import Outbox
from govbus.risk.domain.decision import NO_POLICY, Decision, Reason, decide, guarded
from govbus.risk.domain.document import Document, Question, document
from govbus.risk.domain.folding import RuleData
from govbus.risk.policy.bundle import as_json
from govbus.risk.policy.rule import BundleRefused
from govbus.risk.shelf import Shelf
from govbus.risk.store import bundles, decisions, incidents, subjects

Release = ReleaseAllowed | ReleaseBlocked
NO_DIGEST = "none"
"""Policy digest of a decision taken while no bundle was active."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision with what it was taken from."""

    decision: Decision
    policy_digest: str
    inputs: dict[str, Any]
    shadow: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Repeatable:
    """The Idempotency-Key of a question, and the digest of what was asked under it."""

    key: str
    asked_sha256: bytes


class Decider:
    """Decides questions with the active bundle, and records what the shadow bundle would have said otherwise."""

    def __init__(self, data: RuleData, shelf: Shelf) -> None:
        """Decide with this taxonomy and these bounds."""
        self._data = data
        self._shelf = shelf

    async def verdict(self, connection: AsyncConnection, question: Question, guards: Sequence[Reason]) -> Verdict:
        """Return the decision; `guards` are reasons that stand before any rule. The subject's lock is held."""
        state = await subjects.load(connection, question.subject, question.version)
        open_ = await incidents.open_incidents(connection, question.subject)
        seen = document(question, state, open_, self._data)
        active = await bundles.active(connection)
        enforcing = active.get("enforce")
        digest = enforcing.digest if enforcing else NO_DIGEST
        decision = await self._decide(connection, enforcing.digest if enforcing else None, seen, guards)
        shadow = active.get("shadow")
        differing = None
        if shadow and shadow.digest != digest:
            other = await self._decide(connection, shadow.digest, seen, guards)
            differing = _differing(shadow.digest, other) if other.outcome != decision.outcome else None
        return Verdict(decision, digest, as_json(seen), differing)

    async def _decide(
        self, connection: AsyncConnection, digest: str | None, seen: Document, guards: Sequence[Reason]
    ) -> Decision:
        if digest is None:
            spoken: Sequence[Reason] = (NO_POLICY,)
        else:
            try:
                spoken = (await self._shelf.take(connection, digest)).reasons(seen)
            except BundleRefused as refused:
                spoken = (Reason("policy_broken", "deny", f"The active bundle cannot be used: {refused.problems[0]}"),)
        return decide((*guards, *guarded(spoken, version_registered=seen.version.registered)))


async def record(
    connection: AsyncConnection,
    outbox: Outbox,
    question: Question,
    verdict: Verdict,
    *,
    decision_id: str,
    asked_by: str,
    via: Literal["http", "event"],
    event: Callable[[Release], Event],
    repeatable: Repeatable | None = None,
) -> None:
    """Put the decision's row and its event into the transaction: both are there, or neither is."""
    said = said_reasons(verdict.decision)
    shared = {
        "decision_id": decision_id,
        "version": question.version,
        "environment": question.environment,
        "requested_by": question.requested_by,
        "decision": verdict.decision.outcome,
        "reasons": said,
        "policy_digest": verdict.policy_digest,
        "inputs": verdict.inputs,
        "via": via,
    }
    kind = ReleaseAllowed if verdict.decision.outcome == "allow" else ReleaseBlocked
    released = event(kind.model_validate(shared))
    row = {
        **shared,
        "reasons": [item.model_dump(mode="json") for item in said],
        "event_id": released.id,
        "subject": question.subject,
        "asked_by": asked_by,
        "shadow": verdict.shadow,
        "decided_at": question.at,
        "idempotency_key": repeatable and repeatable.key,
        "asked_sha256": repeatable and repeatable.asked_sha256,
    }
    await decisions.put(connection, row)
    outbox.append(released, RISK)


def said_reasons(decision: Decision) -> tuple[SaidReason, ...]:
    """Return the reasons as events and answers carry them."""
    return tuple(
        SaidReason(rule=item.rule, message=item.message, remedy=item.remedy, sources=item.sources)
        for item in decision.reasons
    )


def _differing(digest: str, decision: Decision) -> dict[str, Any]:
    return {
        "policy_digest": digest,
        "decision": decision.outcome,
        "reasons": [asdict(item) | {"sources": list(item.sources)} for item in decision.reasons],
    }

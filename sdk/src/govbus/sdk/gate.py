"""Asking whether a version may go to an environment."""

from dataclasses import dataclass
from typing import Any, Final

from govbus.sdk.transport import Transport

PATH: Final = "/v1/gate"
ALLOW: Final = "allow"


@dataclass(frozen=True, slots=True)
class Question:
    """What the gate is asked; `after` is the position of an event that it must have taken into account."""

    subject: str
    version: str
    environment: str
    requested_by: str
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule's part in a decision: what it says, what to do, where it comes from."""

    rule: str
    message: str
    remedy: str | None
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """The gate's answer; only `allow` is a yes."""

    decision: str
    decision_id: str
    reasons: tuple[Reason, ...]
    policy_digest: str
    document: dict[str, Any]

    @property
    def allowed(self) -> bool:
        """Whether the release may go on."""
        return self.decision == ALLOW


def ask(transport: Transport, token: str, question: Question) -> Decision:
    """Return the decision, which is on record by then.

    Raises:
        Refused: the question cannot be answered as it is.
        Unreachable: no decision; a release must not go on.
    """
    asked = {
        "subject": question.subject,
        "version": question.version,
        "environment": question.environment,
        "requested_by": question.requested_by,
    }
    document = transport.post(PATH, token, asked | ({"after": question.after} if question.after else {})).document()
    reasons = document.get("reasons")
    return Decision(
        decision=str(document.get("decision")),
        decision_id=str(document.get("decision_id")),
        reasons=tuple(map(_reason, reasons if isinstance(reasons, list) else ())),
        policy_digest=str(document.get("policy_digest")),
        document=document,
    )


def _reason(item: dict[str, Any]) -> Reason:
    remedy = item.get("remedy")
    return Reason(
        rule=str(item.get("rule")),
        message=str(item.get("message")),
        remedy=None if remedy is None else str(remedy),
        sources=tuple(map(str, item.get("sources") or ())),
    )

"""From verdicts of rules to one decision that explains itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

Effect = Literal["deny", "review", "warn"]
Outcome = Literal["allow", "deny", "review"]

_STRENGTH: Final[dict[Effect, int]] = {"deny": 0, "review": 1, "warn": 2}


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that spoke against, or a warning: what it says, what to do, and where it comes from."""

    rule: str
    effect: Effect
    message: str
    remedy: str = ""
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer with its reasons, the strongest first."""

    outcome: Outcome
    reasons: tuple[Reason, ...]


def decide(reasons: Iterable[Reason]) -> Decision:
    """Return the decision the reasons add up to: one `deny` denies, else one `review` asks for people.

    Pure. The order of reasons changes nothing: they come out by strength, then by rule.
    """
    by_strength = sorted(set(reasons), key=lambda reason: (_STRENGTH[reason.effect], reason.rule, reason.message))
    effects = {reason.effect for reason in by_strength}
    outcome: Outcome = "deny" if "deny" in effects else "review" if "review" in effects else "allow"
    return Decision(outcome, tuple(by_strength))


def guarded(reasons: Sequence[Reason], version_registered: bool) -> Sequence[Reason]:  # noqa: FBT001
    """Return the reasons with the one that no bundle can leave out: a version nobody registered is denied."""
    if version_registered or any(item.rule == UNREGISTERED.rule and item.effect == "deny" for item in reasons):
        return reasons
    return (*reasons, UNREGISTERED)


UNREGISTERED: Final = Reason(
    rule="unregistered-version",
    effect="deny",
    message="Nobody registered this version",
    remedy="Emit model.version_created for it, then ask again",
    sources=("NIST AI RMF GOVERN 1.6",),
)
STATE_BEHIND: Final = Reason(
    rule="state_behind",
    effect="deny",
    message="Risk has not read as far as the event given as `after`",
    remedy="Ask again in a few seconds; if it stays so, look at risk's lag and at govbus parked list",
)
STATE_UNKNOWN: Final = Reason(
    rule="state_unknown",
    effect="deny",
    message="Risk cannot tell how far behind it is",
    remedy="See /readyz of risk: its broker or database is away",
)
STATE_STALE: Final = Reason(
    rule="state_behind",
    effect="deny",
    message="Risk's oldest unread record is older than the gate allows",
    remedy="Ask again when risk has caught up; see its lag",
)
SUBJECT_PARKED: Final = Reason(
    rule="subject_parked",
    effect="deny",
    message="Records of this subject, or about incidents, are parked: what is known of it is incomplete",
    remedy="govbus parked list --service risk, then replay or discard them",
)
NO_POLICY: Final = Reason(
    rule="no_policy",
    effect="deny",
    message="No policy bundle is active",
    remedy="POST /v1/policies and activate a bundle",
)

"""Rules that say which signals become incidents, how severe, and by when somebody must have taken them on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from govbus.oversight.domain.severity import Severity
from govbus.oversight.domain.signal import Kind, Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule; `severity` set overrides what the signal claims, `environments` are globs (a signal without one fits).

    `acknowledge_within` is per severity: a severity without an entry has no deadline.
    """

    id: str
    kind: Kind
    minimum_severity: Severity = Severity.LOW
    severity: Severity | None = None
    environments: tuple[str, ...] = ("*",)
    acknowledge_within: tuple[tuple[Severity, timedelta], ...] = ()


@dataclass(frozen=True, slots=True)
class Opens:
    """The signal is to be an incident, by this rule; None when a person's word alone opens it."""

    rule_id: str | None
    severity: Severity
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class NoIncident:
    """The signal stays a warning; `reason` says which rules were tried."""

    reason: str


def rule_on(signal: Signal, rules: Sequence[Rule]) -> Opens | NoIncident:
    """Return what the first fitting rule says of the signal, in the order of the rules file."""
    tried: list[str] = []
    for rule in rules:
        if rule.kind is not signal.kind:
            continue
        if _fits(rule, signal):
            severity = rule.severity or signal.severity
            within = dict(rule.acknowledge_within).get(severity)
            return Opens(rule.id, severity, None if within is None else signal.said_at + within)
        tried.append(rule.id)
    return NoIncident(f"no rule of {', '.join(tried)} fits" if tried else f"no rule for {signal.kind}")


def _fits(rule: Rule, signal: Signal) -> bool:
    if signal.severity.rank < rule.minimum_severity.rank:
        return False
    environment = signal.environment
    return environment is None or any(fnmatchcase(environment, pattern) for pattern in rule.environments)

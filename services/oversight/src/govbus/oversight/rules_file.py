"""Reads the incident rules (`policies/incidents.yaml`): data, not code."""

from datetime import timedelta
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from govbus.oversight.domain.rules import Rule
from govbus.oversight.domain.severity import Severity
from govbus.oversight.domain.signal import Kind


class RulesRejected(ValueError):
    """A rules file that cannot be used; the message says where and why."""


class _RuleText(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(min_length=1, max_length=100, pattern=r"^[a-z][a-z0-9-]*$")
    kind: Kind
    minimum_severity: Severity = Severity.LOW
    severity: Severity | None = None
    environments: tuple[str, ...] = Field(default=("*",), min_length=1)
    acknowledge_within_minutes: dict[Severity, int] = Field(default_factory=dict)


class _RulesText(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1]
    rules: tuple[_RuleText, ...] = Field(min_length=1)


def load_rules(path: Path) -> tuple[Rule, ...]:
    """Return the rules in file order.

    Raises:
        RulesRejected: unreadable, not YAML, an unknown key or value, or an id that stands twice.
    """
    try:
        found = _RulesText.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise RulesRejected(f"{path} cannot be read: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise RulesRejected(f"{path} is not YAML: {error}") from None
    except ValidationError as error:
        wrong = "; ".join(f"/{'/'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise RulesRejected(f"{path}: {wrong}") from None
    ids = [rule.id for rule in found.rules]
    if len(set(ids)) != len(ids):
        raise RulesRejected(f"{path}: a rule id stands twice")
    return tuple(map(_rule, found.rules))


def _rule(text: _RuleText) -> Rule:
    within = text.acknowledge_within_minutes
    return Rule(
        id=text.id,
        kind=text.kind,
        minimum_severity=text.minimum_severity,
        severity=text.severity,
        environments=text.environments,
        acknowledge_within=tuple((severity, timedelta(minutes=minutes)) for severity, minutes in within.items()),
    )

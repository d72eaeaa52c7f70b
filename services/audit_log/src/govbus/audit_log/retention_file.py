"""Reads the retention policy (`policies/retention.yaml`): data, not code."""

from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from govbus.audit_log.domain.retention import BelowFloor, Policy, Rule
from govbus.contracts import all_events
from govbus.eventing.manifest import StartRefused

_OWN_LABELS = ("unparseable", "duplicate_refused", "access")
_KEEP_DAYS_LIMIT = 36_500


class PolicyRefused(StartRefused):
    """A policy that cannot be used; the message says where and why."""


class _RuleText(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    class_: str = Field(alias="class", pattern=r"^[a-z][a-z0-9_-]*$", max_length=100)
    keep_days: int = Field(ge=1, le=_KEEP_DAYS_LIMIT, strict=True)
    types: tuple[Annotated[str, Field(min_length=1, max_length=512)], ...] = Field(min_length=1)


class _PolicyText(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1]
    rules: tuple[_RuleText, ...]


def load_policy(path: Path) -> Policy:
    """Return the policy of a file.

    Raises:
        PolicyRefused: unreadable, not YAML, an unknown key or value, or less than the law wants.
    """
    try:
        found = _PolicyText.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        policy = Policy(tuple(Rule(rule.types, rule.class_, rule.keep_days) for rule in found.rules))
        policy.check([*(declared.full_name for declared in all_events.TYPES), *_OWN_LABELS])
    except OSError as error:
        raise PolicyRefused(f"{path} cannot be read: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise PolicyRefused(f"{path} is not YAML: {error}") from None
    except ValidationError as error:
        wrong = "; ".join(f"/{'/'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise PolicyRefused(f"{path}: {wrong}") from None
    except BelowFloor as error:
        raise PolicyRefused(f"{path}: {error}") from None
    return policy

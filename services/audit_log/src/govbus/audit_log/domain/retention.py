"""How long payloads are kept, by type: what the policy says, never less than the law.

Source: Regulation (EU) 2024/1689, Art. 18 (documentation: ten years), Art. 19 and 26(6) (logs: six months).
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fnmatch import fnmatchcase
from typing import Final

from govbus.contracts import strict_json

LOGS_DAYS: Final = 184
"""The longest six months."""

DOCUMENTATION_DAYS: Final = 3653
"""The longest ten years."""

_DOCUMENTED: Final = re.compile(
    r"dev\.govbus\.(system|model|dataset|vendor|validation|explanation|approval|deployment|risk|obligation|policy"
    r"|release|review|incident|report|ownership|record|fact)\."
)
"""What the system is, how it was made, examined, approved and changed. `payload_floor_days` in the database agrees."""


class BelowFloor(ValueError):
    """A policy that would keep something for less long than the law wants; the message says what."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Types (globs) and how long their payloads are kept."""

    types: tuple[str, ...]
    class_name: str
    keep_days: int


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules; the first that fits a label decides."""

    rules: tuple[Rule, ...]

    @property
    def sha256(self) -> str:
        """Return a digest of what the policy says."""
        said = [[list(rule.types), rule.class_name, rule.keep_days] for rule in self.rules]
        return hashlib.sha256(strict_json.dump_sorted({"rules": said})).hexdigest()

    def keep_days(self, label: str) -> int | None:
        """Return for how long payloads of a label are kept, None for ever, which is what no rule fits.

        A label is an event's type, or the kind of an entry that has none.
        """
        for rule in self.rules:
            if any(fnmatchcase(label, pattern) for pattern in rule.types):
                return max(rule.keep_days, floor_days(label))
        return None

    def check(self, labels: Iterable[str]) -> None:
        """Return if no rule goes below the floor of any of these labels.

        Raises:
            BelowFloor: one does.
        """
        for label in labels:
            for rule in self.rules:
                if any(fnmatchcase(label, pattern) for pattern in rule.types):
                    if rule.keep_days < floor_days(label):
                        raise BelowFloor(
                            f"class {rule.class_name} keeps {label} for {rule.keep_days} days, "
                            f"the law wants {floor_days(label)}"
                        )
                    break


def floor_days(label: str) -> int:
    """Return for how many days the law wants a payload kept."""
    return DOCUMENTATION_DAYS if _DOCUMENTED.match(label) else LOGS_DAYS


def prunable(policy: Policy, labels: Iterable[str], today: date) -> Mapping[date, tuple[str, ...]]:
    """Return day → labels: payloads of these labels logged before that day may go."""
    found: dict[date, list[str]] = {}
    for label in sorted(set(labels)):
        days = policy.keep_days(label)
        if days is not None:
            found.setdefault(today - timedelta(days=days), []).append(label)
    return {before: tuple(names) for before, names in sorted(found.items())}

"""Matchers in Alertmanager's form, with globs: `type = incident.*`, `severity = high|critical`, `tier != minimal`.

Regular expressions (`=~`) are refused: a pattern in a configuration file must not be able to hang the service.
"""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from govbus.notifier.domain.alert import LABEL_NAMES, Labels

_MATCHER: Final = re.compile(r"\s*([a-z_]+)\s*(!=|=)(?!~)\s*(.+?)\s*", re.DOTALL)
_PATTERN_LIMIT_COUNT: Final = 512


class InvalidMatcher(ValueError):
    """A matcher that cannot be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition: a label has a value that fits one of the globs (or, negated, none that does)."""

    label: str
    globs: tuple[str, ...]
    negated: bool = False

    def holds(self, labels: Labels) -> bool:
        """Return whether the labels satisfy it; an absent label satisfies only a negated matcher."""
        fits = any(fnmatchcase(value, glob) for value in labels.get(self.label, ()) for glob in self.globs)
        return fits != self.negated


def parse_matcher(text: str) -> Matcher:
    """Return the matcher written in `text`; quotes around the value are allowed.

    Raises:
        InvalidMatcher: unknown label or operator, or no value.
    """
    found = _MATCHER.fullmatch(text)
    if found is None or len(text) > _PATTERN_LIMIT_COUNT:
        raise InvalidMatcher(f"{text[:80]!r} is not `label = glob` or `label != glob` (`|` between alternatives)")
    label, operator, value = found.groups()
    if label not in LABEL_NAMES:
        raise InvalidMatcher(f"{label!r} is no label; known are {', '.join(sorted(LABEL_NAMES))}")
    globs = tuple(part.strip() for part in value.strip("\"'").split("|"))
    if not all(globs):
        raise InvalidMatcher(f"{text[:80]!r} has an empty alternative")
    return Matcher(label, globs, negated=operator == "!=")

"""Something people may have to be told: an event, reduced to what routing and wording need."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

GOVERNED_WITH_NAMESPACE: Final = frozenset({"model", "system", "dataset", "vendor"})
LABEL_NAMES: Final = frozenset({"type", "subject", "about", "namespace", "severity", "tier", "reason", "source"})
"""What matchers may ask for."""

Labels = Mapping[str, tuple[str, ...]]
"""Label → its values; one of them matching is a match."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert; `type` is the short event type, `known_at` when Govbus came to know.

    `details` are the words that templates use and receivers get, in order. `same_when` tells repeats from news: two
    alerts of one type and subject with equal values here say the same thing. `is_confidential` keeps all free text
    inside: receivers are told where to look, not what it says.
    """

    type: str
    source: str
    subject: str
    known_at: datetime
    about: tuple[str, ...] = ()
    severity: str | None = None
    reason: str | None = None
    details: tuple[tuple[str, str], ...] = ()
    same_when: tuple[str, ...] = ()
    is_confidential: bool = False

    @property
    def subjects(self) -> tuple[str, ...]:
        """The subject and everything else it is about, each once."""
        return tuple(dict.fromkeys((self.subject, *self.about)))

    def labels(self, tiers: tuple[str, ...] = ()) -> Labels:
        """Return what matchers see; `tiers` are the risk tiers known of its subjects."""
        return {
            "type": (self.type,),
            "subject": (self.subject,),
            "about": self.subjects,
            "namespace": tuple(dict.fromkeys(filter(None, map(_namespace, self.subjects)))),
            "severity": (self.severity,) if self.severity else (),
            "tier": tiers,
            "reason": (self.reason,) if self.reason else (),
            "source": (self.source,),
        }


def _namespace(subject: str) -> str | None:
    kind, _, rest = subject.partition("/")
    namespace, _, name = rest.partition("/")
    return namespace if kind in GOVERNED_WITH_NAMESPACE and name else None

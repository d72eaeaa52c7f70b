"""A signal: what a record says that may have to become an incident."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from govbus.oversight.domain.severity import Severity


class Kind(StrEnum):
    """Where an incident comes from."""

    FAILED_VALIDATION = "failed_validation"
    THRESHOLD_BREACH = "threshold_breach"
    DRIFT = "drift"
    REPORTED = "reported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One thing that went wrong, as a platform or the risk service said it.

    `evidence_id` is the id of the event that shows it; `said_at` is when Govbus came to know.
    """

    kind: Kind
    severity: Severity
    about: tuple[str, ...]
    summary: str
    evidence_id: str
    said_at: datetime
    version: str | None = None
    environment: str | None = None
    metric: str | None = None
    subgroup: str | None = None
    occurred_at: datetime | None = None
    detected_at: datetime | None = None
    near_miss: bool = False
    exercise: bool = False

    @property
    def fingerprint(self) -> bytes:
        """SHA-256 that is equal for signals of one and the same trouble.

        A failed validation of a deployed version is one trouble for ever: subject, version and evidence. A figure out
        of bounds is one trouble while it is open: subject, metric, subgroup, environment. A report stands for itself.
        """
        parts: tuple[str | None, ...]
        match self.kind:
            case Kind.FAILED_VALIDATION:
                parts = (self.version, self.evidence_id)
            case Kind.THRESHOLD_BREACH | Kind.DRIFT:
                parts = (self.metric, self.subgroup, self.environment)
            case Kind.REPORTED:
                parts = (self.evidence_id,)
        digest = hashlib.sha256()
        for part in (self.kind.value, *self.about, *parts):
            digest.update(b"-" if part is None else b"%d:%s" % (len(part.encode()), part.encode()))
        return digest.digest()

    @property
    def returns(self) -> bool:
        """Whether the same trouble, once resolved, may come again and is then a new incident."""
        return self.kind in (Kind.THRESHOLD_BREACH, Kind.DRIFT)

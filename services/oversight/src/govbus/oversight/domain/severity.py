"""How bad an incident is, in order."""

from enum import StrEnum


class Severity(StrEnum):
    """From least to worst; the order of definition is the order of `rank`."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for the least."""
        return tuple(Severity).index(self)

"""The table of what became of every sample: platform, files, facts, opaque, refused, ignored, reasons."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Tally:
    """What became of one platform's files."""

    files: int = 0
    facts: int = 0
    opaque: int = 0
    refused: int = 0
    ignored: int = 0
    not_input: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def refuse(self, reason: str) -> None:
        """Count a refusal."""
        self.refused += 1
        self.reasons[reason] += 1

    def ignore(self, reason: str) -> None:
        """Count what was taken and means nothing."""
        self.ignored += 1
        self.reasons[reason] += 1


COLUMNS = ("files", "facts", "opaque", "refused", "ignored", "not_input")


def table(tallies: dict[str, Tally]) -> list[str]:
    """Return the lines of the table, with a sum."""
    head = f"{'platform':24}" + "".join(f"{name:>10}" for name in COLUMNS) + "  reasons"
    lines = [head, "-" * len(head)]
    for platform, tally in sorted(tallies.items()):
        lines.append(_line(platform, tally))
    whole = Tally(**{name: sum(getattr(tally, name) for tally in tallies.values()) for name in COLUMNS})
    return [*lines, "-" * len(head), _line("all", whole)]


def _line(platform: str, tally: Tally) -> str:
    reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(tally.reasons.items()))
    return f"{platform:24}" + "".join(f"{getattr(tally, name):>10}" for name in COLUMNS) + f"  {reasons}"

"""Figures as they are answered: what samples and state say of each definition."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from govbus.audit_log.domain.kpi import Count, Coverage, Duration, Kpi
from govbus.audit_log.domain.kpi_folding import MeasureState, covered


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampled:
    """All samples of one figure together; percentiles are samples that exist (nearest rank), in seconds."""

    by_label: Mapping[str, int] = field(default_factory=dict)
    unreadable_count: int = 0
    implausible_count: int = 0
    p50_seconds: float | None = None
    p90_seconds: float | None = None
    mean_seconds: float | None = None

    @property
    def count(self) -> int:
        """How many samples count."""
        return sum(self.by_label.values())


def figure(kpi: Kpi, sampled: Sampled, state: MeasureState) -> dict[str, Any]:
    """Return a figure as JSON; a figure of nothing is null, never 0."""
    measure = kpi.measure
    said: dict[str, Any] = {"id": kpi.id, "title": kpi.title, "sources": list(kpi.sources)}
    match measure:
        case Duration():
            said |= _duration(sampled, state)
        case Count():
            said |= {"kind": "count", "count": sampled.count}
            if measure.by:
                said["by"] = dict(sorted(sampled.by_label.items()))
        case Coverage():
            said |= _coverage(measure, state)
    return said | {"unreadable_count": sampled.unreadable_count}


def _duration(sampled: Sampled, state: MeasureState) -> dict[str, Any]:
    return {
        "kind": "duration",
        "unit": "seconds",
        "count": sampled.count,
        "p50": sampled.p50_seconds,
        "p90": sampled.p90_seconds,
        "mean": sampled.mean_seconds,
        "open_count": len(state.started),
        "implausible_count": sampled.implausible_count,
    }


def _coverage(measure: Coverage, state: MeasureState) -> dict[str, Any]:
    standing_count, proved_count = covered(state, len(measure.proof.key))
    return {
        "kind": "coverage",
        "ratio": proved_count / standing_count if standing_count else None,
        "proved_count": proved_count,
        "count": standing_count,
    }

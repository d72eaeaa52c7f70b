"""Bounds on figures: named values per tier, and which of them applies to which metric."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal

from pydantic import with_config

from govbus.risk.domain.taxonomy import STRICT, Tier

Severity = Literal["low", "medium", "high", "critical"]


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class FigureBound:
    """A validation's figure must not be below `min` or above `max`, both names of values."""

    kind: str
    metric: str
    min: str | None = None
    max: str | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class GapBound:
    """The worst gap between subgroups in a validation of `kind` must not be above `max`, the name of a value."""

    kind: str
    max: str
    already_a_gap: tuple[str, ...] = ()
    never_compared: tuple[str, ...] = ()


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class ValidationBounds:
    """What the figures of validations must hold; `unit_factors` brings figures to ratios."""

    figures: tuple[FigureBound, ...] = ()
    gaps: tuple[GapBound, ...] = ()
    unit_factors: Mapping[str, float] = field(default_factory=dict)

    def figure(self, kind: str, metric: str) -> FigureBound | None:
        """Return the first bound for the metric in that kind of validation."""
        return next((bound for bound in self.figures if bound.kind == kind and matches(metric, bound.metric)), None)

    def gap(self, kind: str) -> GapBound | None:
        """Return the bound on gaps for that kind of validation."""
        return next((bound for bound in self.gaps if bound.kind == kind), None)


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class Hysteresis:
    """How long a figure must stand outside, or inside again, before that counts."""

    consecutive: int
    clears_after: int
    max_silence_hours: int
    min_sample_size: int


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class MonitorBound:
    """An observed figure must not be below `min` or above `max`; `drift` says that leaving it means drift."""

    metric: str
    min: str | None = None
    max: str | None = None
    drift: bool = False
    hysteresis: Hysteresis | None = None


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class MonitorBounds:
    """What observed figures must hold, and how severe it is when they do not."""

    severity: Mapping[Tier, Severity]
    defaults: Hysteresis
    figures: tuple[MonitorBound, ...] = ()

    def figure(self, metric: str) -> MonitorBound | None:
        """Return the first bound for the metric; an entry without a value says that there is none."""
        first = next((bound for bound in self.figures if matches(metric, bound.metric)), None)
        return first if first and (first.min or first.max) else None


@dataclass(frozen=True, slots=True)
class Bounds:
    """All of `policies/bounds/`; `digest` names its content."""

    values: Mapping[str, Mapping[Tier, float]]
    validation: ValidationBounds
    monitoring: MonitorBounds
    digest: str

    def value(self, name: str, tier: Tier) -> float:
        """Return the named value for the tier."""
        return self.values[name][tier]

    def of_tier(self, tier: Tier) -> dict[str, float]:
        """Return every named value for the tier: the rules' `bounds`."""
        return {name: by_tier[tier] for name, by_tier in sorted(self.values.items())}

    def faults(self) -> tuple[str, ...]:
        """Return the places that name a value which does not exist."""
        named = [(f"validation/figures/{item.metric}", name) for item in self.validation.figures
                 for name in (item.min, item.max)]  # fmt: skip
        named += [(f"validation/gaps/{item.kind}", item.max) for item in self.validation.gaps]
        named += [(f"monitoring/figures/{item.metric}", name) for item in self.monitoring.figures
                  for name in (item.min, item.max)]  # fmt: skip
        return tuple(f"{place}: no value {name!r}" for place, name in named if name and name not in self.values)


def matches(metric: str, glob: str) -> bool:
    """Return whether the metric's name fits the glob, case aside."""
    return fnmatchcase(metric.lower(), glob)

"""Observed figures against bounds, with hysteresis: one sample neither raises nor clears a breach."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from govbus.contracts.conclusions.monitoring import DriftDetected, ThresholdBreached
from govbus.contracts.facts.monitoring import MonitorObserved
from govbus.risk.domain.bounds import Bounds, Hysteresis, MonitorBound, Severity
from govbus.risk.domain.taxonomy import Tier

Breach = ThresholdBreached | DriftDetected

_SEPARATOR: Final = "\x1f"
"""The unit separator of ASCII: no name holds it, and one that does loses it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A breach that stands: since which observation, and what it says."""

    evidence_id: str
    detail: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class Series:
    """Where one figure of one subgroup in one environment stands."""

    version: str | None = None
    outside_count: int = 0
    inside_count: int = 0
    last_end: datetime | None = None
    standing: Standing | None = None


def series_key(fact: MonitorObserved) -> str:
    """Return what tells one series of a subject from another."""
    parts = (fact.environment, fact.deployment or "", fact.metric, fact.subgroup or "")
    return _SEPARATOR.join(part.replace(_SEPARATOR, " ") for part in parts)


def environment_of(key: str) -> str:
    """Return the environment of a series, from its key."""
    return key.partition(_SEPARATOR)[0]


def observe(
    series: Series, fact: MonitorObserved, version: str | None, fact_id: str, tier: Tier, bounds: Bounds
) -> tuple[Series, Breach | None]:
    """Return the series after the observation, and the breach when it begins to stand with it.

    Pure. Counted are windows in the order of their ends; a late one, and one whose sample is too small, count neither
    way. Another version, or a silence longer than the bound allows, begins anew.
    """
    bound = bounds.monitoring.figure(fact.metric)
    limit = _limit(bound, tier, bounds)
    if bound is None or limit is None:
        return series, None
    hysteresis = bound.hysteresis or bounds.monitoring.defaults
    if series.version != version:
        series = Series(version=version)
    if _counts_not(series, fact, hysteresis):
        return series, None
    if _was_silent(series, fact, hysteresis):
        series = replace(series, outside_count=0, inside_count=0)
    outside = fact.value < limit if bound.min else fact.value > limit
    series = replace(
        series,
        last_end=fact.window.end,
        outside_count=series.outside_count + 1 if outside else 0,
        inside_count=0 if outside else series.inside_count + 1,
    )
    if not outside:
        cleared = series.inside_count >= hysteresis.clears_after
        return (replace(series, standing=None) if cleared else series), None
    if series.standing or series.outside_count < hysteresis.consecutive:
        return series, None
    severity = bounds.monitoring.severity[tier]
    detail = _detail(fact, bound, limit, series.outside_count)
    series = replace(series, standing=Standing(fact_id, detail, severity))
    return series, _breach(fact, bound, limit, series, severity, fact_id)


def _limit(bound: MonitorBound | None, tier: Tier, bounds: Bounds) -> float | None:
    name = (bound.min or bound.max) if bound else None
    return bounds.value(name, tier) if name else None


def _counts_not(series: Series, fact: MonitorObserved, hysteresis: Hysteresis) -> bool:
    late = series.last_end is not None and fact.window.end <= series.last_end
    too_small = fact.sample_size is not None and fact.sample_size < hysteresis.min_sample_size
    return late or too_small


def _was_silent(series: Series, fact: MonitorObserved, hysteresis: Hysteresis) -> bool:
    if series.last_end is None:
        return False
    return fact.window.start - series.last_end > timedelta(hours=hysteresis.max_silence_hours)


def _detail(fact: MonitorObserved, bound: MonitorBound, limit: float, count: int) -> str:
    where = f" of {fact.subgroup}" if fact.subgroup else ""
    side = "below" if bound.min else "above"
    return f"{fact.metric}{where} in {fact.environment} is {fact.value:g}, {side} {limit:g}, {count} windows in a row"


def _breach(
    fact: MonitorObserved, bound: MonitorBound, limit: float, series: Series, severity: Severity, fact_id: str
) -> Breach:
    said = {
        "version": series.version,
        "environment": fact.environment,
        "metric": fact.metric,
        "kind": fact.kind,
        "value": fact.value,
        "bound": limit,
        "bound_kind": "min" if bound.min else "max",
        "subgroup": fact.subgroup,
        "window": fact.window,
        "severity": severity,
        "consecutive_count": series.outside_count,
        "observation_id": fact_id,
    }
    if bound.drift:
        return DriftDetected.model_validate({**said, "baseline": fact.baseline})
    return ThresholdBreached.model_validate(said)

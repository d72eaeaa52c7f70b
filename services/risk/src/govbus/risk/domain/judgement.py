"""What the bounds say of a validation: passed only when something ran, it passed, and every figure held."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from govbus.contracts.conclusions.validation import JudgedMeasurement, ValidationFailed, ValidationPassed
from govbus.contracts.facts.validation import Measurement, ValidationCompleted
from govbus.risk.domain.bounds import Bounds, FigureBound, GapBound, matches
from govbus.risk.domain.taxonomy import Tier

Judgement = ValidationPassed | ValidationFailed

_NOT_A_PASS: Final = {
    "failed": "its own outcome is failed",
    "errored": "it errored before it could say anything: that is no pass",
    "nothing_ran": "no check ran: that is no pass",
}
_MOST_REASONS: Final = 200
"""The contract's limit on reasons."""


@dataclass(frozen=True, slots=True)
class Gap:
    """The worst gap found, and where."""

    size: float
    place: str


def judge(fact: ValidationCompleted, validation_id: str, tier: Tier, bounds: Bounds) -> Judgement:
    """Return what the bounds of the tier say of the validation.

    Pure. The platform's own outcome can only make it worse: a passed outcome whose figures break a bound is failed,
    and so is a validation of gaps that compares nobody.
    """
    judged = tuple(_judge_figure(item, fact.kind, tier, bounds) for item in fact.measurements)
    gap_bound = bounds.validation.gap(fact.kind)
    gap = worst_gap(fact.measurements, gap_bound, bounds) if gap_bound else None
    reasons = [_NOT_A_PASS[fact.outcome]] if fact.outcome in _NOT_A_PASS else []
    reasons += [_broken(item) for item in judged if not item.held]
    if gap_bound:
        reasons += _gap_reasons(gap, bounds.value(gap_bound.max, tier), any(item.bound is not None for item in judged))
    shared = {
        "version": fact.version,
        "kind": fact.kind,
        "validation_id": validation_id,
        "measurements": judged,
        "worst_gap": gap.size if gap else None,
        "bounds_source": bounds.digest,
    }
    if not reasons:
        return ValidationPassed.model_validate(shared)
    return ValidationFailed.model_validate({**shared, "reasons": tuple(reasons[:_MOST_REASONS])})


def worst_gap(measurements: Sequence[Measurement], bound: GapBound, bounds: Bounds) -> Gap | None:
    """Return the worst difference of one metric between two subgroups, or the worst figure that is one already."""
    gaps = []
    by_metric: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for item in measurements:
        value = item.value * bounds.validation.unit_factors.get((item.unit or "").lower(), 1.0)
        if any(matches(item.metric, glob) for glob in bound.never_compared):
            continue
        if any(matches(item.metric, glob) for glob in bound.already_a_gap):
            gaps.append(Gap(abs(value), f"{item.metric} of {item.subgroup or 'all'}"))
        elif item.subgroup is not None:
            by_metric[item.metric].append((value, item.subgroup))
    for metric, values in sorted(by_metric.items()):
        if len({subgroup for _, subgroup in values}) > 1:
            (low, least), (high, most) = min(values), max(values)
            gaps.append(Gap(round(high - low, 12), f"{metric} between {least} and {most}"))
    return max(gaps, key=lambda gap: gap.size, default=None)


def _judge_figure(item: Measurement, kind: str, tier: Tier, bounds: Bounds) -> JudgedMeasurement:
    bound = bounds.validation.figure(kind, item.metric)
    limit = _limit(bound, tier, bounds)
    if bound is None or limit is None:
        return JudgedMeasurement(metric=item.metric, subgroup=item.subgroup, value=item.value, held=True)
    value = item.value * bounds.validation.unit_factors.get((item.unit or "").lower(), 1.0)
    return JudgedMeasurement(
        metric=item.metric,
        subgroup=item.subgroup,
        value=value,
        bound=limit,
        bound_kind="min" if bound.min else "max",
        held=value >= limit if bound.min else value <= limit,
    )


def _limit(bound: FigureBound | None, tier: Tier, bounds: Bounds) -> float | None:
    name = (bound.min or bound.max) if bound else None
    return bounds.value(name, tier) if name else None


def _broken(item: JudgedMeasurement) -> str:
    where = f" of {item.subgroup}" if item.subgroup else ""
    side = "below the least" if item.bound_kind == "min" else "above the most"
    return f"{item.metric}{where} is {item.value:g}, {side} allowed, {item.bound:g}"


def _gap_reasons(gap: Gap | None, limit: float, other_bound_applied: bool) -> list[str]:  # noqa: FBT001
    if gap is None:
        return [] if other_bound_applied else ["it compares no subgroups: no figure shows a gap"]
    return [f"gap in {gap.place} is {gap.size:g}, above the most allowed, {limit:g}"] if gap.size > limit else []

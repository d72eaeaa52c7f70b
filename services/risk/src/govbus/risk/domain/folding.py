"""The fold of facts into a subject's state, and what risk concludes at each step."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from govbus.contracts.catalogue import Payload
from govbus.contracts.conclusions.scoring import RiskScored
from govbus.contracts.facts.deployment import DeploymentCompleted, DeploymentRequested
from govbus.contracts.facts.model import ModelRegistered, ModelVersionCreated
from govbus.contracts.facts.monitoring import MonitorObserved
from govbus.contracts.facts.validation import ValidationCompleted
from govbus.risk.domain.aggravation import aggravations
from govbus.risk.domain.bounds import Bounds
from govbus.risk.domain.judgement import judge
from govbus.risk.domain.monitoring import Series, environment_of, observe, series_key
from govbus.risk.domain.scoring import score, tier_for
from govbus.risk.domain.subject import Deployment, Judged, SubjectState
from govbus.risk.domain.taxonomy import Taxonomy

MONITORING_EVIDENCE = "monitoring"
"""Kind of evidence that observed figures are, where every one of them is inside its bound."""


@dataclass(frozen=True, slots=True)
class RuleData:
    """The versioned data that decisions are made with."""

    taxonomy: Taxonomy
    bounds: Bounds


@dataclass(frozen=True, slots=True)
class Step:
    """State after a fact, and what was concluded from it, in order."""

    state: SubjectState
    conclusions: tuple[Payload, ...] = ()


FOLDED = (ModelRegistered, ModelVersionCreated, ValidationCompleted, DeploymentCompleted, MonitorObserved)
"""Facts that change what risk knows of a subject."""


def version_spoken_of(fact: Payload | None) -> str | None:
    """Return the version a fact is about, if it names one."""
    match fact:
        case ModelVersionCreated() | ValidationCompleted() | DeploymentRequested() | DeploymentCompleted():
            return fact.version
        case MonitorObserved():
            return fact.version
        case _:
            return None


def fold(state: SubjectState, fact: Payload, fact_id: str, at: datetime, data: RuleData) -> Step:
    """Return the state after `fact` and the conclusions drawn from it.

    Pure: the same facts in the same order give the same conclusions. A fact that risk has no use for changes nothing.
    `at` is when Govbus came to know the fact. `risk.scored` is concluded only when it differs from the last one.
    """
    step = _apply(state, fact, fact_id, at, data)
    if step is None:
        return Step(state)
    scored = score_of(step.state, data)
    if scored == step.state.score:
        return step
    return Step(replace(step.state, score=scored), (*step.conclusions, scored))


def score_of(state: SubjectState, data: RuleData) -> RiskScored:
    """Return the score of the state as it is."""
    tier = tier_for(data.taxonomy, state.answers)
    return score(data.taxonomy, state.answers, evidence_kinds(state), aggravations(state, tier, data.bounds))


def evidence_kinds(state: SubjectState) -> frozenset[str]:
    """Return the kinds of evidence that every version in use has."""
    passed = [
        frozenset(kind for kind, judged in state.version(name).judged.items() if judged.outcome == "passed")
        for name in state.in_use()
    ]
    shown = frozenset.intersection(*passed) if passed else frozenset[str]()
    watched = bool(state.series) and all(series.standing is None for series in state.series.values())
    return shown | {MONITORING_EVIDENCE} if watched else shown


def _apply(state: SubjectState, fact: Payload, fact_id: str, at: datetime, data: RuleData) -> Step | None:
    match fact:
        case ModelRegistered():
            owners, answers = {**state.owners, **fact.owners}, {**state.answers, **fact.taxonomy_answers}
            return Step(replace(state, registered=True, owners=owners, answers=answers))
        case ModelVersionCreated():
            version = replace(state.version(fact.version), registered=True)
            versions = {**state.versions, fact.version: version}
            return Step(replace(state, latest_version=fact.version, versions=versions))
        case ValidationCompleted():
            return _validated(state, fact, fact_id, at, data)
        case DeploymentCompleted():
            deployments = {**state.deployments, fact.environment: Deployment(fact.version, fact_id)}
            return Step(replace(state, deployments=deployments, series=_of_versions_in_use(state, fact)))
        case MonitorObserved():
            return _observed(state, fact, fact_id, data)
        case _:
            return None


def _validated(state: SubjectState, fact: ValidationCompleted, fact_id: str, at: datetime, data: RuleData) -> Step:
    judgement = judge(fact, fact_id, tier_for(data.taxonomy, state.answers), data.bounds)
    reasons = getattr(judgement, "reasons", ())
    judged = Judged(
        kind=fact.kind,
        outcome="failed" if reasons else "passed",
        validation_id=fact_id,
        at=at,
        worst_gap=judgement.worst_gap,
        independent=fact.independent is True,
        evaluator=fact.evaluator,
        reasons=reasons,
    )
    before = state.version(fact.version)
    version = replace(before, judged={**before.judged, fact.kind: judged})
    return Step(replace(state, versions={**state.versions, fact.version: version}), (judgement,))


def _observed(state: SubjectState, fact: MonitorObserved, fact_id: str, data: RuleData) -> Step:
    if data.bounds.monitoring.figure(fact.metric) is None:
        return Step(state)
    key = series_key(fact)
    deployment = state.deployments.get(fact.environment)
    version = fact.version or (deployment.version if deployment else None)
    before = state.series.get(key, Series(version=version))
    series, breach = observe(before, fact, version, fact_id, tier_for(data.taxonomy, state.answers), data.bounds)
    after = replace(state, series={**state.series, key: series})
    return Step(after, (breach,) if breach else ())


def _of_versions_in_use(state: SubjectState, fact: DeploymentCompleted) -> Mapping[str, Series]:
    """Return the series without those of the version that the deployment replaced: their breaches went with it."""
    return {
        key: series
        for key, series in state.series.items()
        if environment_of(key) != fact.environment or series.version == fact.version
    }

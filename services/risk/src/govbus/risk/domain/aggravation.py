"""What makes a subject's risk worse than its score: breaches that stand, bad or unknown versions in use."""

from govbus.contracts.conclusions.scoring import Aggravation
from govbus.risk.domain.bounds import Bounds
from govbus.risk.domain.subject import SubjectState
from govbus.risk.domain.taxonomy import Tier

_MOST: int = 200
"""The contract's limit on aggravations."""


def aggravations(state: SubjectState, tier: Tier, bounds: Bounds) -> tuple[Aggravation, ...]:
    """Return every aggravation that holds in this state, in a fixed order.

    Pure. Whether the deployment or the failed validation came first makes no difference.
    """
    severity = bounds.monitoring.severity[tier]
    found = []
    for environment, deployment in sorted(state.deployments.items()):
        version = state.version(deployment.version)
        if not version.registered:
            found.append(
                Aggravation(
                    code="unregistered_version",
                    version=deployment.version,
                    environment=environment,
                    evidence_id=deployment.fact_id,
                    detail=f"version {deployment.version} runs in {environment} and nobody registered it",
                    severity=severity,
                )
            )
        found += [
            Aggravation(
                code="failed_validation_deployed",
                version=deployment.version,
                environment=environment,
                evidence_id=judged.validation_id,
                detail=f"version {deployment.version} runs in {environment} and its {kind} validation failed",
                severity=severity,
            )
            for kind, judged in sorted(version.judged.items())
            if judged.outcome == "failed"
        ]
    for key, series in sorted(state.series.items()):
        if series.standing:
            found.append(
                Aggravation(
                    code="threshold_breached",
                    version=series.version,
                    environment=key.partition("\x1f")[0],
                    evidence_id=series.standing.evidence_id,
                    detail=series.standing.detail,
                    severity=series.standing.severity,
                )
            )
    return tuple(found[:_MOST])

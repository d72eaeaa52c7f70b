"""What makes a subject's risk worse than its score: breaches that stand, bad or unknown versions in use."""

from govbus.contracts.conclusions.scoring import Aggravation
from govbus.risk.domain.bounds import Bounds, Severity
from govbus.risk.domain.monitoring import Series, Standing, environment_of
from govbus.risk.domain.subject import Deployment, SubjectState, VersionState
from govbus.risk.domain.taxonomy import Tier

_MOST: int = 200
"""The contract's limit on aggravations."""


def aggravations(state: SubjectState, tier: Tier, bounds: Bounds) -> tuple[Aggravation, ...]:
    """Return every aggravation that holds in this state, in a fixed order.

    Pure. Whether the deployment or the failed validation came first makes no difference.
    """
    severity = bounds.monitoring.severity[tier]
    found: list[Aggravation] = []
    for environment, deployment in sorted(state.deployments.items()):
        found += _of_deployment(environment, deployment, state.version(deployment.version), severity)
    found += [
        _of_breach(key, series, series.standing) for key, series in sorted(state.series.items()) if series.standing
    ]
    return tuple(found[:_MOST])


def _of_deployment(
    environment: str, deployment: Deployment, version: VersionState, severity: Severity
) -> list[Aggravation]:
    where = f"version {deployment.version} runs in {environment} and"
    found = [
        Aggravation(
            code="failed_validation_deployed",
            version=deployment.version,
            environment=environment,
            evidence_id=judged.validation_id,
            detail=f"{where} its {kind} validation failed",
            severity=severity,
        )
        for kind, judged in sorted(version.judged.items())
        if judged.outcome == "failed"
    ]
    if not version.registered:
        found.append(
            Aggravation(
                code="unregistered_version",
                version=deployment.version,
                environment=environment,
                evidence_id=deployment.fact_id,
                detail=f"{where} nobody registered it",
                severity=severity,
            )
        )
    return found


def _of_breach(key: str, series: Series, standing: Standing) -> Aggravation:
    return Aggravation(
        code="threshold_breached",
        version=series.version,
        environment=environment_of(key),
        evidence_id=standing.evidence_id,
        detail=standing.detail,
        severity=standing.severity,
    )

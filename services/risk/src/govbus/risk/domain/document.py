"""The input document of a release decision: what the rules of a policy bundle may ask about.

The dataclasses are the schema: a bundle that names a field which is not here is refused when it is loaded. A field
that may be absent is `… | None`; comparing an absent one is an error, and an error denies.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from govbus.risk.domain.folding import RuleData, score_of
from govbus.risk.domain.subject import Judged, SubjectState

_SECONDS_PER_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class RequestPart:
    """What was asked: `request`."""

    environment: str
    requested_by: str


@dataclass(frozen=True, slots=True)
class SubjectPart:
    """Who it is about, and how risky: `subject`."""

    id: str
    kind: str
    namespace: str
    name: str
    registered: bool
    tier: str
    eu_class: str
    inherent: float
    residual: float
    owners: Mapping[str, str]
    answers: Mapping[str, str]
    unanswered_count: int


@dataclass(frozen=True, slots=True)
class ValidationPart:
    """The newest validation of one kind for the version, as judged by the bounds: in `evidence.validations`."""

    kind: str
    outcome: str
    id: str
    worst_gap: float | None
    independent: bool
    evaluator: str | None
    age_days: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VersionPart:
    """The version asked for: `version`."""

    name: str
    registered: bool
    deployed_in: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EvidencePart:
    """What was shown for the version: `evidence`."""

    validations: tuple[ValidationPart, ...]
    monitored: bool


@dataclass(frozen=True, slots=True)
class IncidentPart:
    """An incident about the subject that nobody resolved yet: an element of `incidents`."""

    id: str
    kind: str
    severity: str
    version: str | None
    environment: str | None
    exercise: bool
    near_miss: bool


@dataclass(frozen=True, slots=True)
class AggravationPart:
    """What stands against the subject now: an element of `aggravations`."""

    code: str
    version: str | None
    environment: str | None
    severity: str


@dataclass(frozen=True, slots=True)
class Document:
    """Everything a rule sees, besides `bounds`: the named values of the subject's tier."""

    request: RequestPart
    subject: SubjectPart
    version: VersionPart
    evidence: EvidencePart
    incidents: tuple[IncidentPart, ...]
    aggravations: tuple[AggravationPart, ...]
    bounds: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be decided, and when."""

    subject: str
    version: str
    environment: str
    requested_by: str
    at: datetime


def document(question: Question, state: SubjectState, incidents: Sequence[IncidentPart], data: RuleData) -> Document:
    """Return the document for a question, from the state as it is now. Pure."""
    kind, _, rest = question.subject.partition("/")
    namespace, _, name = rest.partition("/")
    scored = score_of(state, data)
    version = state.version(question.version)
    deployed_in = sorted(key for key, value in state.deployments.items() if value.version == question.version)
    return Document(
        request=RequestPart(question.environment, question.requested_by),
        subject=SubjectPart(
            id=question.subject,
            kind=kind,
            namespace=namespace,
            name=name,
            registered=state.registered,
            tier=scored.tier,
            eu_class=scored.eu_class,
            inherent=scored.inherent,
            residual=scored.residual,
            owners=dict(state.owners),
            answers=dict(state.answers),
            unanswered_count=len(data.taxonomy.unanswered(state.answers)),
        ),
        version=VersionPart(question.version, version.registered, tuple(deployed_in)),
        evidence=EvidencePart(
            validations=tuple(_validation(judged, question.at) for _, judged in sorted(version.judged.items())),
            monitored=any(series.version == question.version for series in state.series.values()),
        ),
        incidents=tuple(sorted(incidents, key=lambda incident: incident.id)),
        aggravations=tuple(
            AggravationPart(item.code, item.version, item.environment, item.severity) for item in scored.aggravations
        ),
        bounds=data.bounds.of_tier(scored.tier),
    )


def _validation(judged: Judged, now: datetime) -> ValidationPart:
    return ValidationPart(
        kind=judged.kind,
        outcome=judged.outcome,
        id=judged.validation_id,
        worst_gap=judged.worst_gap,
        independent=judged.independent,
        evaluator=judged.evaluator,
        age_days=round(max(0.0, (now - judged.at).total_seconds()) / _SECONDS_PER_DAY, 4),
        reasons=judged.reasons,
    )

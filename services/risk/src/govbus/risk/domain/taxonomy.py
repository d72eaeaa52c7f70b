"""The risk taxonomy: questions, points of their answers, and the rules that turn them into a class and a tier."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from pydantic import ConfigDict, with_config

Dimension = Literal["privacy_sensitivity", "safety_implications", "regulatory_exposure", "reputational_risk"]
DIMENSIONS: Final[tuple[Dimension, ...]] = (
    "privacy_sensitivity",
    "safety_implications",
    "regulatory_exposure",
    "reputational_risk",
)

Tier = Literal["minimal", "limited", "high", "critical", "prohibited"]
TIERS: Final[tuple[Tier, ...]] = ("minimal", "limited", "high", "critical", "prohibited")
"""From the least to the worst."""

EuClass = Literal["minimal", "transparency", "unknown", "high_risk", "prohibited"]
EU_CLASSES: Final[tuple[EuClass, ...]] = ("minimal", "transparency", "unknown", "high_risk", "prohibited")
"""From the least to the worst; `unknown` is worse than what is known to be harmless."""

WORST_POINTS: Final = 4.0
"""End of the scale of every dimension."""

Points = Mapping[Dimension, float]
Answers = Mapping[str, str]
STRICT: Final = ConfigDict(extra="forbid", allow_inf_nan=False)
"""How rule data is read: a misspelt key is an error, never ignored."""


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class Question:
    """One question; `answers` maps each known answer to the points it adds."""

    text: str
    answers: Mapping[str, Points]
    source: str = ""

    def worst(self, dimension: Dimension) -> float:
        """Return the most points any answer adds to the dimension."""
        return max((points.get(dimension, 0.0) for points in self.answers.values()), default=0.0)


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class ClassRule:
    """Forces an EU class when all of `when` hold and nothing of `unless` does."""

    id: str
    eu_class: EuClass
    when: Mapping[str, tuple[str, ...]]
    unless: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    source: str = ""


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class TierRules:
    """How class and points make a tier: the highest of the three wins."""

    class_floor: Mapping[EuClass, Tier]
    any_points: Mapping[Tier, float]
    declared_points: Mapping[Tier, float]


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class EvidenceRules:
    """What evidence takes off a score, and how far down it may go."""

    floor_ratio: float
    credits: Mapping[str, Points]


@with_config(STRICT)
@dataclass(frozen=True, slots=True)
class Taxonomy:
    """All of `policies/taxonomy.yaml`; `digest` names its content and is set by the loader."""

    version: str
    questions: Mapping[str, Question]
    eu_classes: tuple[ClassRule, ...]
    tiers: TierRules
    evidence: EvidenceRules
    aggravations: Mapping[str, Points]
    digest: str = ""

    def answered(self, question_id: str, answers: Answers) -> str | None:
        """Return the answer when the taxonomy knows it; anything else is no answer."""
        given = answers.get(question_id)
        return given if given in self.questions[question_id].answers else None

    def unanswered(self, answers: Answers) -> tuple[str, ...]:
        """Return the questions without a known answer, in the taxonomy's order."""
        return tuple(name for name in self.questions if self.answered(name, answers) is None)

    def faults(self) -> tuple[str, ...]:
        """Return what is inconsistent in itself: rules that name questions or answers that do not exist."""
        found = []
        for rule in self.eu_classes:
            for question_id, named in (*rule.when.items(), *rule.unless.items()):
                question = self.questions.get(question_id)
                missing = named if question is None else [name for name in named if name not in question.answers]
                found += [f"eu_classes/{rule.id}: {question_id} has no answer {name!r}" for name in missing]
        found += [f"tiers/class_floor: {name} is missing" for name in EU_CLASSES if name not in self.tiers.class_floor]
        return tuple(found)

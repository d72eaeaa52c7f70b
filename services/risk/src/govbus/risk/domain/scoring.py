"""The four-dimension risk score: what is inherent, what remains after evidence, and every point of it explained."""

from collections.abc import Iterable, Sequence

from govbus.contracts.conclusions.scoring import Aggravation, Contribution, Dimensions, DimensionScore, RiskScored
from govbus.risk.domain.classification import classify, tier_of
from govbus.risk.domain.taxonomy import DIMENSIONS, WORST_POINTS, Answers, Dimension, Taxonomy, Tier


def score(
    taxonomy: Taxonomy, answers: Answers, evidence: Iterable[str], aggravations: Sequence[Aggravation]
) -> RiskScored:
    """Return the score of a subject from its answers, the kinds of evidence it has, and what aggravates it.

    Pure. Neither one more unknown answer nor one more aggravation lowers any score; one more kind of evidence raises
    none. Each dimension can be recomputed from its contributions: inherent = min(4, sum of `answer:…` and
    `unknown:…`); residual = min(4,
    max(inherent · floor ratio, inherent + sum of `evidence:…`) + sum of `aggravation:…`).
    """
    kinds = sorted(set(evidence))
    found = {dimension: _dimension(taxonomy, dimension, answers, kinds, aggravations) for dimension in DIMENSIONS}
    classification = classify(taxonomy, answers)
    inherent = max(scored.inherent for scored in found.values())
    declared = max(_capped(_declared_points(taxonomy, dimension, answers)) for dimension in DIMENSIONS)
    return RiskScored(
        dimensions=Dimensions(**found),
        inherent=inherent,
        residual=max(scored.residual for scored in found.values()),
        tier=tier_of(taxonomy, classification.eu_class, inherent, declared),
        eu_class=classification.eu_class,
        eu_class_rule=classification.rule,
        aggravations=tuple(aggravations),
        taxonomy_digest=taxonomy.digest,
    )


def tier_for(taxonomy: Taxonomy, answers: Answers) -> Tier:
    """Return the tier `score` gives for these answers: evidence and aggravations move scores, never the tier."""
    inherent = max(_capped(_inherent_points(taxonomy, dimension, answers)) for dimension in DIMENSIONS)
    declared = max(_capped(_declared_points(taxonomy, dimension, answers)) for dimension in DIMENSIONS)
    return tier_of(taxonomy, classify(taxonomy, answers).eu_class, inherent, declared)


def _dimension(
    taxonomy: Taxonomy,
    dimension: Dimension,
    answers: Answers,
    kinds: Sequence[str],
    aggravations: Sequence[Aggravation],
) -> DimensionScore:
    from_answers = _answer_contributions(taxonomy, dimension, answers)
    inherent = _capped(sum(item.points for item in from_answers))
    credits_ = tuple(
        Contribution(code=f"evidence:{kind}", points=-points, detail=f"{kind} shown for every version in use")
        for kind in kinds
        if (points := taxonomy.evidence.credits.get(kind, {}).get(dimension, 0.0))
    )
    lowered = max(inherent * taxonomy.evidence.floor_ratio, inherent + sum(item.points for item in credits_))
    worse = tuple(
        Contribution(code=f"aggravation:{item.code}", points=points, detail=item.detail)
        for item in aggravations
        if (points := taxonomy.aggravations.get(item.code, {}).get(dimension, 0.0))
    )
    return DimensionScore(
        inherent=inherent,
        residual=_capped(lowered + sum(item.points for item in worse)),
        contributions=(*from_answers, *credits_, *worse)[:200],
    )


def _answer_contributions(taxonomy: Taxonomy, dimension: Dimension, answers: Answers) -> tuple[Contribution, ...]:
    found = []
    for name, question in taxonomy.questions.items():
        answer = taxonomy.answered(name, answers)
        if answer is None:
            points = question.worst(dimension)
            code, detail = f"unknown:{name}", f"no known answer: counted at its worst. {question.text}"
        else:
            points = question.answers[answer].get(dimension, 0.0)
            code, detail = f"answer:{name}", f"{answer}: {question.text}"
        if points:
            found.append(Contribution(code=code, points=points, detail=detail))
    return tuple(found)


def _inherent_points(taxonomy: Taxonomy, dimension: Dimension, answers: Answers) -> float:
    return sum(item.points for item in _answer_contributions(taxonomy, dimension, answers))


def _declared_points(taxonomy: Taxonomy, dimension: Dimension, answers: Answers) -> float:
    given = ((name, taxonomy.answered(name, answers)) for name in taxonomy.questions)
    return sum(taxonomy.questions[name].answers[answer].get(dimension, 0.0) for name, answer in given if answer)


def _capped(points: float) -> float:
    return round(min(WORST_POINTS, max(0.0, points)), 4)

"""EU class and risk tier of a subject, with the rule that forced each."""

from dataclasses import dataclass

from govbus.risk.domain.taxonomy import EU_CLASSES, TIERS, Answers, ClassRule, EuClass, Taxonomy, Tier


@dataclass(frozen=True, slots=True)
class Classification:
    """The class of Regulation (EU) 2024/1689, and what forced it."""

    eu_class: EuClass
    rule: str


def classify(taxonomy: Taxonomy, answers: Answers) -> Classification:
    """Return the strongest class whose rule matches.

    Pure. Classes only rise as rules match, so the order of rules changes `rule`, never `eu_class`. A rule that an
    unanswered question could still make match raises the class to `unknown`.
    """
    strongest = Classification("minimal", "no rule of the taxonomy matches")
    for rule in taxonomy.eu_classes:
        candidate = _apply(rule, taxonomy, answers)
        if candidate and EU_CLASSES.index(candidate.eu_class) > EU_CLASSES.index(strongest.eu_class):
            strongest = candidate
    return strongest


def _apply(rule: ClassRule, taxonomy: Taxonomy, answers: Answers) -> Classification | None:
    given = {name: taxonomy.answered(name, answers) for name in rule.when}
    if any(answer is not None and answer not in rule.when[name] for name, answer in given.items()):
        return None
    if any(taxonomy.answered(name, answers) in excluded for name, excluded in rule.unless.items()):
        return None
    open_questions = [name for name, answer in given.items() if answer is None]
    if open_questions:
        return Classification("unknown", f"{rule.id} may apply: no answer to {', '.join(sorted(open_questions))}")
    return Classification(rule.eu_class, f"{rule.id} ({rule.source})" if rule.source else rule.id)


def tier_of(taxonomy: Taxonomy, eu_class: EuClass, inherent: float, declared: float) -> Tier:
    """Return the tier: the highest of the class's floor and of what the points reach.

    `inherent` counts unknown answers at their worst, `declared` counts given answers only.
    """
    reached = [taxonomy.tiers.class_floor[eu_class]]
    reached += [tier for tier, least in taxonomy.tiers.any_points.items() if inherent >= least]
    reached += [tier for tier, least in taxonomy.tiers.declared_points.items() if declared >= least]
    return max(reached, key=TIERS.index)

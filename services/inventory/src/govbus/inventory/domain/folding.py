"""Folds facts into records: the same facts in the same order give the same states, whenever they are read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from govbus.inventory.domain.classification import stricter
from govbus.inventory.domain.fact import Deployed, Fact, ModelDescribed, VersionDescribed
from govbus.inventory.domain.record import Key, State

Records = Mapping[Key, State]


@dataclass(frozen=True, slots=True)
class Step:
    """A record goes from one state (None: it is new) to the next."""

    before: State | None
    after: State


@dataclass(frozen=True, slots=True)
class Deployment:
    """A version runs in an environment since `deployed_at`."""

    version: str
    environment: str
    by: str | None
    ticket: str | None
    deployed_at: datetime


@dataclass(frozen=True, slots=True)
class Unregistered:
    """Something was deployed that nobody registered; `missing` is `model` or `version`."""

    missing: str
    deployment: Deployment


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one fact makes of the records it concerns."""

    step: Step | None = None
    deployment: Deployment | None = None
    unregistered: Unregistered | None = None


def keys_of(fact: Fact) -> tuple[Key, ...]:
    """Return the records that deciding about `fact` needs."""
    match fact.statement:
        case ModelDescribed():
            return (Key(fact.subject),)
        case VersionDescribed(version=version):
            return (Key(fact.subject, version),)
        case Deployed(version=version):
            return (Key(fact.subject), Key(fact.subject, version))


def decide(fact: Fact, records: Records) -> Outcome:
    """Return what `fact` changes; a fact that says nothing new changes no record.

    Pure. Of each field the newest statement holds; a field that is not said again keeps its value.
    """
    match fact.statement:
        case ModelDescribed(fields=fields):
            key = Key(fact.subject)
        case VersionDescribed(version=version, fields=fields):
            key = Key(fact.subject, version)
        case Deployed() as deployed:
            return _deployed(fact, deployed, records)
    before = records.get(key)
    known = {} if before is None else before.fields
    after = _next_state(fact, key, before, {**known, **fields}, registered=True)
    return Outcome(step=_step(before, after))


def _deployed(fact: Fact, said: Deployed, records: Records) -> Outcome:
    deployment = Deployment(said.version, said.environment, said.by, said.ticket, fact.said_at)
    model = records.get(Key(fact.subject))
    if model is None:
        seen = _next_state(fact, Key(fact.subject), None, {}, registered=False)
        return Outcome(Step(None, seen), deployment, Unregistered("model", deployment))
    if not model.registered:
        return Outcome(None, deployment, Unregistered("model", deployment))
    if Key(fact.subject, said.version) not in records:
        return Outcome(None, deployment, Unregistered("version", deployment))
    return Outcome(None, deployment)


def _next_state(fact: Fact, key: Key, before: State | None, fields: Mapping[str, object], *, registered: bool) -> State:
    return State(
        key=key,
        number=1 if before is None else before.number + 1,
        fields=fields,
        registered=registered,
        classification=fact.classification if before is None else stricter(before.classification, fact.classification),
        said_at=fact.said_at,
        known_at=fact.known_at if before is None else max(before.known_at, fact.known_at),
        cause=fact.cause,
    )


def _step(before: State | None, after: State) -> Step | None:
    if before is not None:
        same_content = dict(before.fields) == dict(after.fields) and before.registered == after.registered
        if same_content and before.classification == after.classification:
            return None
    return Step(before, after)

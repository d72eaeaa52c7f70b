"""Reads typed facts of the wire as statements of the domain."""

from typing import Any, Final

from govbus.contracts.catalogue import Payload
from govbus.contracts.envelope import Event
from govbus.contracts.facts.deployment import DeploymentCompleted
from govbus.contracts.facts.model import ModelRegistered, ModelVersionCreated
from govbus.contracts.subjects import InvalidSubject, parse_subject
from govbus.inventory.domain.classification import read_classification
from govbus.inventory.domain.fact import Cause, Deployed, Fact, ModelDescribed, VersionDescribed

_MODEL_SEGMENTS_COUNT: Final = 2


class NotAModel(ValueError):
    """A fact about models whose subject is not `model/<namespace>/<name>` in its one canonical writing."""


def read_fact(event: Event, payload: Payload | None) -> Fact | None:
    """Return what the event says about records, None when that is nothing.

    Raises:
        NotAModel: the subject cannot name a model's record.
    """
    statement = _statement(payload)
    if statement is None:
        return None
    _check_subject(event.subject)
    return Fact(
        subject=event.subject,
        statement=statement,
        cause=Cause(event.source, event.type, event.id),
        said_at=event.time,
        known_at=event.known_at,
        classification=read_classification(event.dataclassification),
    )


def _statement(payload: Payload | None) -> ModelDescribed | VersionDescribed | Deployed | None:
    match payload:
        case ModelRegistered():
            return ModelDescribed(_said(payload))
        case ModelVersionCreated(version=version):
            fields = _said(payload)
            del fields["version"]
            return VersionDescribed(version, fields)
        case DeploymentCompleted(version=version, environment=environment, deployed_by=by, ticket=ticket):
            return Deployed(version, environment, by, ticket)
        case _:
            return None


def _said(payload: Payload) -> dict[str, Any]:
    """Return the fields the platform said, as JSON values: neither defaults nor nulls are statements."""
    said = payload.model_dump(mode="json", exclude_none=True)
    return {name: value for name, value in said.items() if name in payload.model_fields_set}


def _check_subject(text: str) -> None:
    try:
        subject = parse_subject(text)
    except InvalidSubject as error:
        raise NotAModel(str(error)) from None
    if subject.kind != "model" or len(subject.segments) != _MODEL_SEGMENTS_COUNT or str(subject) != text:
        raise NotAModel(
            f"{text[:80]!r} is not model/<namespace>/<name> in its canonical writing ({str(subject)[:80]!r})"
        )

"""Where an event belongs: its governed subject, and whether its source may say it there."""

import hashlib
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final

from govbus.contracts import all_events, catalogue, types
from govbus.contracts.catalogue import ContractBroken, Payload
from govbus.contracts.envelope import Event, is_json
from govbus.contracts.facts.validation import ValidationCompleted
from govbus.contracts.limits import ATTRIBUTE_BYTES
from govbus.contracts.subjects import (
    InvalidSubject,
    Subject,
    external_subject,
    parse_subject,
)
from govbus.intake.domain.refusals import Place, Refused
from govbus.intake.domain.source import Source

_NAMESPACED: Final = frozenset({"model", "system", "dataset"})
"""`<kind>/<namespace>/<name>`: the namespace is its source's."""

_SEGMENTS_COUNT: Final = 2
"""A namespace and a name."""

_SUBJECTS_COUNT: Final = 2048
"""Subjects whose reading is remembered, each below `ATTRIBUTE_BYTES`: platforms speak of the same ones all day."""

_SHARED: Final = frozenset({"vendor", "person", "team"})
"""Everybody speaks of the same ones."""

_SPOKEN_OF: Final = _NAMESPACED | _SHARED

_ABOUT: Final = {
    "model": "model",
    "deployment": "model",
    "system": "system",
    "dataset": "dataset",
    "vendor": "vendor",
    "person": "person",
    "training": "person",
    "team": "team",
}
"""What a fact of each of these families is about: its record lies under that kind, or nowhere."""

_DECLARED: Final = (all_events.facts, all_events.conclusions)
"""Importing these lets the catalogue know every type."""

_CONCLUSIONS: Final = (
    *("asset.*", "audit.*", "checkpoint.*", "drift.*", "entry.*", "escalation.*", "event.*", "evidence.*"),
    *("lineage.*", "notification.*", "obligation.*", "policy.*", "release.*", "report.*", "retention.*", "review.*"),
    *("risk.*", "rollback.*", "source.*", "threshold.*", "validation.passed", "validation.failed"),
    *("record.changed", "record.parked", "record.resumed", "ownership.missing", "vendor.review_due"),
    *("person.key_read", "person.erased"),
    *("incident.opened", "incident.acknowledged", "incident.escalated", "incident.mitigated", "incident.resolved"),
    *("incident.reviewed", "concern.opened", "concern.answered", "redress.opened", "redress.answered"),
)
"""Names of what services conclude, also those to come: an opaque fact of that name would be taken for a decision.

Source: shared design, events.md, "Conclusions".
"""


def place(event: Event, source: Source) -> str:
    """Return the governed subject of `event`, once its type, contract and namespace are found to be in order.

    Raises:
        Refused: `foreign_type`, `foreign_namespace`, `invalid_envelope`, `contract_broken` or `too_large`.
    """
    source.check_type(event.type)
    declared = catalogue.find(event.type)
    if _is_concluded(event.type) or (declared is not None and not declared.is_fact):
        raise Refused("foreign_type", f"{event.type[:100]} is a conclusion: only the service that draws it may say it")
    if declared is None:
        return _opaque_subject(event, source)
    subject = _governed_subject(event, source)
    _check_about(event.type, subject)
    payload = _payload(event)
    if isinstance(payload, ValidationCompleted) and (payload.independent or payload.kind == "independent_review"):
        source.check_independence()
    return subject


@lru_cache(maxsize=1024)
def _is_concluded(type_: str) -> bool:
    short = types.short_name(type_)
    return short is not None and any(fnmatchcase(short, glob) for glob in _CONCLUSIONS)


def _payload(event: Event) -> Payload | None:
    if not is_json(event.datacontenttype):
        raise Refused("contract_broken", f"data of {event.type} are JSON, not {event.datacontenttype[:60]!r}")
    try:
        return catalogue.read(event)
    except ContractBroken as error:
        places = tuple(Place(pointer[:200], message[:500]) for pointer, message in error.errors[:100])
        raise Refused("contract_broken", f"the data break the contract of {event.type}", places) from None


def _governed_subject(event: Event, source: Source) -> str:
    if not event.subject:
        raise Refused("invalid_envelope", f"{event.type} needs a subject such as model/<namespace>/<name>")
    try:
        subject = _parsed(event.subject)
    except InvalidSubject as error:
        raise Refused("invalid_envelope", f"subject: {error}") from None
    if subject.kind == "external" and subject.namespace == source.name:
        return _bounded(subject, source)
    if subject.kind not in _SPOKEN_OF:
        raise Refused("foreign_namespace", f"{subject.kind!r} subjects are Govbus's own; name what the event is about")
    if subject.kind in _NAMESPACED:
        if len(subject.segments) != _SEGMENTS_COUNT:
            shape = f"{subject.kind}/<namespace>/<name>"
            raise Refused("invalid_envelope", f"{event.subject[:80]!r} is not {shape}; a slash in a name is %2F")
        source.check_namespace(subject.namespace)
    return _bounded(subject, source)


def _check_about(type_: str, subject: str) -> None:
    about = _about(type_)
    if about is not None and not subject.startswith(f"{about}/"):
        raise Refused("invalid_envelope", f"{type_} is about a {about}, not about {subject[:80]!r}")


@lru_cache(maxsize=1024)
def _about(type_: str) -> str | None:
    """Return the kind of subject that a declared type is about; None where several kinds may be meant."""
    family, _, _ = (types.short_name(type_) or "").partition(".")
    return _ABOUT.get(family)


def _opaque_subject(event: Event, source: Source) -> str:
    """Return the stated subject where it is a governed one, else `external/<source name>/<stated or type>`."""
    native = event.type.startswith(types.PREFIX)
    try:
        stated = _parsed(event.subject) if event.subject else None
    except InvalidSubject:
        stated = None
    complete = stated is not None and (stated.kind in _SHARED or len(stated.segments) == _SEGMENTS_COUNT)
    if stated is not None and complete and (stated.kind in _SPOKEN_OF or native):
        return _governed_subject(event, source)
    return _bounded(external_subject(source.name, event.subject or event.type), source)


_parsed: Final = lru_cache(maxsize=_SUBJECTS_COUNT)(parse_subject)
_encoded: Final = lru_cache(maxsize=_SUBJECTS_COUNT)(str)


def _bounded(subject: Subject, source: Source) -> str:
    """Return the subject as text; percent-encoding may triple it, and as a key it must fit the limit."""
    text = _encoded(subject)
    if len(text) <= ATTRIBUTE_BYTES:
        return text
    return str(external_subject(source.name, "sha256:" + hashlib.sha256(text.encode()).hexdigest()))

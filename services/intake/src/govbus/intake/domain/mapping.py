"""A mapping: how one platform's payloads become facts. Data from a YAML file, read by `mapping_file`, applied here."""

from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from govbus.contracts import catalogue, strict_json, types
from govbus.contracts.catalogue import ContractBroken
from govbus.contracts.envelope import Event, parse_time
from govbus.contracts.identity import content_digest
from govbus.contracts.subjects import Subject, external_subject
from govbus.intake.domain.expressions import Expression, ExpressionFailed, Scope
from govbus.intake.domain.refusals import Place, Refused
from govbus.intake.domain.said import Draft
from govbus.intake.domain.source import Source

Template = "Expression | bool | int | float | tuple[Template, ...] | dict[str, Template]"
"""Data of a fact: expressions, literals, and nested lists and objects of them."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What one kind of payload becomes: ignored with a reason, or facts of one type.

    Attributes:
        when: holds for the payloads this rule is about; the first rule that holds is taken. None: always.
        ignore: the reason for which such payloads are taken and not turned into facts.
        for_each: yields the list of which every element becomes a fact.
        subject_kind: `external`, or a kind whose namespace is the source's.
    """

    name: str
    when: Expression | None = None
    ignore: str | None = None
    for_each: Expression | None = None
    type: str = ""
    subject_kind: str = ""
    subject_name: Expression | None = None
    time: Expression | None = None
    data: Any = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mapping:
    """One platform's mapping file: its rules, and where delivery id and time stand.

    `carried_types` are globs of CloudEvents types whose data this mapping reads when they arrive as CloudEvents.
    """

    name: str
    version: str
    digest: str
    delivery: Expression | None
    time: Expression
    requires: tuple[Expression, ...]
    rules: tuple[Rule, ...]
    carried_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Payload:
    """A platform's payload before mapping: decoded body, headers in lower case, digest of the raw bytes."""

    body: Any
    headers: Dictionary[str, str]
    raw_sha256: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """A payload that was taken and means nothing: a test delivery."""

    reason: str
    rule: str


def scope_of(payload: Payload, source: Source) -> Scope:
    """Return what the expressions of a mapping see of one payload."""
    return Scope(
        {
            "body": payload.body,
            "headers": dict(payload.headers),
            "raw": {"sha256": payload.raw_sha256},
            "source": {"name": source.name, "namespace": source.namespace or source.name, "uri": source.uri},
        }
    )


def delivery_id(mapping: Mapping, payload: Payload, scope: Scope) -> str:
    """Return the platform's own id of this delivery, the digest of the body where it has none."""
    if mapping.delivery is None:
        return payload.raw_sha256
    return _text(mapping, mapping.delivery, scope)


def apply(mapping: Mapping, payload: Payload, source: Source, scope: Scope) -> tuple[Draft, ...] | Ignored:
    """Return the facts in a payload, numbered in its order, or why it is ignored.

    Pure: the same payload, source and mapping give the same facts, ids included.

    Raises:
        Refused: `mapping_failed` with the path of a missing field, `unmapped` when no rule holds.
    """
    for needed in mapping.requires:
        _value(mapping, needed, scope)
    rule = next(
        (rule for rule in mapping.rules if rule.when is None or _value(mapping, rule.when, scope) is True), None
    )
    if rule is None:
        raise Refused("unmapped", f"no rule of mapping {mapping.name} {mapping.version} reads this payload")
    if rule.ignore is not None:
        return Ignored(rule.ignore, rule.name)
    delivery = delivery_id(mapping, payload, scope)
    scopes = _scopes(mapping, rule, scope)
    return tuple(
        _draft(mapping, rule, payload, source, one, f"{delivery}/{ordinal}") for ordinal, one in enumerate(scopes)
    )


def _scopes(mapping: Mapping, rule: Rule, scope: Scope) -> list[Scope]:
    if rule.for_each is None:
        return [scope]
    items = _value(mapping, rule.for_each, scope)
    if not isinstance(items, list) or not items:
        raise Refused("mapping_failed", f"{rule.for_each.text} yields no element, so there is nothing to record")
    return [scope.with_item(item) for item in items]


def _draft(mapping: Mapping, rule: Rule, payload: Payload, source: Source, scope: Scope, id_: str) -> Draft:
    full_name = types.full_name(rule.type)
    event = Event(
        id=id_,
        source=source.uri,
        type=full_name,
        subject=_subject(mapping, rule, source, scope),
        time=_time(mapping, rule.time or mapping.time, scope),
        data=strict_json.dump_sorted(_render(mapping, rule.data, scope)),
        extensions={
            "mappingname": mapping.name,
            "mappingversion": mapping.version,
            "mappingdigest": mapping.digest,
            "rawdigest": payload.raw_sha256,
        },
    )
    try:
        catalogue.read(event)
    except ContractBroken as error:
        places = tuple(Place(pointer[:200], message[:500]) for pointer, message in error.errors[:100])
        raise Refused("mapping_failed", f"rule {rule.name!r} of {mapping.name} yields no {rule.type}", places) from None
    return Draft(event, content_digest(event))


def _subject(mapping: Mapping, rule: Rule, source: Source, scope: Scope) -> str:
    if rule.subject_name is None:
        raise Refused("mapping_failed", f"rule {rule.name!r} of {mapping.name} states no subject")
    name = _text(mapping, rule.subject_name, scope)
    if rule.subject_kind == "external":
        return str(external_subject(source.name, name))
    return str(Subject(rule.subject_kind, (source.namespace or source.name, name)))


def _time(mapping: Mapping, expression: Expression, scope: Scope) -> datetime:
    text = _text(mapping, expression, scope)
    try:
        return parse_time(text)
    except ValueError as error:
        raise Refused("mapping_failed", f"{expression.text}: {error}") from None


def _render(mapping: Mapping, template: Any, scope: Scope) -> Any:
    """Return the template with its expressions computed; a key that ends in `?` is left out when it has no value."""
    if isinstance(template, Expression):
        return _value(mapping, template, scope)
    if isinstance(template, tuple):
        return [_render(mapping, item, scope) for item in template]
    if not isinstance(template, dict):
        return template
    rendered: dict[str, Any] = {}
    for key, item in template.items():
        if not key.endswith("?"):
            rendered[key] = _render(mapping, item, scope)
            continue
        value = _optional(mapping, item, scope)
        if value is not None and value != "":
            rendered[key.removesuffix("?")] = value
    return rendered


def _optional(mapping: Mapping, template: Any, scope: Scope) -> Any:
    if not isinstance(template, Expression):
        return _render(mapping, template, scope)
    try:
        return template.value(scope)
    except ExpressionFailed as error:
        if error.pointer is None:
            raise _failed(mapping, error) from None
        return None


def _text(mapping: Mapping, expression: Expression, scope: Scope) -> str:
    """Return a value that must be text: a number or null there is a mistake, and its text would be a guess."""
    value = _value(mapping, expression, scope)
    if not isinstance(value, str) or not value:
        pointer = "".join(f"/{step}" for step in (expression.path or ())[1:])
        places = (Place(pointer, "not a text, or empty"),) if pointer else ()
        raise Refused("mapping_failed", f"mapping {mapping.name}: {expression.text} is not a text", places)
    return value


def _value(mapping: Mapping, expression: Expression, scope: Scope) -> Any:
    try:
        return expression.value(scope)
    except ExpressionFailed as error:
        raise _failed(mapping, error) from None


def _failed(mapping: Mapping, error: ExpressionFailed) -> Refused:
    places = (Place(error.pointer, "the mapping needs it and it is missing"),) if error.pointer else ()
    return Refused("mapping_failed", f"mapping {mapping.name} {mapping.version}: {error}"[:1000], places)

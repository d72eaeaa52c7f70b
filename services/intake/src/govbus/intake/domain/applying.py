"""Applies mappings to payloads: which rule holds, which facts follow, and what a wrapper holds inside.

Pure: the same payload, source and mappings give the same facts, ids included.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, field, replace
from typing import Any, Final

from govbus.contracts import catalogue, strict_json, types
from govbus.contracts.catalogue import ContractBroken
from govbus.contracts.envelope import Event
from govbus.contracts.identity import content_digest
from govbus.contracts.limits import EVENT_BYTES
from govbus.contracts.subjects import InvalidSubject, Subject, external_subject, parse_subject
from govbus.intake.domain.expressions import ExpressionFailed, Scope
from govbus.intake.domain.mapping import FactTemplate, Ignored, Inner, Mapping, Rule
from govbus.intake.domain.redaction import redacted
from govbus.intake.domain.refusals import Place, Refused
from govbus.intake.domain.rendering import Renderer
from govbus.intake.domain.said import Draft
from govbus.intake.domain.source import Source

Mappings = Dictionary[str, Mapping]

PARTS_COUNT: Final = 20_000
"""Elements of one split payload."""

FACTS_COUNT: Final = 5_000
"""Facts of one delivery: they are accepted together, in one transaction."""

WRAPPERS_DEPTH: Final = 3
"""Wrappers inside each other: SQS around SNS around an event is two."""

SHARED_KINDS: Final = frozenset({"vendor", "person", "team"})
NAMESPACED_KINDS: Final = frozenset({"model", "system", "dataset"})


@dataclass(frozen=True, slots=True)
class Payload:
    """A platform's payload before mapping.

    Attributes:
        body: decoded and without secrets.
        headers: names in lower case, without those whose value is a secret.
        raw_sha256: of the bytes as received, in hex; `part_sha256` of the part at hand, where it was split.
        context: what the sender stated beside the payload, and `received_at`.
        event: attributes of the CloudEvent that carries it.
        about: of what the sender stated, what makes it another delivery: the same report about another version.
    """

    body: Any
    headers: Dictionary[str, str]
    raw_sha256: str
    part_sha256: str
    context: Dictionary[str, str]
    event: Dictionary[str, str] | None = None
    whole: Any = None
    ordinal: int = 0
    about: Dictionary[str, str] = field(default_factory=dict)

    def scope(self, reading: Mapping, source: Source) -> Scope:
        """Return what the expressions of a mapping see of it."""
        variables = {
            "body": self.body,
            "whole": self.body if self.whole is None else self.whole,
            "headers": dict(self.headers),
            "raw": {"sha256": self.raw_sha256, "part_sha256": self.part_sha256},
            "source": self._said_of(source),
            "context": dict(self.context),
            "ordinal": self.ordinal,
            "event": dict(self.event) if self.event else None,
        }
        return Scope(variables, reading.define)

    def _said_of(self, source: Source) -> dict[str, Any]:
        return {
            "name": source.name,
            "namespace": self.namespace(source),
            "uri": source.uri,
            "approves": source.may_say(types.full_name("approval.recorded")),
        }

    def namespace(self, source: Source) -> str:
        """Return whose things it is about: the source's own, or what a person stated."""
        return self.context.get("namespace") or source.namespace or source.name


def matches(reading: Mapping, scope: Scope) -> bool:
    """Return whether a payload is of the mapping's platform; a field that is not there means no."""
    if reading.match is None:
        return False
    try:
        return reading.match.value(scope) is True
    except ExpressionFailed:
        return False


def split(reading: Mapping, payload: Payload, source: Source) -> list[Payload]:
    """Return the deliveries in a payload: itself, or the elements of its `split`.

    Raises:
        Refused: `mapping_failed` when there is no list or nothing in it, `too_large` for too many elements.
    """
    if reading.split is None:
        return [payload]
    parts = Renderer(reading).items(reading.split, payload.scope(reading, source))
    if not parts:
        raise Refused("mapping_failed", f"{reading.split.text} yields no element, so there is nothing to record")
    if len(parts) > PARTS_COUNT:
        raise Refused("too_large", f"{len(parts)} elements, at most {PARTS_COUNT} are read at once")
    return [
        replace(payload, body=part, part_sha256=digest_of(part), whole=payload.body, ordinal=ordinal)
        for ordinal, part in enumerate(parts)
    ]


def digest_of(value: Any) -> str:
    """Return SHA-256 in hex of a value, whatever the order of its keys."""
    return hashlib.sha256(strict_json.dump_sorted(value)).hexdigest()


def delivery_id(reading: Mapping, payload: Payload, scope: Scope) -> str:
    """Return the platform's own id of this delivery; without one the digest of its bytes and of what they are about."""
    if reading.delivery is None:
        return digest_of([payload.part_sha256, payload.about]) if payload.about else payload.part_sha256
    return Renderer(reading).text(reading.delivery, scope)


def apply(
    reading: Mapping, payload: Payload, source: Source, mappings: Mappings, scope: Scope, delivery: str
) -> tuple[Draft, ...] | Ignored:
    """Return the facts in a payload, `<delivery>/<n>` in its order, or why it is ignored.

    Raises:
        Refused: `mapping_failed` with the path of a missing field, `unmapped` when no rule holds.
    """
    found = list(_outcomes(reading, payload, source, mappings, scope, WRAPPERS_DEPTH))
    templates = [one for one in found if not isinstance(one, Ignored)]
    if not templates:
        return next(one for one in found if isinstance(one, Ignored))
    if len(templates) > FACTS_COUNT:
        raise Refused("too_large", f"{len(templates)} facts in one delivery, at most {FACTS_COUNT} are taken")
    return tuple(one.draft(source, f"{delivery}/{ordinal}") for ordinal, one in enumerate(templates))


@dataclass(frozen=True, slots=True)
class _Meant:
    """One fact that a rule yields, before it is numbered."""

    reading: Mapping
    rule: Rule
    template: FactTemplate
    payload: Payload
    scope: Scope

    def draft(self, source: Source, id_: str) -> Draft:
        render = Renderer(self.reading)
        data = strict_json.dump_sorted(render.rendered(self.template.data, self.scope))
        if len(data) > EVENT_BYTES:
            raise Refused("too_large", f"rule {self.rule.name!r} yields {len(data)} bytes, at most {EVENT_BYTES}")
        event = Event(
            id=id_,
            source=source.uri,
            type=types.full_name(self.template.type),
            subject=self._subject(render, source),
            time=render.moment(self.template.time or self.reading.time, self.scope),
            data=data,
            extensions={
                "mappingname": self.reading.name,
                "mappingversion": self.reading.version,
                "mappingdigest": self.reading.digest,
                "rawdigest": self.payload.raw_sha256,
            },
        )
        self._check(event)
        return Draft(event, content_digest(event))

    def _subject(self, render: Renderer, source: Source) -> str:
        name = render.text(self.template.subject_name, self.scope)
        kind = self.template.subject_kind
        if kind == "external":
            return str(external_subject(source.name, name))
        if kind in SHARED_KINDS:
            return str(Subject(kind, (name,)))
        if kind in NAMESPACED_KINDS:
            return str(Subject(kind, (self.payload.namespace(source), name)))
        try:
            return str(parse_subject(name))
        except InvalidSubject as error:
            pointer = self.template.subject_name.pointer_in(self.scope)
            raise Refused("mapping_failed", f"stated subject: {error}", (Place(pointer, str(error)[:200]),)) from None

    def _check(self, event: Event) -> None:
        try:
            catalogue.read(event)
        except ContractBroken as error:
            places = tuple(Place(pointer[:200], message[:500]) for pointer, message in error.errors[:100])
            told = f"rule {self.rule.name!r} of {self.reading.name} yields no {self.template.type}"
            raise Refused("mapping_failed", told, places) from None


def _outcomes(
    reading: Mapping, payload: Payload, source: Source, mappings: Mappings, scope: Scope, depth: int
) -> Iterator[_Meant | Ignored]:
    """Yield what a payload means: at least one outcome, or a refusal."""
    render = Renderer(reading)
    for needed in reading.requires:
        render.value(needed, scope)
    rule = next((rule for rule in reading.rules if render.holds(rule.when, scope)), None)
    if rule is None:
        raise Refused("unmapped", f"no rule of mapping {reading.name} {reading.version} reads this payload")
    if rule.ignore is not None:
        yield Ignored(rule.ignore, rule.name)
    elif rule.inner is not None:
        yield from _inside(reading, rule, rule.inner, payload, source, mappings, scope, depth)
    else:
        yield from _meant(reading, rule, rule.facts, payload, scope)


def _meant(
    reading: Mapping, rule: Rule, templates: Sequence[FactTemplate], payload: Payload, scope: Scope
) -> list[_Meant]:
    render = Renderer(reading)
    found = [
        _Meant(reading, rule, template, payload, one)
        for template in templates
        for one in _scopes(render, template, scope.defining(template.define))
    ]
    if not found:
        looped = [template.for_each for template in templates if template.for_each]
        said = f"{looped[0].text} yields no element" if looped else "no fact of it is meant here"
        raise Refused("mapping_failed", f"rule {rule.name!r} of {reading.name}: {said}, so there is nothing to record")
    return found


def _scopes(render: Renderer, template: FactTemplate, scope: Scope) -> Iterable[Scope]:
    if not render.holds(template.when, scope):
        return []
    if template.for_each is None:
        return [scope]
    items = render.items(template.for_each, scope)
    pointer = template.for_each.pointer_in(scope) or "/items"
    return [scope.with_item(item, position, f"{pointer}/{position}") for position, item in enumerate(items)]


def _inside(
    outer: Mapping,
    rule: Rule,
    inner: Inner,
    payload: Payload,
    source: Source,
    mappings: Mappings,
    scope: Scope,
    depth: int,
) -> Iterator[_Meant | Ignored]:
    render = Renderer(outer)
    if depth == 0:
        raise Refused("nesting_too_deep", f"more than {WRAPPERS_DEPTH} wrappers inside each other")
    bodies = render.items(inner.bodies, scope)
    if not bodies:
        raise Refused("mapping_failed", f"rule {rule.name!r} of {outer.name}: the wrapper holds nothing")
    headers = render.value(inner.headers, scope) if inner.headers else {}
    for position, body in enumerate(bodies):
        # A secret in a text that holds JSON was not seen when the wrapper's own were blanked.
        held = replace(payload, body=redacted(body, ()), headers={**payload.headers, **headers}, whole=None)
        reading = _reader(inner, held, source, mappings)
        if reading is not None:
            for part in split(reading, replace(held, body=redacted(held.body, reading.redact)), source):
                yield from _outcomes(reading, part, source, mappings, part.scope(reading, source), depth - 1)
        elif inner.otherwise is not None:
            item = scope.with_item(held.body, position, f"{inner.bodies.pointer_in(scope) or '/inner'}/{position}")
            yield from _meant(outer, rule, (inner.otherwise,), payload, item)
        else:
            raise Refused("unmapped", f"rule {rule.name!r} of {outer.name}: no mapping reads what is inside")


def _reader(inner: Inner, held: Payload, source: Source, mappings: Mappings) -> Mapping | None:
    candidates = (mappings[name] for name in inner.read_by or sorted(mappings) if name in mappings)
    return next((one for one in candidates if matches(one, held.scope(one, source))), None)

"""Platforms' own payloads, read by their mapping into units. Pure, like everything in `domain`."""

import hashlib
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from govbus.contracts import strict_json
from govbus.contracts.envelope import Event, format_time
from govbus.contracts.identity import event_identity
from govbus.intake.domain.applying import Mappings, Payload, apply, delivery_id, matches, split
from govbus.intake.domain.inputs import Input, Unit
from govbus.intake.domain.mapping import Ignored, Mapping
from govbus.intake.domain.redaction import SECRET_HEADERS, redacted
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.said import Draft
from govbus.intake.domain.source import Source

STATED: Final = ("subject", "version", "environment", "evaluator", "time", "namespace")
"""What a sender may state beside a payload that does not say it itself."""

_ABOUT: Final = frozenset(STATED) - {"time"}
"""What makes it another delivery; with another time it is the same one, told again."""


def read_delivery(input_: Input, source: Source, mappings: Mappings, received_at: datetime) -> list[Unit]:
    """Return the units of one delivery: one, or one per part where the mapping splits it. Never raises."""
    name = input_.reads or source.mapping
    reading = mappings.get(name) if name else None
    if reading is None:
        return [Unit(input_, refused=_not_installed(input_, source))]
    try:
        payload, kept = _decoded(reading, input_, received_at)
    except Refused as refusal:
        return [Unit(input_, refused=refusal.kept())]
    try:
        _check_match(reading, payload, source)
        parts = [payload] if input_.is_decoded and reading.split else split(reading, payload, source)
    except Refused as refusal:
        return [Unit(kept, refused=refusal.kept())]
    inputs = [kept] if parts == [payload] else [_part(kept, part) for part in parts]
    return [_unit(one, part, reading, source, mappings) for one, part in zip(inputs, parts, strict=True)]


def read_carried(
    unit: Unit, event: Event, reading: Mapping, source: Source, mappings: Mappings, received_at: datetime
) -> Unit:
    """Return the unit of a CloudEvent whose data a mapping reads; all its facts are taken together or none."""
    try:
        body = redacted(reading.decoder.decode(event.data), reading.redact)
        digest = hashlib.sha256(event.data).hexdigest()
        context = {**_context(unit.input, received_at), "time": format_time(event.time)}
        payload = Payload(body, _shown(unit.input), digest, digest, context, _attributes(event))
        outcomes = [_carried(event, reading, part, source, mappings) for part in split(reading, payload, source)]
    except Refused as refusal:
        return replace(unit, refused=refusal.kept())
    known_as = hashlib.sha256(event_identity(event) + digest.encode())
    drafts = tuple(draft for one in outcomes if not isinstance(one, Ignored) for draft in one)
    if drafts:
        return replace(unit, delivery=known_as.digest(), drafts=drafts)
    ignored = next(one for one in outcomes if isinstance(one, Ignored))
    return replace(unit, delivery=known_as.digest(), ignored=ignored)


def _carried(
    event: Event, reading: Mapping, part: Payload, source: Source, mappings: Mappings
) -> tuple[Draft, ...] | Ignored:
    scope = part.scope(reading, source)
    delivery = event.id if reading.delivery is None else delivery_id(reading, part, scope)
    return apply(reading, part, source, mappings, scope, delivery)


def _check_match(reading: Mapping, payload: Payload, source: Source) -> None:
    if reading.match is not None and not matches(reading, payload.scope(reading, source)):
        raise Refused("unmapped", f"this is no payload of {reading.name}")


def _unit(input_: Input, payload: Payload, reading: Mapping, source: Source, mappings: Mappings) -> Unit:
    unit = Unit(input_)
    try:
        scope = payload.scope(reading, source)
        delivery = delivery_id(reading, payload, scope)
        unit = replace(unit, claimed={"id": delivery})
        outcome = apply(reading, payload, source, mappings, scope, delivery)
    except Refused as refusal:
        return replace(unit, refused=refusal.kept())
    about = _json(payload.about) if payload.about else b""
    known_as = hashlib.sha256(delivery.encode() + b"\n" + bytes.fromhex(payload.part_sha256) + about).digest()
    if isinstance(outcome, Ignored):
        return replace(unit, delivery=known_as, ignored=outcome)
    return replace(unit, delivery=known_as, drafts=outcome)


def _decoded(reading: Mapping, input_: Input, received_at: datetime) -> tuple[Payload, Input]:
    """Return the payload, and the input as it may be kept: without the secrets that were in it."""
    found = strict_json.parse(input_.raw) if input_.is_decoded else reading.decoder.decode(input_.raw)
    body = redacted(found, reading.redact)
    digest = hashlib.sha256(input_.raw).hexdigest()
    original = input_.original_sha256 or digest
    context = _context(input_, received_at)
    about = {name: value for name, value in input_.stated.items() if name in _ABOUT}
    payload = Payload(body, _shown(input_), original, digest, context, ordinal=input_.ordinal, about=about)
    if body is found:
        return payload, input_
    return payload, replace(input_, body=_json(body), is_decoded=True, original_sha256=original)


def _part(whole: Input, part: Payload) -> Input:
    return replace(whole, body=_json(part.body), is_decoded=True, ordinal=part.ordinal, original_sha256=part.raw_sha256)


def _context(input_: Input, received_at: datetime) -> dict[str, str]:
    stated = {name: value for name, value in input_.stated.items() if name in STATED}
    received = format_time(received_at)
    return {"time": received, **stated, "received_at": received}


def _shown(input_: Input) -> dict[str, str]:
    return {name: value for name, value in input_.headers if name not in SECRET_HEADERS}


def _attributes(event: Event) -> dict[str, str]:
    return {
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "subject": event.subject,
        "time": format_time(event.time),
    }


def _json(value: Any) -> bytes:
    return strict_json.dump_sorted(value)


def _not_installed(input_: Input, source: Source) -> Refused:
    if input_.reads is not None:
        return Refused("unmapped", f"no mapping {input_.reads[:80]!r} is installed here")
    return Refused("unmapped", f"{source.name} has no mapping that is installed here")

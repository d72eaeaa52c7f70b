"""Units of input: what came in by one request, batch element, delivery or record, read into drafts or refused.

Pure: the same bytes, source and mappings give the same units. Nothing is looked up and nothing is decided that
needs state.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from fnmatch import fnmatchcase
from functools import partial
from typing import Final

from govbus.contracts.envelope import STRUCTURED_CONTENT_TYPE
from govbus.contracts.identity import event_identity
from govbus.intake.domain import http_binding, kafka_binding, mapping
from govbus.intake.domain.http_binding import Mode
from govbus.intake.domain.json_format import read_structured, split_batch
from govbus.intake.domain.mapping import Ignored
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.said import Draft, Said, parse_json, read
from govbus.intake.domain.source import Source

Mappings = Mapping[str, mapping.Mapping]
CLAIMED: Final = ("source", "type", "id", "subject")


@dataclass(frozen=True, slots=True)
class Input:
    """Bytes as they came: `channel` is `event`, `webhook` or `kafka`; headers in lower case.

    `body` is None for one that was too large to be read to its end.
    """

    channel: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None

    @property
    def raw(self) -> bytes:
        """The body, empty where it was not read."""
        return self.body or b""

    @property
    def digest(self) -> bytes | None:
        """SHA-256 of the body."""
        return None if self.body is None else hashlib.sha256(self.body).digest()


@dataclass(frozen=True, slots=True)
class Unit:
    """One input after reading: exactly one of drafts, `ignored` and `refused` says what came of it.

    `delivery` is the digest under which a mapped delivery is known again; `carrier` the identity of the CloudEvent
    that carried it. `claimed` is what the input says of itself, unverified.
    """

    input: Input
    drafts: tuple[Draft, ...] = ()
    delivery: bytes | None = None
    carrier: bytes | None = None
    ignored: Ignored | None = None
    refused: Refused | None = None
    claimed: Mapping[str, str] = field(default_factory=dict)


def read_request(input_: Input, source: Source, mappings: Mappings, now: datetime) -> tuple[Mode, list[Unit]]:
    """Return the mode of a CloudEvents request and its units; in batch mode each element is judged on its own.

    Raises:
        Refused: the request as a whole is no CloudEvents request.
    """
    mode = http_binding.mode_of(input_.headers)
    if mode is Mode.BATCH:
        headers = (("content-type", STRUCTURED_CONTENT_TYPE),)
        elements = [replace(input_, headers=headers, body=raw) for raw in split_batch(input_.raw)]
        return mode, [_event_unit(one, partial(read_structured, one.raw), source, mappings, now) for one in elements]
    if mode is Mode.STRUCTURED:
        return mode, [_event_unit(input_, partial(read_structured, input_.raw), source, mappings, now)]
    parse = partial(http_binding.read_binary, input_.headers, input_.raw)
    return mode, [_event_unit(input_, parse, source, mappings, now)]


def read_record(
    headers: kafka_binding.Headers, value: bytes | None, source: Source, mappings: Mappings, now: datetime
) -> Unit:
    """Return the unit of one Kafka record: never raises, rubbish is a refused unit."""
    texts = tuple((name.lower(), (raw or b"").decode("utf-8", "replace")) for name, raw in headers)
    input_ = Input("kafka", texts, value or b"")
    return _event_unit(input_, partial(kafka_binding.read, headers, value), source, mappings, now)


def read_delivery(input_: Input, source: Source, mappings: Mappings) -> Unit:
    """Return the unit of one webhook delivery, read by the source's mapping."""
    if source.mapping is None or source.mapping not in mappings:
        return Unit(input_, refused=Refused("unmapped", f"{source.name} has no mapping that is installed here"))
    return _mapped(Unit(input_), mappings[source.mapping], source)


def _event_unit(input_: Input, parse: Callable[[], Said], source: Source, mappings: Mappings, now: datetime) -> Unit:
    unit = Unit(input_)
    try:
        said = parse()
        unit = replace(unit, claimed={name: said.attributes[name] for name in CLAIMED if name in said.attributes})
        draft = read(said, now)
    except Refused as refusal:
        return replace(unit, refused=refusal)
    reading = mappings.get(source.mapping) if source.mapping else None
    if reading is not None and any(fnmatchcase(draft.event.type, glob) for glob in reading.carried_types):
        return _mapped(replace(unit, carrier=event_identity(draft.event)), reading, source, draft.event.data)
    return replace(unit, drafts=(draft,))


def _mapped(unit: Unit, reading: mapping.Mapping, source: Source, carried: bytes | None = None) -> Unit:
    raw = unit.input.raw if carried is None else carried
    digest = hashlib.sha256(raw)
    try:
        payload = mapping.Payload(parse_json(raw), dict(unit.input.headers), digest.hexdigest())
        scope = mapping.scope_of(payload, source)
        delivery = mapping.delivery_id(reading, payload, scope)
        outcome = mapping.apply(reading, payload, source, scope)
    except Refused as refusal:
        return replace(unit, refused=refusal)
    known_as = hashlib.sha256(delivery.encode() + b"\n" + digest.digest()).digest()
    claimed = unit.claimed or {"id": delivery}
    if isinstance(outcome, Ignored):
        return replace(unit, delivery=known_as, ignored=outcome, claimed=claimed)
    return replace(unit, delivery=known_as, drafts=outcome, claimed=claimed)


def stated_sources(units: Sequence[Unit]) -> set[str]:
    """Return every `source` that the units' senders wrote, to be checked against who is registered."""
    drafted = {draft.event.source for unit in units for draft in unit.drafts}
    return drafted | {unit.claimed["source"] for unit in units if "source" in unit.claimed and not unit.refused}

"""Plain facts: what most platforms say, read in one go to what the register and the outbox need of it.

Plain is an event of its own that needs no look into the database but for its identity: no personal text, no counted
`sequence`, no trace of its own, no mapping, nothing to refuse. All other records are read by `domain.units`.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from govbus.eventing.outbox import pack_headers
from govbus.eventing.records import Headers, encode
from govbus.intake.domain import kafka_binding
from govbus.intake.domain.acceptance import attribute
from govbus.intake.domain.personal_fields import personal_texts
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.said import read
from govbus.intake.domain.source import Source


class Plain(NamedTuple):
    """One plain fact, encoded for Kafka; `source` is the URI it states, still to be checked against all others'."""

    identity: bytes
    digest: bytes
    source: str
    subject: str
    value: bytes
    packed_headers: bytes


def read_plain(
    records: Iterable[tuple[Headers, bytes | None]], source: Source, now: datetime, traceparent: str | None
) -> list[Plain | None]:
    """Return the plain fact of each record, None for one that is to be read the long way. Pure, never raises."""
    if source.mapping is not None:
        return [None for _ in records]
    return [_plain(headers, value, source, now, traceparent) for headers, value in records]


def _plain(
    headers: Headers, value: bytes | None, source: Source, now: datetime, traceparent: str | None
) -> Plain | None:
    try:
        said = kafka_binding.read(headers, value)
        if "sequence" in said.attributes:
            return None
        fact = attribute(read(said, now), source, now)
    except Refused:
        return None
    event = fact.event
    if event.traceparent is not None or personal_texts(event):
        return None
    _, data, encoded = encode(event, traceparent)
    return Plain(fact.identity, fact.digest, event.source, event.subject, data, pack_headers(encoded))

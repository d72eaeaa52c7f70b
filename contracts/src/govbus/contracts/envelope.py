"""The CloudEvents 1.0 envelope as Govbus reads and writes it.

Source: CloudEvents 1.0.2; shared design, events.md, "Envelope".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

from govbus.contracts import strict_json

SPECVERSION: Final = "1.0"
JSON_CONTENT_TYPE: Final = "application/json"
STRUCTURED_CONTENT_TYPE: Final = "application/cloudevents+json"
BATCH_CONTENT_TYPE: Final = "application/cloudevents-batch+json"

CONTEXT_ATTRIBUTES: Final = (
    "id",
    "source",
    "type",
    "subject",
    "time",
    "dataschema",
    "recordedtime",
    "sequence",
    "correlationid",
    "causationid",
    "authtype",
    "authid",
    "actorassurance",
    "traceparent",
    "tracestate",
    "dataclassification",
)
"""Attributes with a field of their own in `Event`, besides `specversion` and `datacontenttype`."""

_values_of: Final = attrgetter(*CONTEXT_ATTRIBUTES)


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event: context attributes and the exact bytes of its data. Without slots, so that `changed` is cheap.

    `time` is when it happened by the emitter's clock, `recordedtime` when intake took it in; both are aware UTC.
    `data` are the bytes of the Kafka value or HTTP body, never re-serialised.
    `extensions` holds attributes this version of Govbus does not name.
    """

    id: str
    source: str
    type: str
    subject: str
    time: datetime
    data: bytes = b""
    datacontenttype: str = JSON_CONTENT_TYPE
    dataschema: str | None = None
    recordedtime: datetime | None = None
    sequence: str | None = None
    correlationid: str | None = None
    causationid: str | None = None
    authtype: str | None = None
    authid: str | None = None
    actorassurance: str | None = None
    traceparent: str | None = None
    tracestate: str | None = None
    dataclassification: str | None = None
    extensions: Mapping[str, str] = field(default_factory=dict)

    @property
    def known_at(self) -> datetime:
        """When Govbus came to know: `recordedtime`, or `time` for its own conclusions."""
        return self.recordedtime or self.time

    def json(self) -> Any:
        """Return the data as a JSON value.

        Raises:
            strict_json.InvalidJson: the data is not strict JSON.
        """
        return strict_json.parse(self.data)

    def changed(self, **values: Any) -> "Event":
        """Return what `dataclasses.replace` does in a fifth of the time: every event is changed on its way.

        Raises:
            TypeError: no such attribute.
        """
        if not values.keys() <= _FIELDS:
            raise TypeError(f"no attributes of an event: {sorted(values.keys() - _FIELDS)}")
        copy = object.__new__(Event)
        copy.__dict__.update(self.__dict__, **values)
        return copy

    def attributes(self) -> dict[str, str]:
        """Return all attributes as CloudEvents strings, absent ones left out."""
        found = {"specversion": SPECVERSION, "datacontenttype": self.datacontenttype}
        for name, value in zip(CONTEXT_ATTRIBUTES, _values_of(self), strict=True):
            if value is not None:
                found[name] = format_time(value) if isinstance(value, datetime) else value
        return {**found, **self.extensions}


_FIELDS: Final = frozenset(Event.__dataclass_fields__)


@lru_cache(maxsize=256)
def is_json(content_type: str) -> bool:
    """Return whether a media type says JSON. Source: CloudEvents JSON format 1.0.2, section 3.1."""
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type.endswith(("/json", "+json"))


def format_time(moment: datetime) -> str:
    """Return RFC 3339 in UTC with `Z` and microseconds when there are any.

    Raises:
        ValueError: a naive time.
    """
    if moment.tzinfo is None:
        raise ValueError("a time without zone")
    in_utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return in_utc.isoformat().replace("+00:00", "Z")


def parse_time(text: str) -> datetime:
    """Return the aware UTC time written in RFC 3339 `text`; digits beyond microseconds are cut.

    Raises:
        ValueError: not RFC 3339, or without offset.
    """
    if len(text) < len("2026-01-01T00:00:00Z") or text[10] not in "Tt ":
        raise ValueError(f"{text[:40]!r} is not an RFC 3339 time")
    moment = datetime.fromisoformat(text.upper())
    if moment.tzinfo is None:
        raise ValueError(f"{text[:40]!r} has no offset from UTC")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text[:40]!r} is outside of the years 1 to 9999 in UTC") from None

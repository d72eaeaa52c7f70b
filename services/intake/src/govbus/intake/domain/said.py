"""What an emitter said: a CloudEvent as it came, read into an `Event` that is strict but not yet placed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from govbus.contracts import strict_json
from govbus.contracts.envelope import (
    CONTEXT_ATTRIBUTES,
    JSON_CONTENT_TYPE,
    Event,
    parse_time,
)
from govbus.contracts.identity import UNREAD, content_digest
from govbus.contracts.limits import EVENT_BYTES
from govbus.intake.domain import attributes as naming
from govbus.intake.domain.refusals import Refused

_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}.*")
_NO_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)
_OWN_FIELDS: Final = frozenset(CONTEXT_ATTRIBUTES) | {"specversion", "datacontenttype"}


@dataclass(frozen=True, slots=True)
class Said:
    """Attributes as text and the exact bytes of the data, from whichever binding.

    `value` is the JSON value of the data where it was read together with the attributes.
    """

    attributes: Mapping[str, str]
    data: bytes
    value: Any = UNREAD


@dataclass(frozen=True, slots=True)
class Draft:
    """A well-formed event of somebody: envelope and data are strict; rights and contract are not yet looked at.

    `digest` is the content digest of what was said: a retry has the same one, also when it states no time.
    """

    event: Event
    digest: bytes


def read(said: Said, received_at: datetime) -> Draft:
    """Return the event that was said; one that states no time happened when we received it.

    Raises:
        Refused: `invalid_envelope`, `too_large` or one of the reasons of strict JSON.
    """
    naming.check(said.attributes)
    if len(said.data) > EVENT_BYTES:
        raise Refused("too_large", f"the data have {len(said.data)} bytes, at most {EVENT_BYTES} are taken")
    stated = said.attributes.get("time")
    event = _event(said, _time(stated) if stated else _NO_TIME)
    value = said.value
    if value is UNREAD and is_json(event.datacontenttype) and event.data:
        value = parse_json(event.data)
    digest = content_digest(event, value)
    return Draft(event if stated else replace(event, time=received_at), digest)


def is_json(content_type: str) -> bool:
    """Return whether a media type says JSON. Source: CloudEvents JSON format 1.0.2, section 3.1."""
    media_type = content_type.partition(";")[0].strip().lower()
    return media_type.endswith(("/json", "+json"))


def parse_json(raw: bytes) -> Any:
    """Return the strict JSON value in `raw`, or refuse with the parser's own reason."""
    try:
        return strict_json.parse(raw)
    except strict_json.InvalidJson as error:
        raise Refused(error.reason, error.detail) from None


def _event(said: Said, time: datetime) -> Event:
    given = {name: value for name, value in said.attributes.items() if name not in naming.SET_BY_INTAKE}
    traceparent = given.get("traceparent")
    traced = traceparent is not None and _TRACEPARENT.fullmatch(traceparent) is not None
    return Event(
        id=given["id"],
        source=given["source"],
        type=given["type"],
        subject=given.get("subject", ""),
        time=time,
        data=said.data,
        datacontenttype=given.get("datacontenttype", JSON_CONTENT_TYPE),
        dataschema=given.get("dataschema"),
        sequence=given.get("sequence"),
        correlationid=given.get("correlationid"),
        causationid=given.get("causationid"),
        traceparent=traceparent if traced else None,
        tracestate=given.get("tracestate") if traced else None,
        dataclassification=given.get("dataclassification"),
        extensions={name: value for name, value in given.items() if name not in _OWN_FIELDS},
    )


def _time(text: str) -> datetime:
    try:
        return parse_time(text)
    except ValueError as error:
        raise Refused("invalid_envelope", f"time: {error}") from None

"""What an emitter said: a CloudEvent as it came, read into an `Event` that is strict but not yet placed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from govbus.contracts import strict_json
from govbus.contracts.envelope import (
    CONTEXT_ATTRIBUTES,
    Event,
    is_json,
    parse_time,
)
from govbus.contracts.identity import UNREAD, content_digest
from govbus.contracts.limits import EVENT_BYTES
from govbus.intake.domain import attributes as naming
from govbus.intake.domain.refusals import Refused

_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}.*")
_NO_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)
_OWN_FIELDS: Final = tuple({*CONTEXT_ATTRIBUTES, "datacontenttype"} - naming.SET_BY_INTAKE)
_NOTHING: Final = Event(id="", source="", type="", subject="", time=_NO_TIME)
"""What every event that was said begins as."""


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
    return Draft(event if stated else event.changed(time=received_at), digest)


def parse_json(raw: bytes) -> Any:
    """Return the strict JSON value in `raw`, or refuse with the parser's own reason."""
    try:
        return strict_json.parse(raw)
    except strict_json.InvalidJson as error:
        raise Refused(error.reason, error.detail) from None


def _event(said: Said, time: datetime) -> Event:
    given = dict(said.attributes)
    own: dict[str, Any] = {name: given.pop(name) for name in _OWN_FIELDS if name in given}
    if "traceparent" in own or "tracestate" in own:
        traceparent = own.get("traceparent")
        if traceparent is None or _TRACEPARENT.fullmatch(traceparent) is None:
            own.update(traceparent=None, tracestate=None)
    own.update(time=time, data=said.data)
    for name in ("specversion", *naming.SET_BY_INTAKE):
        given.pop(name, None)
    return _NOTHING.changed(**own, extensions=given)


def _time(text: str) -> datetime:
    try:
        return parse_time(text)
    except ValueError as error:
        raise Refused("invalid_envelope", f"time: {error}") from None

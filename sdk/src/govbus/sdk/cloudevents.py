"""CloudEvents over HTTP as an emitter writes them: structured, binary and batch.

Source: CloudEvents HTTP protocol binding 1.0.2; CloudEvents JSON format 1.0.2.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from govbus.contracts import strict_json
from govbus.contracts.envelope import (
    BATCH_CONTENT_TYPE,
    SPECVERSION,
    STRUCTURED_CONTENT_TYPE,
    Event,
)
from govbus.contracts.identity import fresh_id
from govbus.contracts.types import PREFIX, full_name

_NEEDED: Final = ("source", "type")
_HEADER_SAFE: Final = "".join(map(chr, range(0x21, 0x7F))).replace('"', "").replace("%", "")


class NotAnEvent(ValueError):
    """A document that cannot be a CloudEvent; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Sendable:
    """A request body of one event or a batch, with its media type and the events' ids."""

    content: bytes
    content_type: str
    ids: tuple[str, ...]

    @property
    def is_batch(self) -> bool:
        """Whether the answer is a list of results."""
        return self.content_type == BATCH_CONTENT_TYPE


def new_event(
    type_: str, subject: str, data: Any, *, source: str, id_: str | None = None, time: datetime | None = None
) -> Event:
    """Return an event with JSON `data`, made now unless told otherwise.

    `type_` may be the short name of a Govbus type (`model.registered`) or any whole CloudEvents type.
    """
    return Event(
        id=id_ or fresh_id(),
        source=source,
        type=whole_type(type_),
        subject=subject,
        time=time or datetime.now(UTC),
        data=strict_json.dump(data),
    )


def whole_type(type_: str) -> str:
    """Return the CloudEvents type of a short name (`model.registered`); any other type is left alone."""
    return full_name(type_) if type_.count(".") == 1 and not type_.startswith(PREFIX) else type_


def read_document(raw: bytes) -> Sendable:
    """Return what is to be sent of a file: an event or a batch in the JSON format, a missing id made now.

    A complete document is sent byte for byte. A missing time is left to intake: sent again under its id, the event is
    then still the same.

    Raises:
        NotAnEvent: not strict JSON, or without source or type.
    """
    try:
        document = strict_json.parse(raw)
    except strict_json.InvalidJson as error:
        raise NotAnEvent(f"not strict JSON: {error.detail}") from None
    items = document if isinstance(document, list) else [document]
    completed = [_completed(item) for item in items]
    ids = tuple(str(item["id"]) for item in completed)
    whole = raw if completed == items else strict_json.dump(completed if isinstance(document, list) else completed[0])
    return Sendable(whole, BATCH_CONTENT_TYPE if isinstance(document, list) else STRUCTURED_CONTENT_TYPE, ids)


def structured(event: Event, *, states_time: bool = True) -> Sendable:
    """Return the event as `application/cloudevents+json`; without its time, intake says when it was received."""
    document = _document(event)
    if not states_time:
        del document["time"]
    return Sendable(strict_json.dump(document), STRUCTURED_CONTENT_TYPE, (event.id,))


def spliced(attributes: Mapping[str, str], data: bytes) -> bytes:
    """Return an event in the JSON format whose JSON data keep their bytes."""
    return strict_json.dump(attributes)[:-1] + b',"data":' + data + b"}"


def batch(events: Sequence[Event]) -> Sendable:
    """Return events as `application/cloudevents-batch+json`."""
    whole = strict_json.dump([_document(event) for event in events])
    return Sendable(whole, BATCH_CONTENT_TYPE, tuple(event.id for event in events))


def binary(event: Event) -> tuple[dict[str, str], bytes]:
    """Return headers and body of binary mode."""
    attributes = _attributes(event)
    content_type = attributes.pop("datacontenttype")
    headers = {f"ce-{name}": quote(value, safe=_HEADER_SAFE) for name, value in attributes.items()}
    return {**headers, "content-type": content_type}, event.data


def _attributes(event: Event) -> dict[str, str]:
    return {name: value for name, value in event.attributes().items() if value}


def _document(event: Event) -> dict[str, Any]:
    document: dict[str, Any] = dict(_attributes(event))
    if not event.data:
        return document
    media_type = event.datacontenttype.partition(";")[0].strip().lower()
    if media_type.endswith(("/json", "+json")):
        return {**document, "data": event.json()}
    return {**document, "data_base64": base64.b64encode(event.data).decode()}


def _completed(item: Any) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise NotAnEvent("a CloudEvent is a JSON object")
    missing = [name for name in _NEEDED if not item.get(name)]
    if missing:
        raise NotAnEvent(f"the event has no {' and no '.join(missing)}")
    made = {"specversion": SPECVERSION, "id": fresh_id()}
    return {**item, **{name: value for name, value in made.items() if name not in item}}

"""Every event type Govbus understands, with its payload model, topic and owner.

A payload class is declared once, with `@event_type`; the catalogue is what schemas, examples and readers go by.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from govbus.contracts import strict_json, topics, types
from govbus.contracts.envelope import Event


class Payload(BaseModel):
    """Data of an event: frozen, unknown fields ignored by readers; the freeze test holds writers to the schema."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, ser_json_temporal="iso8601")


@dataclass(frozen=True, slots=True)
class EventType:
    """One event type: short name, payload and the topics it may stand on.

    A draft is a conclusion that no service draws yet: its payload may change until the first one does.
    """

    name: str
    payload: type[Payload]
    topics: tuple[str, ...]
    major: int = 1
    minor: int = 0
    draft: bool = False

    @property
    def full_name(self) -> str:
        """The CloudEvents `type`."""
        return types.full_name(self.name, self.major)

    @property
    def schema_address(self) -> str:
        """The `dataschema` URI."""
        return types.schema_address(self.name, self.major, self.minor)

    @property
    def is_fact(self) -> bool:
        """Whether platforms may say it."""
        return self.topics == (topics.FACTS,)


class ContractBroken(ValueError):
    """Data of a known type that its contract refuses; `errors` are (JSON pointer, message) pairs."""

    def __init__(self, type_: str, errors: tuple[tuple[str, str], ...]) -> None:
        """Keep the type and every violated place."""
        super().__init__(f"{type_}: " + "; ".join(f"{pointer or '/'}: {message}" for pointer, message in errors[:5]))
        self.type = type_
        self.errors = errors


class StillADraft(ValueError):
    """An event of a type whose contract is not frozen was to be made."""


_BY_NAME: dict[str, EventType] = {}
_BY_PAYLOAD: dict[type[Payload], EventType] = {}

P = TypeVar("P", bound=Payload)


def event_type(name: str, *on: str, minor: int = 0, draft: bool = False) -> Callable[[type[P]], type[P]]:
    """Declare the payload class of type `name`, carried on the topics `on`; a draft has no writer yet."""

    def register(payload: type[P]) -> type[P]:
        declared = EventType(name, payload, on, minor=minor, draft=draft)
        if declared.full_name in _BY_NAME:
            raise ValueError(f"event type {name} is declared twice")
        _BY_NAME[declared.full_name] = declared
        _BY_PAYLOAD[payload] = declared
        return payload

    return register


def all_types() -> tuple[EventType, ...]:
    """Return every declared type, by name."""
    return tuple(sorted(_BY_NAME.values(), key=lambda declared: declared.name))


def find(full_name: str) -> EventType | None:
    """Return the declared type, or None for one that Govbus does not understand."""
    return _BY_NAME.get(full_name)


def type_of(payload: type[Payload]) -> EventType:
    """Return the declared type of a payload class."""
    return _BY_PAYLOAD[payload]


def writable_type_of(payload: type[Payload]) -> EventType:
    """Return the declared type of a payload class that an event is to be made of.

    Raises:
        StillADraft: its contract may change yet, so that nobody may write it.
    """
    declared = type_of(payload)
    if declared.draft:
        raise StillADraft(f"{declared.name} is a draft: declare it without `draft` and freeze its schema first")
    return declared


def read(event: Event) -> Payload | None:
    """Return the event's typed data, or None when its type is opaque to Govbus.

    Raises:
        ContractBroken: the type is known and the data does not fit.
    """
    declared = find(event.type)
    if declared is None:
        return None
    try:
        return declared.payload.model_validate_json(event.data, strict=True)
    except ValidationError as error:
        raise ContractBroken(event.type, tuple(_violation(dict(item)) for item in error.errors())) from None


def dump(payload: Payload) -> bytes:
    """Return the payload as compact JSON, absent optional values left out."""
    return strict_json.dump(payload.model_dump(mode="json", exclude_none=True))


def _violation(item: dict[str, object]) -> tuple[str, str]:
    location = item["loc"]
    parts = location if isinstance(location, tuple) else ()
    pointer = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)
    return pointer, str(item["msg"])

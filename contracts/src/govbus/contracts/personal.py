"""Personal data in events: which fields hold it, and how they are sealed under a key per person.

Intake seals marked fields before its database and Kafka see them; erasing a person is deleting the person's key.

Source: RFC 7516 (compact JWE), RFC 7518 section 4.5 (`dir`) and 5.3 (A256GCM).
"""

import base64
import re
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Union, get_args, get_origin

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from pydantic import BaseModel, GetJsonSchemaHandler
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema
from typing_extensions import override

from govbus.contracts import strict_json

KEY_BYTES: Final = 32
"""A256GCM takes the content key itself (`dir`): exactly 256 bits."""

_ALGORITHMS: Final = ["dir", "A256GCM"]
_COMPACT: Final = re.compile(r"[A-Za-z0-9_-]+\.\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+")
_SCHEMA_KEYWORD: Final = "x-govbus-personal"
_SUBJECT_KEYWORD: Final = "x-govbus-data-subject"


@dataclass(frozen=True, slots=True)
class Personal:
    """Marks a text field of a contract as holding personal data: `Annotated[Text, Personal()]`.

    The marker stands in the frozen schema too, so that code generated in other languages sees it.
    """

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Write the marker into the JSON Schema."""
        return {**handler(core), _SCHEMA_KEYWORD: True}


@dataclass(frozen=True, slots=True)
class DataSubject:
    """Marks the field that names, by a pseudonym, whose personal data these are: `Annotated[Name, DataSubject()]`.

    At most one per payload. All personal texts of the payload are sealed under this person's key; without such a
    field, or without a value in it, the fact has a key of its own.
    """

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Write the marker into the JSON Schema."""
        return {**handler(core), _SUBJECT_KEYWORD: True}


Marker = Personal | DataSubject
"""What a field of a contract may be marked with."""


class SealBroken(ValueError):
    """A sealed text that cannot be opened; the message never holds the text or the key."""


@dataclass(frozen=True, slots=True)
class PersonKey:
    """The key of one data subject: `id` names it on the outside, `secret` is 32 random bytes."""

    id: str
    secret: bytes

    def __post_init__(self) -> None:
        """Refuse a key of the wrong size."""
        if len(self.secret) != KEY_BYTES:
            raise ValueError(f"a person's key has {KEY_BYTES} bytes, not {len(self.secret)}")

    @override
    def __repr__(self) -> str:
        """Name the key without showing it."""
        return f"PersonKey(id={self.id!r})"


def seal(text: str, key: PersonKey) -> str:
    """Return `text` as a compact JWE whose header names the key; sealing twice gives different bytes."""
    header = {"alg": "dir", "enc": "A256GCM", "kid": key.id}
    return jwe.encrypt_compact(header, text.encode(), _jwk(key), algorithms=_ALGORITHMS)


def unseal(sealed: str, key: PersonKey) -> str:
    """Return the text that was sealed under `key`.

    Raises:
        SealBroken: not a compact JWE, another key's, or altered.
    """
    if key_id_of(sealed) != key.id:
        raise SealBroken("sealed under another key")
    try:
        opened = jwe.decrypt_compact(sealed, _jwk(key), algorithms=_ALGORITHMS).plaintext
    except (JoseError, ValueError) as error:
        raise SealBroken(f"does not open: {type(error).__name__}") from None
    if opened is None:
        raise SealBroken("holds nothing")
    return opened.decode()


def jwk_of(key: PersonKey) -> dict[str, str]:
    """Return the key as a JWK with its secret. Source: RFC 7517, RFC 7518 section 6.4."""
    encoded = base64.urlsafe_b64encode(key.secret).rstrip(b"=").decode()
    return {"kty": "oct", "kid": key.id, "alg": "dir", "use": "enc", "k": encoded}


def is_sealed(text: str) -> bool:
    """Return whether `text` has the form of a sealed text (five parts, the second empty, as `dir` has no key)."""
    return _COMPACT.fullmatch(text) is not None


def key_id_of(sealed: str) -> str:
    """Return the id of the key that a sealed text needs.

    Raises:
        SealBroken: not a compact JWE, or one without `kid`.
    """
    if not is_sealed(sealed):
        raise SealBroken("not a sealed text")
    encoded = sealed.partition(".")[0]
    try:
        header = strict_json.parse(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    except ValueError:
        raise SealBroken("its header is not readable") from None
    key_id = header.get("kid") if isinstance(header, dict) else None
    if not isinstance(key_id, str):
        raise SealBroken("its header names no key")
    return key_id


def personal_paths(model: type[BaseModel]) -> tuple[tuple[str, ...], ...]:
    """Return where a payload class holds personal data; `*` stands for every item of a list or mapping."""
    return tuple(sorted(set(_paths(model, Personal, ()))))


def data_subject_path(model: type[BaseModel]) -> tuple[str, ...] | None:
    """Return where a payload class names its data subject, None for one that names nobody.

    Raises:
        ValueError: it names several, or one of many: whose key would seal its texts?
    """
    found = set(_paths(model, DataSubject, ()))
    if len(found) > 1 or any("*" in path for path in found):
        raise ValueError(f"{model.__name__} names more than one data subject: {sorted(found)}")
    return next(iter(found), None)


def _paths(model: type[BaseModel], marker: type[Marker], above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for name, info in model.model_fields.items():
        yield from _field_paths(info, marker, (*above, name))


def _field_paths(info: FieldInfo, marker: type[Marker], here: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if any(isinstance(item, marker) for item in info.metadata):
        yield here
    yield from _annotation_paths(info.annotation, marker, here)


def _annotation_paths(annotation: Any, marker: type[Marker], here: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from _paths(annotation, marker, here)
    elif any(isinstance(item, marker) for item in getattr(annotation, "__metadata__", ())):
        yield here
    elif (origin := get_origin(annotation)) is not None:
        is_union = origin in (Union, types.UnionType)
        for argument in get_args(annotation):
            yield from _annotation_paths(
                argument, marker, here if is_union or hasattr(annotation, "__metadata__") else (*here, "*")
            )


def _jwk(key: PersonKey) -> OctKey:
    return OctKey.import_key(key.secret, {"kid": key.id})

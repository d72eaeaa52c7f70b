"""What a platform's registration may say, checked before anything is stored."""

import re
from typing import Annotated, Any, Final

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)

from govbus.contracts.fields import NO_NUL
from govbus.contracts.limits import ATTRIBUTE_BYTES, BODY_BYTES, EVENT_BYTES
from govbus.eventing.problems import Problem
from govbus.intake.api.signatures import Signature, is_unsigned
from govbus.intake.domain.limits import Limits
from govbus.intake.domain.source import (
    DEFAULT_REPLAY_WINDOW_SECONDS,
    NAME,
    Source,
    is_reserved,
)
from govbus.intake.reception import Reception

_URI: Final = re.compile(r"[^\s\x00-\x1f\x7f]+")
_NAMESPACE: Final = re.compile(r"[A-Za-z0-9._~-]{1,100}")
_YEAR_SECONDS: Final = 366 * 24 * 3600
_EVENTS_PER_SECOND: Final = 1_000_000.0
_OURS: Final = frozenset({"people", "intake", "govbus"})

Seconds = Annotated[int, Field(gt=0, le=_YEAR_SECONDS)]
TypeGlobs = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=200, pattern=NO_NUL)], ...], Field(max_length=200)
]
"""What a platform may say: globs over type names, short or full."""


class SourceLimits(BaseModel):
    """How much the platform may send; each at most what holds for everybody."""

    model_config = ConfigDict(extra="forbid")

    events_per_second: float | None = Field(
        default=None, gt=0, le=_EVENTS_PER_SECOND, description="per process of intake; two seconds' worth may burst"
    )
    body_bytes: int | None = Field(default=None, gt=0, le=BODY_BYTES, description="one request, unpacked")
    event_bytes: int | None = Field(default=None, gt=0, le=EVENT_BYTES, description="the data of one event")

    def to_limits(self) -> Limits:
        """Return the limits that are asked for."""
        return Limits(self.events_per_second, self.body_bytes, self.event_bytes)


class NewSource(BaseModel):
    """Body of `POST /v1/sources`."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(description="1 to 63 of a-z 0-9 . _ -; stands in paths, topics and subjects")
    source: str = Field(min_length=1, max_length=ATTRIBUTE_BYTES, description="URI prefix of its events' source")
    namespace: str | None = Field(default=None, description="owner of its subjects; default: the name")
    mapping: str | None = None
    internal: bool = Field(default=False, description="reachable from inside only; the scheme none needs it")
    signature: Signature | None = None
    limits: SourceLimits = SourceLimits()
    types: TypeGlobs | None = Field(default=None, description="globs over type names; default: all but approvals")
    expected_interval_seconds: Seconds | None = None
    replay_window_seconds: Seconds = DEFAULT_REPLAY_WINDOW_SECONDS
    kafka: bool = Field(default=False, description="emits on a topic of its own, govbus.intake.<name>")

    @field_validator("name")
    @classmethod
    def _name(cls, value: str) -> str:
        if not NAME.fullmatch(value) or value in _OURS:
            raise ValueError("1 to 63 of a-z 0-9 . _ -, beginning with a letter or digit; some names are Govbus's own")
        return value

    @field_validator("source")
    @classmethod
    def _source(cls, value: str) -> str:
        if not _URI.fullmatch(value) or len(value.encode()) > ATTRIBUTE_BYTES:
            raise ValueError("a URI reference without spaces, at most 1024 bytes")
        if is_reserved(value):
            raise ValueError("//govbus is Govbus's own")
        return value

    @field_validator("namespace")
    @classmethod
    def _namespace(cls, value: str | None) -> str | None:
        if value is not None and not _NAMESPACE.fullmatch(value):
            raise ValueError("1 to 100 of letters, digits and . _ ~ -")
        return value

    @field_validator("signature")
    @classmethod
    def _signature(cls, value: Signature | None, info: ValidationInfo) -> Signature | None:
        if is_unsigned(value) and not info.data.get("internal"):
            raise ValueError('the scheme none lets anybody deliver: only with "internal": true')
        return value

    def to_source(self) -> Source:
        """Return the source that is asked for."""
        return Source(
            name=self.name,
            uri=self.source,
            namespace=self.namespace or self.name,
            types=self.types,
            mapping=self.mapping,
            signature_scheme=self.signature.scheme if self.signature else None,
            replay_window_seconds=self.replay_window_seconds,
            expected_interval_seconds=self.expected_interval_seconds,
            limits=self.limits.to_limits(),
            signature_topics=self.signature.topics if self.signature else (),
            confirms=self.signature.confirm if self.signature else False,
            is_internal=self.internal,
            kafka=self.kafka,
        )


class NewCredential(BaseModel):
    """Body of `POST /v1/sources/{name}/credentials`."""

    model_config = ConfigDict(extra="forbid")

    expires_in_seconds: Seconds | None = Field(default=None, description="absent: until it is revoked")


async def check_mapping(name: str | None, reception: Reception) -> None:
    """Refuse a mapping that is not installed.

    Raises:
        Problem: 422, with the names of those that are.
    """
    if name is not None and not await reception.has_mapping(name):
        raise Problem(
            status=422,
            reason="invalid_request",
            title="Request refused",
            detail=f"Installed mappings: {', '.join(sorted(reception.mappings)) or 'none'}.",
            errors=[{"pointer": "/mapping", "detail": "not installed here"}],
        )


def body_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return what the OpenAPI document says of a body that is read by hand."""
    return {"requestBody": {"content": {"application/json": {"schema": _inlined(model)}}}}


def _inlined(model: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON Schema with its definitions in place, so that it stands alone in the document."""
    schema = model.model_json_schema()
    definitions = schema.pop("$defs", {})

    def resolved(node: Any) -> Any:
        if isinstance(node, list):
            return [resolved(item) for item in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return resolved(definitions[node["$ref"].rpartition("/")[2]])
        return {key: resolved(value) for key, value in node.items()}

    inlined: dict[str, Any] = resolved(schema)
    return inlined

"""A registered platform: who it is, what it may say, and about whose things."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final

from govbus.contracts import types
from govbus.contracts.making import SERVICE_SOURCE
from govbus.intake.domain.limits import Limits
from govbus.intake.domain.refusals import Refused

DEFAULT_REPLAY_WINDOW_SECONDS: Final = 72 * 3600
"""MLflow repeats timestamp and signature on every retry, so the window must exceed a weekend of back-off."""

NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
"""It stands in a topic name, a path and a subject."""

_REPORTED: Final = types.full_name("platform.reported")
"""What a mapping makes of everything without governance meaning: nothing a registration would forbid."""

_JUDGED_COUNT: Final = 1024
"""Types whose judgement is remembered, each below `ATTRIBUTE_BYTES`: a platform says the same few all day."""

_JUDGEMENTS: Final = ("dev.govbus.approval.*",)
"""What nobody may say unless an administrator listed it: a decision taken elsewhere."""


@dataclass(frozen=True, slots=True)
class Source:
    """One emitter. `uri` is the prefix its events' `source` must lie under, `namespace` owns its subjects.

    `types` are globs over short and full type names; None is the default: everything but approvals and
    validations that call themselves independent. `namespace` None (people) reaches every namespace.
    `signature_topics` are the topics whose messages a scheme of many senders (SNS) lets pass, `confirms` whether a
    subscription is confirmed without the operator, `is_internal` whether deliveries may come unsigned,
    `kafka` whether it emits on a topic of its own.
    """

    name: str
    uri: str
    namespace: str | None
    types: tuple[str, ...] | None = None
    mapping: str | None = None
    signature_scheme: str | None = None
    replay_window_seconds: int = DEFAULT_REPLAY_WINDOW_SECONDS
    expected_interval_seconds: int | None = None
    auth_type: str = "source"
    limits: Limits = field(default_factory=Limits)
    signature_topics: tuple[str, ...] = ()
    confirms: bool = False
    is_internal: bool = False
    kafka: bool = False

    def may_say(self, type_: str) -> bool:
        """Return whether this source may say events of a type."""
        if self.mapping is not None and type_ == _REPORTED:
            return True
        if self.types is None:
            return not _matches(_JUDGEMENTS, type_)
        return _matches(self.types, type_)

    def check_type(self, type_: str) -> None:
        """Refuse a type that this source may not say, `foreign_type`."""
        if not self.may_say(type_):
            raise Refused(
                "foreign_type", f"{self.name} may not say {type_[:100]!r}; its registration lists what it may"
            )

    def check_independence(self) -> None:
        """Refuse a validation that calls itself independent from a source without types of its own."""
        if self.types is None:
            raise Refused(
                "foreign_type",
                f"{self.name} may not record independent validations: list validation.completed at its registration",
            )

    def check_namespace(self, namespace: str) -> None:
        """Refuse a subject of somebody else, `foreign_namespace`."""
        if self.namespace is not None and namespace != self.namespace:
            raise Refused("foreign_namespace", f"{namespace[:60]!r} is not {self.name}'s namespace {self.namespace!r}")


def person_source(principal_id: str) -> Source:
    """Return the source that a person with the role `owner` emits as."""
    return Source(name="people", uri=principal_id, namespace=None, auth_type="person")


def prefixes(uri: str) -> list[str]:
    """Return `uri` and everything it lies under: `//a/b/c` → `//a/b/c`, `//a/b`, `//a`, …; the longest owner wins."""
    return list(dict.fromkeys(_shorter_and_shorter(uri)))


def owner_of(uri: str, registered: Iterable[str]) -> str | None:
    """Return the longest registered prefix that `uri` equals or lies under, None when nobody owns it."""
    known = set(registered)
    return next((prefix for prefix in _shorter_and_shorter(uri) if prefix in known), None)


def check_source(source: Source, uri: str, registered: Iterable[str]) -> None:
    """Refuse an event `source` that is another's, nobody's or Govbus's own, `foreign_source`."""
    if source.auth_type == "person":
        if uri != source.uri:
            raise Refused("foreign_source", f"a person emits as {source.uri}, not as {uri[:100]!r}")
        return
    if is_reserved(uri) or owner_of(uri, registered) != source.uri:
        raise Refused("foreign_source", f"{uri[:100]!r} is not {source.name}'s: its events come from {source.uri!r}")


def is_reserved(uri: str) -> bool:
    """Return whether only Govbus's services and people may emit under `uri`."""
    return uri.startswith(SERVICE_SOURCE) or uri == SERVICE_SOURCE.rstrip("/")


def _shorter_and_shorter(uri: str) -> Iterator[str]:
    yield uri
    for index in range(len(uri) - 1, -1, -1):
        if uri[index] == "/":
            yield from (prefix for prefix in (uri[: index + 1], uri[:index]) if prefix)


@lru_cache(maxsize=_JUDGED_COUNT)
def _matches(globs: tuple[str, ...], type_: str) -> bool:
    short = types.short_name(type_) or type_
    return any(fnmatchcase(type_, glob) or fnmatchcase(short, glob) for glob in globs)

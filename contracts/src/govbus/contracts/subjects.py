"""The governed subject: `<kind>/<segment>/…`, percent-encoded; it is the Kafka partition key."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote

from typing_extensions import override

GOVERNED_KINDS: Final = frozenset(
    {"model", "system", "dataset", "vendor", "incident", "person", "team", "external", "source", "service", "log"}
)
_SEGMENT: Final = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+")


class InvalidSubject(ValueError):
    """A string that is not a governed subject; the message says why."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A governed subject with decoded segments: `model/retail/credit-risk` → kind `model`, two segments."""

    kind: str
    segments: tuple[str, ...]

    @property
    def namespace(self) -> str:
        """First segment: who owns the name; an incident's id for incidents."""
        return self.segments[0]

    @property
    def name(self) -> str:
        """Last segment."""
        return self.segments[-1]

    @override
    def __str__(self) -> str:
        """Percent-encoded, as it travels and as it is keyed."""
        return "/".join([self.kind, *(quote(segment, safe="@:!$&'()*+,;=~") for segment in self.segments)])


def parse_subject(text: str) -> Subject:
    """Return the subject written in `text`.

    Raises:
        InvalidSubject: unknown kind, no segment, an empty or wrongly encoded one.
    """
    kind, *encoded = text.split("/")
    if kind not in GOVERNED_KINDS or not encoded:
        raise InvalidSubject(f"{text[:80]!r} is not <kind>/<namespace>/<name> with a known kind")
    for segment in encoded:
        if not _SEGMENT.fullmatch(segment):
            raise InvalidSubject(f"{text[:80]!r}: segment {segment[:40]!r} is empty or not percent-encoded")
    try:
        return Subject(kind, tuple(unquote(segment, errors="strict") for segment in encoded))
    except UnicodeDecodeError:
        raise InvalidSubject(f"{text[:80]!r}: percent-encoding is not UTF-8") from None


def external_subject(source_name: str, stated: str) -> Subject:
    """Return the subject of a foreign CloudEvent: `external/<source name>/<its subject or type>`."""
    return Subject("external", (source_name, stated))

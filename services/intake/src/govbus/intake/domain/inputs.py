"""Input as it came, and the units it was read into."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from govbus.intake.domain.mapping import Ignored
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.said import Draft
from govbus.intake.domain.sequence import Numbered


@dataclass(frozen=True, slots=True)
class Input:
    """Bytes as they came: `channel` is `event`, `webhook`, `import` or `kafka`; headers in lower case.

    Attributes:
        body: None for one that was too large to be read to its end.
        stated: what the sender stated beside the payload: subject, version, …
        reads: the mapping that an import names; None: the source's.
        is_decoded: whether `body` is the JSON of an already decoded payload: one part of several, or one whose secrets
            were blanked.
        ordinal: the part's place in the payload it came from.
        original_sha256: of the bytes as received, where `body` is not those.
    """

    channel: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None
    stated: Mapping[str, str] = field(default_factory=dict)
    reads: str | None = None
    is_decoded: bool = False
    ordinal: int = 0
    original_sha256: str | None = None

    @property
    def raw(self) -> bytes:
        """The body, empty where it was not read."""
        return self.body or b""

    @property
    def digest(self) -> bytes | None:
        """SHA-256 of the body as received."""
        if self.original_sha256 is not None:
            return bytes.fromhex(self.original_sha256)
        return None if self.body is None else hashlib.sha256(self.body).digest()


@dataclass(frozen=True, slots=True)
class Unit:
    """One input after reading: exactly one of drafts, `ignored` and `refused` says what came of it.

    `delivery` is the digest under which a mapped delivery is known again; `carrier` the identity of the CloudEvent
    that carried it. `claimed` is what the input says of itself, unverified, `numbered` its `sequence` number.
    """

    input: Input
    drafts: tuple[Draft, ...] = ()
    delivery: bytes | None = None
    carrier: bytes | None = None
    ignored: Ignored | None = None
    refused: Refused | None = None
    claimed: Mapping[str, str] = field(default_factory=dict)
    numbered: Numbered | None = None

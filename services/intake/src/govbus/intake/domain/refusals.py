"""Why intake refuses: the closed list of reasons, each with its HTTP status and title."""

from dataclasses import dataclass
from typing import Final

MALFORMED: Final = 400
UNAUTHENTICATED: Final = 401
NOT_YOURS: Final = 403
CONFLICT: Final = 409
TOO_LARGE: Final = 413
UNSUPPORTED: Final = 415
REFUSED: Final = 422

REASONS: Final[dict[str, tuple[int, str]]] = {
    "unknown_credential": (UNAUTHENTICATED, "No such credential, or it has expired or was revoked"),
    "unsigned": (UNAUTHENTICATED, "The delivery carries no signature"),
    "bad_signature": (UNAUTHENTICATED, "The signature does not fit the body"),
    "outside_replay_window": (UNAUTHENTICATED, "The signed timestamp lies outside the source's replay window"),
    "unknown_source": (404, "No platform is registered under this name"),
    "not_yours": (NOT_YOURS, "The caller may not do this"),
    "foreign_source": (NOT_YOURS, "The event's source belongs to somebody else"),
    "foreign_type": (NOT_YOURS, "This source may not say events of this type"),
    "foreign_namespace": (NOT_YOURS, "The subject's namespace belongs to somebody else"),
    "too_large": (TOO_LARGE, "Larger than the limit"),
    "unsupported_media_type": (UNSUPPORTED, "Neither a CloudEvent in binary, structured nor batch mode"),
    "invalid_utf8": (MALFORMED, "Not UTF-8"),
    "invalid_json": (MALFORMED, "Not JSON"),
    "duplicate_key": (MALFORMED, "A key stands twice in one JSON object"),
    "not_a_number": (MALFORMED, "NaN and Infinity are not JSON"),
    "lone_surrogate": (MALFORMED, "A string holds half of a surrogate pair"),
    "nesting_too_deep": (MALFORMED, "Nested too deeply"),
    "bad_headers": (MALFORMED, "A header breaks the CloudEvents binding"),
    "invalid_envelope": (MALFORMED, "Not a CloudEvent 1.0"),
    "undecodable": (MALFORMED, "Not a CloudEvent at all"),
    "contract_broken": (REFUSED, "The data break the contract of their type"),
    "mapping_failed": (REFUSED, "A field that the mapping needs is missing"),
    "unmapped": (REFUSED, "The source has no mapping that reads this"),
    "id_reused": (CONFLICT, "This identity was used before, with other content"),
}
"""Reason → (HTTP status, title)."""


@dataclass(frozen=True, slots=True)
class Place:
    """One violated place: a JSON pointer into what was sent, and what is wrong there."""

    pointer: str
    detail: str


class Refused(Exception):
    """Input that intake does not take; it goes on record and to the sender with its reason.

    Attributes:
        reason: a key of `REASONS`.
        detail: a sentence for the sender; never holds a secret or the whole input.
        places: what exactly is wrong, for contract and mapping errors.
    """

    def __init__(self, reason: str, detail: str, places: tuple[Place, ...] = ()) -> None:
        """Keep why; an unknown reason is a mistake of ours, found at once."""
        if reason not in REASONS:
            raise KeyError(reason)
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.places = places

    def kept(self) -> "Refused":
        """Return the refusal without the frames it was raised through, which hold every value that was at hand."""
        return Refused(self.reason, self.detail, self.places)

    @property
    def status(self) -> int:
        """The HTTP status of the reason."""
        return REASONS[self.reason][0]

    @property
    def title(self) -> str:
        """The title of the reason."""
        return REASONS[self.reason][1]

"""Input that intake refused, or took and ignored. Subject: `source/<source name>`."""

from typing import Final, Literal

from pydantic import Field

from govbus.contracts import topics
from govbus.contracts.catalogue import Payload, event_type
from govbus.contracts.fields import Count, Moment, Name, Part, Sha256, Text, Uri, Word

REJECTION_REASONS: Final = frozenset(
    {
        "bad_headers",
        "bad_signature",
        "contract_broken",
        "duplicate_key",
        "foreign_namespace",
        "foreign_source",
        "foreign_type",
        "handshake",
        "id_reused",
        "invalid_envelope",
        "invalid_json",
        "invalid_utf8",
        "lone_surrogate",
        "mapping_failed",
        "nesting_too_deep",
        "not_a_number",
        "not_yours",
        "outside_replay_window",
        "overloaded",
        "rate_limited",
        "test_delivery",
        "too_large",
        "undecodable",
        "unknown_credential",
        "unknown_source",
        "unmapped",
        "unsigned",
        "unsupported_media_type",
    }
)
"""Every reason intake gives today; `handshake` and `test_delivery` go with the disposition `ignored`.

Readers expect more to come.
"""


class ClaimedIdentity(Part):
    """What the refused input said of itself: unverified, any of it may be absent."""

    source: Text | None = None
    type: Text | None = None
    id: Text | None = None
    subject: Text | None = None


class Violation(Part):
    """One place of the input that breaks its contract."""

    pointer: Text
    detail: Text


@event_type("event.rejected", topics.REJECTED)
class EventRejected(Payload):
    """One refused input, or a summary of `count` unauthenticated ones between `first_at` and `last_at`."""

    reason: Word = Field(description="One of REJECTION_REASONS, or newer.")
    detail: Text
    disposition: Literal["rejected", "ignored"] = "rejected"
    source_name: Name | None = Field(default=None, description="Who sent it; absent when nobody was authenticated.")
    claimed: ClaimedIdentity | None = None
    errors: tuple[Violation, ...] = Field(default=(), max_length=100)
    raw_sha256: Sha256 | None = None
    raw_bytes_count: Count | None = None
    rejected_id: Name | None = Field(default=None, description="Under which the raw bytes are kept, encrypted.")
    replay: Uri | None = Field(default=None, description="Path to POST to once the cause is mended.")
    count: Count = 1
    first_at: Moment | None = None
    last_at: Moment | None = None

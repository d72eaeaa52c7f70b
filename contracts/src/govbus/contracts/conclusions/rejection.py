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

    source: Text | None = Field(default=None, description="`source` as it stood in the input.")
    type: Text | None = Field(default=None, description="`type` as it stood in the input.")
    id: Text | None = Field(default=None, description="`id` as it stood in the input.")
    subject: Text | None = Field(default=None, description="`subject` as it stood in the input.")


class Violation(Part):
    """One place of the input that breaks its contract."""

    pointer: Text = Field(description="JSON pointer to the place.")
    detail: Text = Field(description="What is wrong there.")


@event_type("event.rejected", topics.REJECTED)
class EventRejected(Payload):
    """One refused input, or a summary of `count` unauthenticated ones between `first_at` and `last_at`."""

    reason: Word = Field(description="One of REJECTION_REASONS, or newer.")
    detail: Text = Field(description="What is wrong and what to do, in prose.")
    disposition: Literal["rejected", "ignored"] = Field(
        default="rejected", description="Refused, or taken and ignored on purpose."
    )
    source_name: Name | None = Field(default=None, description="Who sent it; absent when nobody was authenticated.")
    claimed: ClaimedIdentity | None = Field(default=None, description="What the input said of itself.")
    errors: tuple[Violation, ...] = Field(default=(), max_length=100, description="Places that break the contract.")
    raw_sha256: Sha256 | None = Field(default=None, description="Of the bytes as received.")
    raw_bytes_count: Count | None = Field(default=None, description="How many bytes were received.")
    rejected_id: Name | None = Field(default=None, description="Under which the raw bytes are kept, encrypted.")
    replay: Uri | None = Field(default=None, description="Path to POST to once the cause is mended.")
    count: Count = Field(default=1, description="How many inputs this stands for.")
    first_at: Moment | None = Field(default=None, description="When the first of several came.")
    last_at: Moment | None = Field(default=None, description="When the last of several came.")

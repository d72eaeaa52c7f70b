"""Intake's tables. Their constraints make bad states unrepresentable; migrations create them, a test compares."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, BIGINT, JSONB

metadata = MetaData()
_moment = DateTime(timezone=True)

source = Table(
    "source",
    metadata,
    Column("name", Text, primary_key=True),
    Column("uri", Text, nullable=False, unique=True),
    Column("namespace", Text, nullable=False),
    Column("types", ARRAY(Text)),
    Column("mapping", Text),
    Column("signature_scheme", Text),
    Column("replay_window_seconds", Integer, nullable=False),
    Column("expected_interval_seconds", Integer),
    Column("registered_at", _moment, nullable=False),
    Column("registered_by", Text, nullable=False),
    Column("signature_topics", ARRAY(Text)),
    Column("confirms", Boolean, nullable=False),
    Column("is_internal", Boolean, nullable=False),
    Column("events_per_second", Double),
    Column("body_bytes", Integer),
    Column("event_bytes", Integer),
    Column("kafka", Boolean, nullable=False),
    Column("expected_since", _moment, nullable=False),
    Column("removed_at", _moment),
    Column("removed_by", Text),
    CheckConstraint("name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'", name="source_name"),
    CheckConstraint("uri <> '' AND uri <> '//govbus' AND uri NOT LIKE '//govbus/%'", name="source_uri_not_ours"),
    CheckConstraint("signature_scheme <> 'none' OR is_internal", name="source_unsigned_internal"),
    CheckConstraint("events_per_second > 0", name="source_events_per_second"),
    CheckConstraint("body_bytes > 0 AND event_bytes > 0", name="source_sizes"),
    CheckConstraint("replay_window_seconds > 0", name="source_replay_window"),
    CheckConstraint("expected_interval_seconds > 0", name="source_expected_interval"),
    CheckConstraint("(removed_at IS NULL) = (removed_by IS NULL)", name="source_removal_whole"),
    Index("source_namespace", "namespace"),
)
"""Registered platforms; a removed one keeps name and URI, so that nobody can follow it under them.

`expected_since` is when `expected_interval_seconds` was last set: silence is counted from there at the earliest.
"""

source_change = Table(
    "source_change",
    metadata,
    Column("ordinal", BIGINT, Identity(always=True), primary_key=True),
    Column("source_name", Text, ForeignKey("source.name"), nullable=False),
    Column("changed_at", _moment, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("change", JSONB, nullable=False),
    Index("source_change_source", "source_name", "ordinal"),
)
"""Who changed which settings of a platform and when, each with the value before and after; never a secret."""

signature_key = Table(
    "signature_key",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("source_name", Text, ForeignKey("source.name"), nullable=False),
    Column("sealed_secret", LargeBinary, nullable=False),
    Column("created_at", _moment, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("expires_at", _moment),
    Index("signature_key_source", "source_name"),
)
"""What platforms sign with, sealed under intake's key; several may be good at once, so that they can be changed."""

handshake = Table(
    "handshake",
    metadata,
    Column("source_name", Text, ForeignKey("source.name"), primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("received_at", _moment, nullable=False),
    Column("sealed_url", LargeBinary),
    Column("confirmed_at", _moment),
)
"""The last handshake of each subscription; `sealed_url` is what an operator visits to confirm it."""

credential = Table(
    "credential",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("source_name", Text, ForeignKey("source.name"), nullable=False),
    Column("token_digest", LargeBinary, nullable=False, unique=True),
    Column("created_at", _moment, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("expires_at", _moment),
    Column("revoked_at", _moment),
    CheckConstraint("octet_length(token_digest) = 32", name="credential_digest_size"),
    CheckConstraint("expires_at > created_at", name="credential_lives"),
    Index("credential_source", "source_name"),
)
"""Hashes of platforms' tokens; several may be good at once, so that they can be changed without a gap."""

accepted = Table(
    "accepted",
    metadata,
    Column("identity", LargeBinary, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("source_name", Text, nullable=False),
    Column("recorded_at", _moment, nullable=False),
    CheckConstraint("octet_length(identity) = 16", name="accepted_identity_size"),
    CheckConstraint("octet_length(digest) = 32", name="accepted_digest_size"),
)
"""The register: every identity ever accepted, with the digest of its content. Kept for ever."""

delivery = Table(
    "delivery",
    metadata,
    Column("source_name", Text, primary_key=True),
    Column("digest", LargeBinary, primary_key=True),
    Column("carrier", LargeBinary),
    Column("identities", ARRAY(LargeBinary), nullable=False),
    Column("recorded_at", _moment, nullable=False),
    CheckConstraint("octet_length(digest) = 32", name="delivery_digest_size"),
    CheckConstraint("octet_length(carrier) = 16", name="delivery_carrier_size"),
    Index("delivery_carrier", "carrier"),
)
"""Mapped deliveries by delivery id and raw digest, with the identities of their facts (none: ignored)."""

fact_place = Table(
    "fact_place",
    metadata,
    Column("identity", LargeBinary, primary_key=True),
    Column("partition", Integer, nullable=False),
    Column("offset", BIGINT, nullable=False),
    Column("log_index", BIGINT, nullable=False),
    CheckConstraint("octet_length(identity) = 16", name="fact_place_identity_size"),
)
"""Where facts stand on Kafka and in the log, learnt from the log's own stream."""

person_key = Table(
    "person_key",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("person", Text, nullable=False),
    Column("sealed_secret", LargeBinary),
    Column("created_at", _moment, nullable=False),
    Column("erased_at", _moment),
    CheckConstraint("(sealed_secret IS NULL) = (erased_at IS NOT NULL)", name="person_key_erased"),
    Index("person_key_live", "person", unique=True, postgresql_where=text("erased_at IS NULL")),
    Index("person_key_person", "person", "created_at"),
)
"""Keys under which personal fields are sealed, themselves sealed; an erased one stays as a row without secret.

`person` is the pseudonym that facts state, or `fact-<position>` for a fact that names nobody; one key at a time lives.
"""

source_activity = Table(
    "source_activity",
    metadata,
    Column("source_name", Text, primary_key=True),
    Column("slot", SmallInteger, primary_key=True),
    Column("accepted_count", BIGINT, nullable=False),
    Column("duplicate_count", BIGINT, nullable=False),
    Column("rejected_count", BIGINT, nullable=False),
    Column("ignored_count", BIGINT, nullable=False),
    Column("last_seen_at", _moment, nullable=False),
)
"""Counts per source, spread over slots by database session: one row would make a source's requests wait in line."""

source_counter = Table(
    "source_counter",
    metadata,
    Column("source_name", Text, primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("run", Integer, nullable=False),
    Column("highest", BIGINT, nullable=False),
    Column("highest_at", _moment),
    CheckConstraint("highest >= 0", name="source_counter_not_negative"),
)
"""The highest `sequence` number of each `source` URI; `run` counts how often the counter began anew."""

source_gap = Table(
    "source_gap",
    metadata,
    Column("source_name", Text, primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("run", Integer, primary_key=True),
    Column("first", BIGINT, primary_key=True),
    Column("last", BIGINT, nullable=False),
    Column("missing_count", BIGINT, nullable=False),
    Column("noticed_at", _moment, nullable=False),
    Column("reported_at", _moment),
    CheckConstraint("first <= last", name="source_gap_range_forward"),
    CheckConstraint("missing_count BETWEEN 0 AND last - first + 1", name="source_gap_missing"),
    Index("source_gap_unreported", "noticed_at", postgresql_where=text("reported_at IS NULL")),
)
"""Ranges of numbers that did not arrive in order, one row each however long; gone once all have arrived."""

source_gap_range = Table(
    "source_gap_range",
    metadata,
    Column("source_name", Text, primary_key=True),
    Column("uri", Text, primary_key=True),
    Column("first", BIGINT, primary_key=True),
    Column("last", BIGINT, nullable=False),
    Column("gap_first", BIGINT, nullable=False),
    CheckConstraint("first <= last", name="source_gap_range_not_empty"),
)
"""What is still missing of the gaps of a counter's present run: pieces that shrink and split as numbers come late."""

source_silence = Table(
    "source_silence",
    metadata,
    Column("source_name", Text, ForeignKey("source.name"), primary_key=True),
    Column("silent_since", _moment, nullable=False),
    Column("expected_interval_seconds", Integer, nullable=False),
)
"""Platforms that were expected and not heard, from the report of it until the report of its end."""

idempotent_request = Table(
    "idempotent_request",
    metadata,
    Column("principal", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request_sha256", LargeBinary, nullable=False),
    Column("done", JSONB, nullable=False),
    Column("done_at", _moment, nullable=False),
    CheckConstraint("octet_length(request_sha256) = 32", name="idempotent_request_digest_size"),
    Index("idempotent_request_age", "done_at"),
)
"""Requests with an Idempotency-Key that were done, and what was made, without the secret that was shown once."""

rejected = Table(
    "rejected",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("ordinal", BIGINT, Identity(always=True), nullable=False, unique=True),
    Column("source_name", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("disposition", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("claimed", JSONB, nullable=False),
    Column("errors", JSONB, nullable=False),
    Column("received_at", _moment, nullable=False),
    Column("raw_sha256", LargeBinary),
    Column("raw_bytes_count", Integer),
    Column("sealed_input", LargeBinary),
    Column("replayed_at", _moment),
    Column("replayed_by", Text),
    CheckConstraint("channel IN ('event', 'webhook', 'import', 'kafka')", name="rejected_channel"),
    CheckConstraint("disposition IN ('rejected', 'ignored')", name="rejected_disposition"),
    CheckConstraint("(replayed_at IS NULL) = (replayed_by IS NULL)", name="rejected_replay_whole"),
    Index("rejected_source", "source_name", "ordinal"),
    Index("rejected_kept", "received_at", postgresql_where=text("sealed_input IS NOT NULL")),
)
"""What was refused or ignored; the input's bytes are sealed, and gone after 30 days."""

refusal_count = Table(
    "refusal_count",
    metadata,
    Column("minute", _moment, primary_key=True),
    Column("reason", Text, primary_key=True),
    Column("source_name", Text, primary_key=True),
    Column("count", BIGINT, nullable=False),
    Column("first_at", _moment, nullable=False),
    Column("last_at", _moment, nullable=False),
    CheckConstraint("count > 0", name="refusal_count_some"),
)
"""Unauthenticated refusals of the minutes that are not yet summarised; `source_name` is empty where nobody is known."""

"""Intake's tables. Their constraints make bad states unrepresentable; migrations create them, a test compares."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
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
    Column("signature_secret", LargeBinary),
    Column("replay_window_seconds", Integer, nullable=False),
    Column("expected_interval_seconds", Integer),
    Column("registered_at", _moment, nullable=False),
    Column("registered_by", Text, nullable=False),
    CheckConstraint("name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'", name="source_name"),
    CheckConstraint("uri <> '' AND uri <> '//govbus' AND uri NOT LIKE '//govbus/%'", name="source_uri_not_ours"),
    CheckConstraint("(signature_scheme IS NULL) = (signature_secret IS NULL)", name="source_signature_whole"),
    CheckConstraint("replay_window_seconds > 0", name="source_replay_window"),
    CheckConstraint("expected_interval_seconds > 0", name="source_expected_interval"),
)
"""Registered platforms; `signature_secret` is sealed under intake's key."""

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
    Column("source_name", Text, nullable=False),
    Column("identity", LargeBinary, nullable=False, unique=True),
    Column("sealed_secret", LargeBinary),
    Column("created_at", _moment, nullable=False),
    Column("erased_at", _moment),
    CheckConstraint("octet_length(identity) = 16", name="person_key_identity_size"),
    CheckConstraint("(sealed_secret IS NULL) = (erased_at IS NOT NULL)", name="person_key_erased"),
)
"""Keys under which personal fields are sealed, themselves sealed; an erased one stays as a row without secret."""

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
    CheckConstraint("channel IN ('event', 'webhook', 'kafka')", name="rejected_channel"),
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

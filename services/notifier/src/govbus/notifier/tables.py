"""Notifier's tables; their constraints make a settled notification without outcome unrepresentable."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData()

_MOMENT = DateTime(timezone=True)

notification = Table(
    "notification",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("ordinal", BigInteger, Identity(always=True), nullable=False),
    Column("receiver", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("route_path", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("alert_type", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("about", ARRAY(Text), nullable=False),
    Column("severity", Text),
    Column("title", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("details", JSONB, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("event_source", Text, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("event_id", Text, nullable=False),
    Column("happened_at", _MOMENT, nullable=False),
    Column("known_at", _MOMENT, nullable=False),
    Column("correlation_id", Text, nullable=False),
    Column("traceparent", Text),
    Column("tracestate", Text),
    Column("reason", Text),
    Column("round", Integer, nullable=False),
    Column("attempts_count", Integer, nullable=False),
    Column("next_attempt_at", _MOMENT),
    Column("lease", Uuid(as_uuid=False)),
    Column("leased_until", _MOMENT),
    Column("created_at", _MOMENT, nullable=False),
    Column("settled_at", _MOMENT),
    Column("resent_by", Text),
    Column("changed_in", BigInteger, nullable=False, server_default=text("(pg_current_xact_id()::text)::bigint")),
    UniqueConstraint("ordinal", name="notification_ordinal"),
    CheckConstraint("channel IN ('webhook', 'mail', 'log')", name="notification_channel"),
    CheckConstraint("state IN ('pending', 'sent', 'failed', 'suppressed')", name="notification_state"),
    CheckConstraint("(state = 'pending') = (settled_at IS NULL)", name="notification_settled"),
    CheckConstraint("(state = 'pending') = (next_attempt_at IS NOT NULL)", name="notification_due"),
    CheckConstraint("(lease IS NULL) = (leased_until IS NULL)", name="notification_lease_whole"),
    CheckConstraint("lease IS NULL OR state = 'pending'", name="notification_lease_pending"),
    CheckConstraint("(state IN ('failed', 'suppressed')) = (reason IS NOT NULL)", name="notification_reason"),
    CheckConstraint("octet_length(fingerprint) = 32", name="notification_fingerprint_size"),
    CheckConstraint("round >= 0 AND attempts_count >= 0", name="notification_counts"),
    CheckConstraint("(round = 0) = (resent_by IS NULL)", name="notification_resent_by_somebody"),
)
Index("notification_due_next", notification.c.next_attempt_at, postgresql_where=text("state = 'pending'"))
Index("notification_repeats", notification.c.fingerprint, notification.c.known_at.desc())
Index("notification_subject", notification.c.subject, notification.c.ordinal)
Index("notification_changes", notification.c.changed_in, notification.c.ordinal)

attempt = Table(
    "attempt",
    metadata,
    Column("notification_id", Uuid(as_uuid=False), ForeignKey("notification.id"), nullable=False),
    Column("round", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("started_at", _MOMENT, nullable=False),
    Column("finished_at", _MOMENT, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("detail", Text, nullable=False),
    PrimaryKeyConstraint("notification_id", "round", "number", name="attempt_pkey"),
    CheckConstraint("number >= 1 AND round >= 0", name="attempt_number"),
    CheckConstraint("outcome <> ''", name="attempt_outcome"),
    CheckConstraint("finished_at >= started_at", name="attempt_forward"),
)

subject_tier = Table(
    "subject_tier",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("tier", Text, nullable=False),
)

"""Risk's tables. Their constraints make bad states unrepresentable; migrations create them, a test compares."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()
_moment = DateTime(timezone=True)

subject = Table(
    "subject",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("state", JSONB, nullable=False),
    Column("changed_at", _moment, nullable=False),
    Column("caused_by", Text, nullable=False),
)

version = Table(
    "version",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("registered", Boolean, nullable=False),
    Column("judged", JSONB, nullable=False),
)

score = Table(
    "score",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("known_at", _moment, nullable=False),
    Column("event_id", Text, nullable=False, unique=True),
    Column("caused_by", Text, nullable=False),
    Column("scored", JSONB, nullable=False),
    CheckConstraint("ordinal > 0", name="score_ordinal"),
    Index("score_as_of", "subject", "known_at", "ordinal"),
)

incident = Table(
    "incident",
    metadata,
    Column("incident_id", Text, primary_key=True),
    Column("about", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("version", Text),
    Column("environment", Text),
    Column("near_miss", Boolean, nullable=False),
    Column("exercise", Boolean, nullable=False),
    Column("opened_at", _moment, nullable=False),
    Column("resolved_at", _moment),
    CheckConstraint("severity IN ('low', 'medium', 'high', 'critical')", name="incident_severity"),
)
Index("incident_open", incident.c.about, postgresql_where=incident.c.resolved_at.is_(None))

bundle = Table(
    "bundle",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("files", JSONB, nullable=False),
    Column("rules_count", Integer, nullable=False),
    Column("stored_at", _moment, nullable=False),
    Column("stored_by", Text, nullable=False),
    CheckConstraint("digest ~ '^sha256:[0-9a-f]{64}$'", name="bundle_digest"),
    CheckConstraint("rules_count > 0", name="bundle_rules"),
)

activation = Table(
    "activation",
    metadata,
    Column("ordinal", BigInteger, Identity(always=True), primary_key=True),
    Column("mode", Text, nullable=False),
    Column("digest", Text, ForeignKey("bundle.digest"), nullable=False),
    Column("activated_at", _moment, nullable=False),
    Column("activated_by", Text, nullable=False),
    Column("event_id", Text, nullable=False, unique=True),
    CheckConstraint("mode IN ('enforce', 'shadow')", name="activation_mode"),
)
Index("activation_newest", activation.c.mode, activation.c.ordinal.desc())

decision = Table(
    "decision",
    metadata,
    Column("decision_id", Text, primary_key=True),
    Column("event_id", Text, nullable=False, unique=True),
    Column("subject", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("via", Text, nullable=False),
    Column("decision", Text, nullable=False),
    Column("reasons", JSONB, nullable=False),
    Column("policy_digest", Text, nullable=False),
    Column("inputs", JSONB, nullable=False),
    Column("shadow", JSONB),
    Column("decided_at", _moment, nullable=False),
    Column("log_index", BigInteger),
    Column("log_origin", Text),
    Column("log_size", BigInteger),
    Column("idempotency_key", Text),
    Column("asked_sha256", LargeBinary),
    CheckConstraint("(idempotency_key IS NULL) = (asked_sha256 IS NULL)", name="decision_key"),
    CheckConstraint("decision IN ('allow', 'deny', 'review')", name="decision_outcome"),
    CheckConstraint("via IN ('http', 'event')", name="decision_via"),
    CheckConstraint(
        "(log_size IS NULL) = (log_origin IS NULL) AND (log_size IS NULL OR log_size > log_index)",
        name="decision_receipt",
    ),
    Index("decision_subject", "subject", "decided_at"),
)
Index(
    "decision_uncovered",
    decision.c.log_index,
    postgresql_where=decision.c.log_index.is_not(None) & decision.c.log_size.is_(None),
)
Index(
    "decision_asked_once",
    decision.c.asked_by,
    decision.c.idempotency_key,
    unique=True,
    postgresql_where=decision.c.idempotency_key.is_not(None),
)

FOLDED: Final = ("score", "version", "incident", "subject")
"""A pure fold of the topics: what a rebuild empties. Bundles, activations and decisions are risk's own record."""

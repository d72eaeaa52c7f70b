"""Oversight's tables; their constraints make an incident without its who and when unrepresentable."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData()

_MOMENT = DateTime(timezone=True)

incident = Table(
    "incident",
    metadata,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("about", ARRAY(Text), nullable=False),
    Column("summary", Text, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("rule_id", Text),
    Column("evidence_id", Text),
    Column("version", Text),
    Column("environment", Text),
    Column("metric", Text),
    Column("subgroup", Text),
    Column("occurred_at", _MOMENT),
    Column("detected_at", _MOMENT),
    Column("near_miss", Boolean, nullable=False),
    Column("exercise", Boolean, nullable=False),
    Column("opened_at", _MOMENT, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("opened_event_id", Text, nullable=False),
    Column("correlation_id", Text, nullable=False),
    Column("due_at", _MOMENT),
    Column("assignee", Text),
    Column("acknowledged_at", _MOMENT),
    Column("acknowledged_by", Text),
    Column("resolved_at", _MOMENT),
    Column("resolved_by", Text),
    Column("resolution", Text),
    Column("revision", Integer, nullable=False),
    CheckConstraint("kind IN ('failed_validation', 'threshold_breach', 'drift', 'reported')", name="incident_kind"),
    CheckConstraint("severity IN ('low', 'medium', 'high', 'critical')", name="incident_severity"),
    CheckConstraint("state IN ('open', 'acknowledged', 'resolved')", name="incident_state"),
    CheckConstraint("cardinality(about) >= 1 AND array_position(about, NULL) IS NULL", name="incident_about_something"),
    CheckConstraint("octet_length(fingerprint) = 32", name="incident_fingerprint_size"),
    CheckConstraint(
        "(acknowledged_at IS NULL) = (acknowledged_by IS NULL) AND (acknowledged_at IS NULL) = (state = 'open')",
        name="incident_acknowledged_by_somebody",
    ),
    CheckConstraint(
        "(resolved_at IS NULL) = (resolved_by IS NULL) AND (resolved_at IS NULL) = (resolution IS NULL) "
        "AND (resolved_at IS NULL) = (state <> 'resolved')",
        name="incident_resolved_by_somebody",
    ),
    CheckConstraint(
        "kind <> 'failed_validation' OR (version IS NOT NULL AND evidence_id IS NOT NULL)", name="incident_has_evidence"
    ),
    CheckConstraint("revision >= 1", name="incident_revision_counts"),
    CheckConstraint("opened_event_id <> '' AND correlation_id <> ''", name="incident_opened_by_event"),
)
Index("incident_newest", incident.c.opened_at.desc(), incident.c.id.desc())
Index("incident_about", incident.c.about, postgresql_using="gin")
Index("incident_due", incident.c.due_at, postgresql_where=text("state = 'open'"))
Index(
    "incident_standing_once",
    incident.c.fingerprint,
    unique=True,
    postgresql_where=text("state <> 'resolved'"),
)
Index(
    "incident_validation_once",
    incident.c.fingerprint,
    unique=True,
    postgresql_where=text("kind = 'failed_validation'"),
)

incident_history = Table(
    "incident_history",
    metadata,
    Column("incident_id", Uuid(as_uuid=False), ForeignKey("incident.id"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("at", _MOMENT, nullable=False),
    Column("by", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("note", Text),
    Column("event_id", Text),
    PrimaryKeyConstraint("incident_id", "revision", name="incident_history_pkey"),
    CheckConstraint(
        "action IN ('opened', 'signal_attached', 'acknowledged', 'assigned', 'commented', 'resolved')",
        name="incident_history_action",
    ),
)

idempotent_answer = Table(
    "idempotent_answer",
    metadata,
    Column("principal", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("request_sha256", LargeBinary, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", JSONB, nullable=False),
    Column("answered_at", _MOMENT, nullable=False),
    PrimaryKeyConstraint("principal", "key", name="idempotent_answer_pkey"),
    CheckConstraint("octet_length(request_sha256) = 32", name="idempotent_answer_digest_size"),
)
Index("idempotent_answer_age", idempotent_answer.c.answered_at)

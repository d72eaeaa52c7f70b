"""Eventing's tables; incidents, their history, answers under an Idempotency-Key."""

from alembic import op

from govbus.eventing.schema import create_eventing_schema

revision = "0001"
down_revision = None

_TABLES = (
    """
    CREATE TABLE incident (
        id uuid PRIMARY KEY,
        kind text NOT NULL,
        severity text NOT NULL,
        state text NOT NULL,
        about text[] NOT NULL,
        summary text NOT NULL,
        fingerprint bytea NOT NULL,
        rule_id text,
        evidence_id text,
        version text,
        environment text,
        metric text,
        subgroup text,
        occurred_at timestamptz,
        detected_at timestamptz,
        near_miss boolean NOT NULL,
        exercise boolean NOT NULL,
        opened_at timestamptz NOT NULL,
        opened_by text NOT NULL,
        opened_event_id text NOT NULL,
        correlation_id text NOT NULL,
        due_at timestamptz,
        assignee text,
        acknowledged_at timestamptz,
        acknowledged_by text,
        resolved_at timestamptz,
        resolved_by text,
        resolution text,
        revision integer NOT NULL,
        CONSTRAINT incident_kind CHECK (kind IN ('failed_validation', 'threshold_breach', 'drift', 'reported')),
        CONSTRAINT incident_severity CHECK (severity IN ('low', 'medium', 'high', 'critical')),
        CONSTRAINT incident_state CHECK (state IN ('open', 'acknowledged', 'resolved')),
        CONSTRAINT incident_about_something
            CHECK (cardinality(about) >= 1 AND array_position(about, NULL) IS NULL),
        CONSTRAINT incident_fingerprint_size CHECK (octet_length(fingerprint) = 32),
        CONSTRAINT incident_acknowledged_by_somebody CHECK (
            (acknowledged_at IS NULL) = (acknowledged_by IS NULL) AND (acknowledged_at IS NULL) = (state = 'open')),
        CONSTRAINT incident_resolved_by_somebody CHECK (
            (resolved_at IS NULL) = (resolved_by IS NULL) AND (resolved_at IS NULL) = (resolution IS NULL)
            AND (resolved_at IS NULL) = (state <> 'resolved')),
        CONSTRAINT incident_has_evidence
            CHECK (kind <> 'failed_validation' OR (version IS NOT NULL AND evidence_id IS NOT NULL)),
        CONSTRAINT incident_revision_counts CHECK (revision >= 1),
        CONSTRAINT incident_opened_by_event CHECK (opened_event_id <> '' AND correlation_id <> '')
    )
    """,
    "CREATE INDEX incident_newest ON incident (opened_at DESC, id DESC)",
    "CREATE INDEX incident_about ON incident USING gin (about)",
    "CREATE INDEX incident_due ON incident (due_at) WHERE state = 'open'",
    "CREATE UNIQUE INDEX incident_standing_once ON incident (fingerprint) WHERE state <> 'resolved'",
    "CREATE UNIQUE INDEX incident_validation_once ON incident (fingerprint) WHERE kind = 'failed_validation'",
    """
    CREATE TABLE incident_history (
        incident_id uuid NOT NULL REFERENCES incident (id),
        revision integer NOT NULL,
        at timestamptz NOT NULL,
        by text NOT NULL,
        action text NOT NULL,
        note text,
        event_id text,
        CONSTRAINT incident_history_pkey PRIMARY KEY (incident_id, revision),
        CONSTRAINT incident_history_action CHECK (
            action IN ('opened', 'signal_attached', 'acknowledged', 'assigned', 'commented', 'resolved'))
    )
    """,
    """
    CREATE TABLE idempotent_answer (
        principal text NOT NULL,
        key text NOT NULL,
        request_sha256 bytea NOT NULL,
        status integer NOT NULL,
        body jsonb NOT NULL,
        answered_at timestamptz NOT NULL,
        CONSTRAINT idempotent_answer_pkey PRIMARY KEY (principal, key),
        CONSTRAINT idempotent_answer_digest_size CHECK (octet_length(request_sha256) = 32)
    )
    """,
    "CREATE INDEX idempotent_answer_age ON idempotent_answer (answered_at)",
)

# History is append-only: the runtime role may neither change nor delete a line.
_GRANTS = (
    "GRANT SELECT, INSERT, UPDATE ON incident TO govbus_oversight",
    "GRANT SELECT, INSERT ON incident_history TO govbus_oversight",
    "GRANT SELECT, INSERT, DELETE ON idempotent_answer TO govbus_oversight",
)


def upgrade() -> None:
    """Create everything; there is no way back but a restore."""
    create_eventing_schema(op, service="oversight")
    for statement in (*_TABLES, *_GRANTS):
        op.execute(statement)

"""Creates notifier's tables: notifications, attempts to deliver them, tiers of subjects."""

from alembic import op

from govbus.eventing.schema import create_eventing_schema

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    CREATE TABLE notification (
        id uuid PRIMARY KEY, ordinal bigint GENERATED ALWAYS AS IDENTITY, receiver text NOT NULL,
        channel text NOT NULL, route_path text NOT NULL, state text NOT NULL, alert_type text NOT NULL,
        subject text NOT NULL, about text[] NOT NULL, severity text, title text NOT NULL, summary text NOT NULL,
        details jsonb NOT NULL, fingerprint bytea NOT NULL,
        event_source text NOT NULL, event_type text NOT NULL, event_id text NOT NULL,
        happened_at timestamptz NOT NULL, known_at timestamptz NOT NULL, correlation_id text NOT NULL,
        traceparent text, tracestate text, reason text, round integer NOT NULL, attempts_count integer NOT NULL,
        next_attempt_at timestamptz, lease uuid, leased_until timestamptz, created_at timestamptz NOT NULL,
        settled_at timestamptz, resent_by text,
        changed_in bigint NOT NULL DEFAULT (pg_current_xact_id()::text)::bigint,
        CONSTRAINT notification_ordinal UNIQUE (ordinal),
        CONSTRAINT notification_channel CHECK (channel IN ('webhook', 'mail', 'log')),
        CONSTRAINT notification_state CHECK (state IN ('pending', 'sent', 'failed', 'suppressed')),
        CONSTRAINT notification_settled CHECK ((state = 'pending') = (settled_at IS NULL)),
        CONSTRAINT notification_due CHECK ((state = 'pending') = (next_attempt_at IS NOT NULL)),
        CONSTRAINT notification_lease_whole CHECK ((lease IS NULL) = (leased_until IS NULL)),
        CONSTRAINT notification_lease_pending CHECK (lease IS NULL OR state = 'pending'),
        CONSTRAINT notification_reason CHECK ((state IN ('failed', 'suppressed')) = (reason IS NOT NULL)),
        CONSTRAINT notification_fingerprint_size CHECK (octet_length(fingerprint) = 32),
        CONSTRAINT notification_counts CHECK (round >= 0 AND attempts_count >= 0),
        CONSTRAINT notification_resent_by_somebody CHECK ((round = 0) = (resent_by IS NULL)))
    """,
    "CREATE INDEX notification_due_next ON notification (next_attempt_at) WHERE state = 'pending'",
    "CREATE INDEX notification_repeats ON notification (fingerprint, known_at DESC)",
    "CREATE INDEX notification_subject ON notification (subject, ordinal)",
    "CREATE INDEX notification_changes ON notification (changed_in, ordinal)",
    """
    CREATE TABLE attempt (
        notification_id uuid NOT NULL REFERENCES notification (id), round integer NOT NULL, number integer NOT NULL,
        started_at timestamptz NOT NULL, finished_at timestamptz NOT NULL, outcome text NOT NULL,
        detail text NOT NULL,
        PRIMARY KEY (notification_id, round, number),
        CONSTRAINT attempt_number CHECK (number >= 1 AND round >= 0),
        CONSTRAINT attempt_outcome CHECK (outcome <> ''),
        CONSTRAINT attempt_forward CHECK (finished_at >= started_at))
    """,
    "CREATE TABLE subject_tier (subject text PRIMARY KEY, tier text NOT NULL)",
    "GRANT SELECT, INSERT, UPDATE ON notification, subject_tier TO govbus_notifier",
    "GRANT SELECT, INSERT ON attempt TO govbus_notifier",
)


def upgrade() -> None:
    """Create everything and grant the runtime role what it needs; attempts are append-only for it."""
    create_eventing_schema(op, service="notifier")
    for statement in _STATEMENTS:
        op.execute(statement)

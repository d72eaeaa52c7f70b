"""Folded state of subjects, score history, open incidents, policy bundles, decisions."""

from alembic import op

from govbus.eventing.schema import create_eventing_schema

revision = "0001"
down_revision = None

_TABLES = (
    """CREATE TABLE subject (
        subject text PRIMARY KEY, state jsonb NOT NULL, changed_at timestamptz NOT NULL, caused_by text NOT NULL)""",
    """CREATE TABLE version (
        subject text, version text, registered boolean NOT NULL, judged jsonb NOT NULL,
        PRIMARY KEY (subject, version))""",
    """CREATE TABLE score (
        subject text, ordinal integer, known_at timestamptz NOT NULL, event_id text NOT NULL UNIQUE,
        caused_by text NOT NULL, scored jsonb NOT NULL,
        PRIMARY KEY (subject, ordinal),
        CONSTRAINT score_ordinal CHECK (ordinal > 0))""",
    "CREATE INDEX score_as_of ON score (subject, known_at, ordinal)",
    """CREATE TABLE incident (
        incident_id text, about text, kind text NOT NULL, severity text NOT NULL, version text, environment text,
        near_miss boolean NOT NULL, exercise boolean NOT NULL,
        opened_at timestamptz NOT NULL, resolved_at timestamptz,
        PRIMARY KEY (incident_id, about),
        CONSTRAINT incident_severity CHECK (severity IN ('low', 'medium', 'high', 'critical')))""",
    "CREATE INDEX incident_open ON incident (about) WHERE resolved_at IS NULL",
    """CREATE TABLE bundle (
        digest text PRIMARY KEY, name text NOT NULL, files jsonb NOT NULL, rules_count integer NOT NULL,
        stored_at timestamptz NOT NULL, stored_by text NOT NULL,
        CONSTRAINT bundle_digest CHECK (digest ~ '^sha256:[0-9a-f]{64}$'),
        CONSTRAINT bundle_rules CHECK (rules_count > 0))""",
    """CREATE TABLE activation (
        ordinal bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, mode text NOT NULL,
        digest text NOT NULL REFERENCES bundle (digest), activated_at timestamptz NOT NULL,
        activated_by text NOT NULL, event_id text NOT NULL UNIQUE,
        CONSTRAINT activation_mode CHECK (mode IN ('enforce', 'shadow')))""",
    "CREATE INDEX activation_newest ON activation (mode, ordinal DESC)",
    """CREATE TABLE decision (
        decision_id text PRIMARY KEY, event_id text NOT NULL UNIQUE, subject text NOT NULL, version text NOT NULL,
        environment text NOT NULL, requested_by text NOT NULL, asked_by text NOT NULL, via text NOT NULL,
        decision text NOT NULL, reasons jsonb NOT NULL, policy_digest text NOT NULL, inputs jsonb NOT NULL,
        shadow jsonb, decided_at timestamptz NOT NULL,
        log_index bigint, log_origin text, log_size bigint,
        CONSTRAINT decision_outcome CHECK (decision IN ('allow', 'deny', 'review')),
        CONSTRAINT decision_via CHECK (via IN ('http', 'event')),
        CONSTRAINT decision_receipt CHECK (
            (log_size IS NULL) = (log_origin IS NULL) AND (log_size IS NULL OR log_size > log_index)))""",
    "CREATE INDEX decision_subject ON decision (subject, decided_at)",
    "CREATE INDEX decision_uncovered ON decision (log_index) WHERE log_index IS NOT NULL AND log_size IS NULL",
)
_GRANTS = (
    "GRANT SELECT, INSERT, UPDATE, DELETE ON subject, version, score, incident TO govbus_risk",
    "GRANT SELECT, INSERT ON bundle, activation TO govbus_risk",
    "GRANT SELECT, INSERT, UPDATE (log_index, log_origin, log_size) ON decision TO govbus_risk",
)


def upgrade() -> None:
    """Create the tables; the runtime role may change a decision's receipt and nothing else of it."""
    create_eventing_schema(op, service="risk")
    for statement in (*_TABLES, *_GRANTS):
        op.execute(statement)

"""Adds changes and removal of sources, their counters with gaps, silences, and requests that are done once."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_SOURCES = (
    """
    ALTER TABLE source ADD COLUMN kafka boolean NOT NULL DEFAULT false, ADD COLUMN expected_since timestamptz,
        ADD COLUMN removed_at timestamptz, ADD COLUMN removed_by text,
        ADD CONSTRAINT source_removal_whole CHECK ((removed_at IS NULL) = (removed_by IS NULL))
    """,
    "UPDATE source SET expected_since = registered_at",
    "ALTER TABLE source ALTER COLUMN expected_since SET NOT NULL, ALTER COLUMN kafka DROP DEFAULT",
    "CREATE INDEX source_namespace ON source (namespace)",
    """
    CREATE TABLE source_change (
        ordinal bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, source_name text NOT NULL REFERENCES source (name),
        changed_at timestamptz NOT NULL, changed_by text NOT NULL, change jsonb NOT NULL)
    """,
    "CREATE INDEX source_change_source ON source_change (source_name, ordinal)",
    """
    CREATE TABLE source_silence (
        source_name text PRIMARY KEY REFERENCES source (name), silent_since timestamptz NOT NULL,
        expected_interval_seconds integer NOT NULL)
    """,
    """
    CREATE TABLE idempotent_request (
        principal text, key text, request_sha256 bytea NOT NULL, done jsonb NOT NULL, done_at timestamptz NOT NULL,
        PRIMARY KEY (principal, key),
        CONSTRAINT idempotent_request_digest_size CHECK (octet_length(request_sha256) = 32))
    """,
    "CREATE INDEX idempotent_request_age ON idempotent_request (done_at)",
)

_COUNTERS = (
    """
    CREATE TABLE source_counter (
        source_name text, uri text, run integer NOT NULL, highest bigint NOT NULL, highest_at timestamptz,
        PRIMARY KEY (source_name, uri), CONSTRAINT source_counter_not_negative CHECK (highest >= 0))
    """,
    """
    CREATE TABLE source_gap (
        source_name text, uri text, run integer, first bigint, last bigint NOT NULL, missing_count bigint NOT NULL,
        noticed_at timestamptz NOT NULL, reported_at timestamptz, PRIMARY KEY (source_name, uri, run, first),
        CONSTRAINT source_gap_range_forward CHECK (first <= last),
        CONSTRAINT source_gap_missing CHECK (missing_count BETWEEN 0 AND last - first + 1))
    """,
    "CREATE INDEX source_gap_unreported ON source_gap (noticed_at) WHERE reported_at IS NULL",
    """
    CREATE TABLE source_gap_range (
        source_name text, uri text, first bigint, last bigint NOT NULL, gap_first bigint NOT NULL,
        PRIMARY KEY (source_name, uri, first), CONSTRAINT source_gap_range_not_empty CHECK (first <= last))
    """,
)

_GRANTS = (
    (
        "GRANT UPDATE (types, mapping, expected_interval_seconds, expected_since, replay_window_seconds, "
        "events_per_second, body_bytes, event_bytes, kafka, removed_at, removed_by) ON source TO govbus_intake"
    ),
    "GRANT SELECT, INSERT ON source_change TO govbus_intake",
    "GRANT SELECT, INSERT, UPDATE ON source_counter TO govbus_intake",
    "GRANT SELECT, INSERT, DELETE ON source_silence, source_gap_range, idempotent_request TO govbus_intake",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON source_gap TO govbus_intake",
)


def upgrade() -> None:
    """Nobody's silence is counted from before they were registered; counters begin with what arrives next."""
    for statement in (*_SOURCES, *_COUNTERS, *_GRANTS):
        op.execute(statement)

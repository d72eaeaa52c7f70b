"""Evidence packs that were asked for; samples and snapshots of key figures, which are derived and may be dropped."""

from alembic import op

revision = "0005"
down_revision = "0004"

TABLES = (
    """
    CREATE TABLE evidence_pack (
        id text PRIMARY KEY, subject text NOT NULL, framework text, size bigint NOT NULL,
        confidential boolean NOT NULL, asked_by text NOT NULL, asked_at timestamptz NOT NULL, state text NOT NULL,
        claimed_at timestamptz, attempts_count integer NOT NULL DEFAULT 0, made_at timestamptz,
        sha256 bytea, bytes_count bigint, entries_count bigint, disclosed bigint[], error text,
        CONSTRAINT evidence_pack_state CHECK (state IN ('asked', 'making', 'ready', 'failed')),
        CONSTRAINT evidence_pack_ready CHECK (
            (state = 'ready') = (num_nonnulls(made_at, sha256, bytes_count, entries_count, disclosed) = 5)),
        CONSTRAINT evidence_pack_failed CHECK ((state = 'failed') = (error IS NOT NULL)))
    """,
    "CREATE INDEX evidence_pack_to_make ON evidence_pack (asked_at) WHERE state IN ('asked', 'making')",
    "CREATE INDEX evidence_pack_made ON evidence_pack (made_at)",
    """
    CREATE TABLE kpi_sample (
        definitions text, kpi text, idx bigint, kind text NOT NULL, known_at timestamptz NOT NULL,
        seconds double precision, label text NOT NULL,
        PRIMARY KEY (definitions, kpi, idx),
        CONSTRAINT kpi_sample_kind CHECK (kind IN ('value', 'unreadable', 'implausible')))
    """,
    """
    CREATE TABLE kpi_snapshot (
        definitions text, size bigint, known_on date NOT NULL, state bytea NOT NULL,
        PRIMARY KEY (definitions, size),
        CONSTRAINT kpi_snapshot_size CHECK (size > 0))
    """,
    "GRANT SELECT, INSERT, UPDATE, DELETE ON evidence_pack TO govbus_audit_log",
    "GRANT SELECT, INSERT, DELETE ON kpi_sample, kpi_snapshot TO govbus_audit_log",
)


def upgrade() -> None:
    """Create the tables; the service may clear them, as all of them can be made again."""
    for statement in TABLES:
        op.execute(statement)

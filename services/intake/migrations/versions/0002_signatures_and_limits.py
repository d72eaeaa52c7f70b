"""Gives signing keys and handshakes tables of their own, and sources their limits."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    CREATE TABLE signature_key (
        id uuid PRIMARY KEY, source_name text NOT NULL REFERENCES source (name), sealed_secret bytea NOT NULL,
        created_at timestamptz NOT NULL, created_by text NOT NULL, expires_at timestamptz)
    """,
    "CREATE INDEX signature_key_source ON signature_key (source_name)",
    """
    INSERT INTO signature_key (id, source_name, sealed_secret, created_at, created_by)
    SELECT gen_random_uuid(), name, signature_secret, registered_at, registered_by FROM source
    WHERE signature_secret IS NOT NULL
    """,
    """
    CREATE TABLE handshake (
        source_name text REFERENCES source (name), subject text, kind text NOT NULL, received_at timestamptz NOT NULL,
        sealed_url bytea, confirmed_at timestamptz, PRIMARY KEY (source_name, subject))
    """,
    """
    ALTER TABLE source DROP CONSTRAINT source_signature_whole, DROP COLUMN signature_secret,
        ADD COLUMN signature_topics text[], ADD COLUMN confirms boolean NOT NULL DEFAULT false,
        ADD COLUMN is_internal boolean NOT NULL DEFAULT false, ADD COLUMN events_per_second double precision,
        ADD COLUMN body_bytes integer, ADD COLUMN event_bytes integer,
        ADD CONSTRAINT source_unsigned_internal CHECK (signature_scheme <> 'none' OR is_internal),
        ADD CONSTRAINT source_events_per_second CHECK (events_per_second > 0),
        ADD CONSTRAINT source_sizes CHECK (body_bytes > 0 AND event_bytes > 0)
    """,
    "ALTER TABLE source ALTER COLUMN confirms DROP DEFAULT, ALTER COLUMN is_internal DROP DEFAULT",
    "GRANT SELECT, INSERT, UPDATE ON signature_key, handshake TO govbus_intake",
)


def upgrade() -> None:
    """Move the secrets that are there into the new table; nobody has to sign anew."""
    for statement in _STATEMENTS:
        op.execute(statement)

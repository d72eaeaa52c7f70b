"""Creates console's table of sessions. The console consumes and says nothing, so it has no tables of eventing."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    CREATE TABLE session (
        digest bytea PRIMARY KEY, person text NOT NULL, sealed_token text NOT NULL,
        started_at timestamptz NOT NULL, expires_at timestamptz NOT NULL,
        CONSTRAINT session_digest_size CHECK (octet_length(digest) = 32),
        CONSTRAINT session_lives CHECK (expires_at > started_at),
        CONSTRAINT session_of_somebody CHECK (person <> ''))
    """,
    "CREATE INDEX session_expiry ON session (expires_at)",
    "GRANT SELECT, INSERT, DELETE ON session TO govbus_console",
)


def upgrade() -> None:
    """Create the table and grant the runtime role what it needs."""
    for statement in _STATEMENTS:
        op.execute(statement)

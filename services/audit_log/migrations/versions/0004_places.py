"""Let there be any number of places for copies, each with a cursor, and let one publisher fence another."""

from alembic import op

revision = "0004"
down_revision = "0003"

STATEMENTS = (
    "ALTER TABLE place_cursor DISABLE TRIGGER place_cursor_no_delete",
    # The one folder of copies that there was; each place is now a URL, and its first copy is put at once.
    "DELETE FROM place_cursor WHERE place = 'files'",
    "ALTER TABLE place_cursor ENABLE ALWAYS TRIGGER place_cursor_no_delete",
    "ALTER TABLE place_cursor DROP CONSTRAINT place_cursor_place",
    "ALTER TABLE place_cursor ADD CONSTRAINT place_cursor_place CHECK (place = 'topic' OR place LIKE '%://%')",
    "ALTER TABLE place_cursor ALTER next_index SET DEFAULT 0, ALTER checkpoint_size SET DEFAULT 0",
    "ALTER TABLE place_cursor ADD COLUMN holder uuid",
    "GRANT INSERT (place) ON place_cursor TO govbus_audit_log",
)


def upgrade() -> None:
    """Widen `place_cursor`; a new place begins at nothing, as the runtime role may name it and no more."""
    for statement in STATEMENTS:
        op.execute(statement)

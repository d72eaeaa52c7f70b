"""Index the words of open payloads behind the head, and subjects and types by prefix."""

from alembic import op

revision = "0002"
down_revision = "0001"

STATEMENTS = (
    "DROP INDEX entry_by_subject",
    "DROP INDEX entry_by_type",
    "CREATE INDEX entry_by_subject ON entry (subject text_pattern_ops, idx)",
    "CREATE INDEX entry_by_type ON entry (type text_pattern_ops, idx)",
    "CREATE INDEX entry_by_unusual_kind ON entry (kind, idx) WHERE kind <> 'event'",
    # A payload takes its words with it, whoever deletes it: the referencing rows go in the same transaction.
    """
    CREATE TABLE payload_words (
        idx bigint, logged_on date, words tsvector NOT NULL,
        PRIMARY KEY (idx, logged_on),
        CONSTRAINT payload_words_payload FOREIGN KEY (idx, logged_on) REFERENCES payload ON DELETE CASCADE)
    """,
    "CREATE INDEX payload_words_by_word ON payload_words USING gin (words)",
    """
    CREATE TABLE words_cursor (
        one smallint PRIMARY KEY, next_index bigint NOT NULL,
        CONSTRAINT words_cursor_one CHECK (one = 1),
        CONSTRAINT words_cursor_not_negative CHECK (next_index >= 0))
    """,
    "INSERT INTO words_cursor VALUES (1, 0)",
    "GRANT SELECT, INSERT ON payload_words TO govbus_audit_log",
    "GRANT SELECT, UPDATE ON words_cursor TO govbus_audit_log",
)


def upgrade() -> None:
    """Begin the words at the first entry, so that what is already logged is found, too."""
    for statement in STATEMENTS:
        op.execute(statement)

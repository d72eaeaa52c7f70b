"""Keeps with a decision under which Idempotency-Key it was asked for, so that asking again gives the same one."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """ALTER TABLE decision ADD COLUMN idempotency_key text, ADD COLUMN asked_sha256 bytea,
        ADD CONSTRAINT decision_key CHECK ((idempotency_key IS NULL) = (asked_sha256 IS NULL))""",
    """CREATE UNIQUE INDEX decision_asked_once ON decision (asked_by, idempotency_key)
        WHERE idempotency_key IS NOT NULL""",
)


def upgrade() -> None:
    """Add the two columns; the runtime role writes them with the decision and never again."""
    for statement in _STATEMENTS:
        op.execute(statement)

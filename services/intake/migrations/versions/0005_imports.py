"""Lets refused input come from an import."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Widen what a channel may be."""
    op.execute(
        "ALTER TABLE rejected DROP CONSTRAINT rejected_channel, ADD CONSTRAINT rejected_channel "
        "CHECK (channel IN ('event', 'webhook', 'import', 'kafka'))"
    )

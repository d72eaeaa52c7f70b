"""Index words when they are written: a list of pending ones slows every search, and nobody waits for the writer."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Change how the index is kept."""
    op.execute("ALTER INDEX payload_words_by_word SET (fastupdate = off)")

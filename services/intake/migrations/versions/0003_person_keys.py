"""Makes keys of personal data belong to persons; those of single facts stay, under the facts' own names."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_STATEMENTS = (
    "ALTER TABLE person_key ADD COLUMN person text",
    "UPDATE person_key SET person = 'fact-' || encode(identity, 'hex')",
    "ALTER TABLE person_key ALTER COLUMN person SET NOT NULL, DROP COLUMN source_name, DROP COLUMN identity",
    "CREATE UNIQUE INDEX person_key_live ON person_key (person) WHERE erased_at IS NULL",
    "CREATE INDEX person_key_person ON person_key (person, created_at)",
    "GRANT UPDATE (sealed_secret, erased_at) ON person_key TO govbus_intake",
)


def upgrade() -> None:
    """Name the keys that are there after their facts; what they sealed opens as before."""
    for statement in _STATEMENTS:
        op.execute(statement)

"""Witnesses' cosignatures, the size that a quorum has seen, and a head that stands still once the log is closed."""

from alembic import op

revision = "0007"
down_revision = "0006"

STATEMENTS = (
    """
    CREATE TABLE cosignature (
        witness text, size bigint REFERENCES checkpoint (size), line text NOT NULL, cosigned_at timestamptz NOT NULL,
        PRIMARY KEY (witness, size))
    """,
    "CREATE INDEX cosignature_by_size ON cosignature (size)",
    """
    CREATE TABLE witness_quorum (
        one smallint PRIMARY KEY, size bigint NOT NULL, is_required boolean NOT NULL,
        CONSTRAINT witness_quorum_one CHECK (one = 1),
        CONSTRAINT witness_quorum_size CHECK (size >= 0))
    """,
    "INSERT INTO witness_quorum VALUES (1, 0, false)",
    """
    CREATE FUNCTION witness_quorum_forward() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
    BEGIN
        IF NEW.size < OLD.size THEN
            RAISE EXCEPTION 'what a quorum has seen only grows' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE FUNCTION log_head_closed() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
    BEGIN
        IF NEW.size > OLD.size
           AND EXISTS (SELECT FROM public.entry WHERE idx = OLD.size - 1 AND kind = 'closed') THEN
            RAISE EXCEPTION 'the audit log is closed: nothing follows its last entry'
                USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END $$
    """,
)

GRANTS = (
    "GRANT SELECT, INSERT ON cosignature TO govbus_audit_log",
    "GRANT SELECT, UPDATE ON witness_quorum TO govbus_audit_log",
)


def upgrade() -> None:
    """Create both tables with their triggers, and the trigger of the closed head."""
    for statement in STATEMENTS:
        op.execute(statement)
    _guard("cosignature", "no_change", "BEFORE UPDATE OR DELETE", "FOR EACH ROW EXECUTE FUNCTION log_refuse()")
    _guard("witness_quorum", "no_delete", "BEFORE DELETE", "FOR EACH ROW EXECUTE FUNCTION log_refuse()")
    _guard("witness_quorum", "forward", "BEFORE UPDATE", "FOR EACH ROW EXECUTE FUNCTION witness_quorum_forward()")
    for table in ("cosignature", "witness_quorum"):
        _guard(table, "no_truncate", "BEFORE TRUNCATE", "EXECUTE FUNCTION log_refuse()")
    _guard("log_head", "closed", "BEFORE UPDATE", "FOR EACH ROW EXECUTE FUNCTION log_head_closed()")
    for statement in GRANTS:
        op.execute(statement)


def _guard(table: str, name: str, when: str, action: str) -> None:
    op.execute(f"CREATE TRIGGER {table}_{name} {when} ON {table} {action}")
    op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{name}")

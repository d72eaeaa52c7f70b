"""Create entries, payloads, tiles, checkpoints, the head and the cursors, with rights and triggers that keep them."""

from alembic import op

from govbus.eventing.schema import create_eventing_schema

revision = "0001"
down_revision = None

TABLES = (
    """
    CREATE TABLE entry (
        idx bigint PRIMARY KEY, kind text NOT NULL, entry bytea NOT NULL, leaf_hash bytea NOT NULL, identity bytea,
        id text, source text, type text, subject text, known_at timestamptz NOT NULL,
        topic text, partition integer, kafka_offset bigint, correlation_id text, causation_id text,
        classification text NOT NULL, logged_on date NOT NULL,
        CONSTRAINT entry_record UNIQUE (topic, partition, kafka_offset),
        CONSTRAINT entry_index_not_negative CHECK (idx >= 0),
        CONSTRAINT entry_kind CHECK (
            kind IN ('event', 'unparseable', 'duplicate_refused', 'access', 'erasure', 'hold', 'gap')),
        CONSTRAINT entry_size CHECK (octet_length(entry) BETWEEN 2 AND 65535),
        CONSTRAINT entry_leaf_hash CHECK (leaf_hash = sha256('\\x00'::bytea || entry)),
        CONSTRAINT entry_identity_size CHECK (octet_length(identity) = 16),
        CONSTRAINT entry_identity CHECK ((kind IN ('event', 'duplicate_refused')) = (identity IS NOT NULL)),
        CONSTRAINT entry_kafka_place CHECK (
            (topic IS NULL) = (partition IS NULL) AND (topic IS NULL) = (kafka_offset IS NULL)),
        CONSTRAINT entry_classification CHECK (
            classification IN ('public', 'internal', 'confidential', 'personal')))
    """,
    "CREATE UNIQUE INDEX entry_identity_once ON entry (identity) WHERE kind = 'event'",
    "CREATE INDEX entry_by_id ON entry (id, idx)",
    "CREATE INDEX entry_by_source ON entry (source, idx)",
    "CREATE INDEX entry_by_type ON entry (type, idx)",
    "CREATE INDEX entry_by_subject ON entry (subject, idx)",
    "CREATE INDEX entry_by_known_at ON entry (known_at, idx)",
    "CREATE INDEX entry_by_correlation ON entry (correlation_id, idx)",
    "CREATE INDEX entry_by_causation ON entry (causation_id, idx)",
    """
    CREATE TABLE payload (
        idx bigint, logged_on date, key bytea NOT NULL, attributes bytea NOT NULL, payload bytea NOT NULL, actor text,
        PRIMARY KEY (idx, logged_on),
        CONSTRAINT payload_key_size CHECK (octet_length(key) = 32)) PARTITION BY RANGE (logged_on)
    """,
    "CREATE INDEX payload_by_actor ON payload (actor, idx)",
    "CREATE TABLE payload_default PARTITION OF payload DEFAULT",
    """
    CREATE TABLE tile (
        level smallint, idx bigint, root bytea NOT NULL, hashes bytea NOT NULL,
        PRIMARY KEY (level, idx),
        CONSTRAINT tile_place CHECK (level BETWEEN 0 AND 63 AND idx >= 0),
        CONSTRAINT tile_size CHECK (octet_length(root) = 32 AND octet_length(hashes) = 8192))
    """,
    """
    CREATE TABLE checkpoint (
        size bigint PRIMARY KEY, root bytea NOT NULL, subtrees bytea NOT NULL, note text NOT NULL,
        epoch bigint NOT NULL, signed_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT checkpoint_size_positive CHECK (size > 0),
        CONSTRAINT checkpoint_root_size CHECK (octet_length(root) = 32))
    """,
    """
    CREATE TABLE log_head (
        one smallint PRIMARY KEY, size bigint NOT NULL, subtrees bytea NOT NULL, epoch bigint NOT NULL,
        duplicate_count bigint NOT NULL,
        CONSTRAINT log_head_one CHECK (one = 1),
        CONSTRAINT log_head_subtrees CHECK (octet_length(subtrees) = 32 * bit_count(size::bit(64))))
    """,
    "INSERT INTO log_head VALUES (1, 0, '', 0, 0)",
    """
    CREATE TABLE place_cursor (
        place text PRIMARY KEY, next_index bigint NOT NULL, checkpoint_size bigint NOT NULL,
        moved_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT place_cursor_place CHECK (place IN ('topic', 'files')),
        CONSTRAINT place_cursor_order CHECK (next_index >= checkpoint_size AND checkpoint_size >= 0))
    """,
    "INSERT INTO place_cursor (place, next_index, checkpoint_size) VALUES ('topic', 0, 0), ('files', 0, 0)",
)

# A session in replica mode skips ordinary triggers, never these: each is ENABLE ALWAYS.
FUNCTIONS = (
    """
    CREATE FUNCTION log_refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
    BEGIN
        RAISE EXCEPTION 'the audit log is append-only: % on % is refused', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END $$
    """,
    """
    CREATE FUNCTION log_head_forward() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
    BEGIN
        IF NEW.size < OLD.size OR NEW.epoch < OLD.epoch OR NEW.duplicate_count < OLD.duplicate_count
           OR (NEW.size = OLD.size AND NEW.subtrees <> OLD.subtrees) THEN
            RAISE EXCEPTION 'the head of the log only moves forward' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE FUNCTION place_cursor_forward() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
    BEGIN
        IF NEW.place <> OLD.place OR NEW.next_index < OLD.next_index OR NEW.checkpoint_size < OLD.checkpoint_size THEN
            RAISE EXCEPTION 'a cursor only moves forward' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE FUNCTION payload_prepare(day date) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public AS $$
    DECLARE
        first date := date_trunc('month', day)::date;
        after date := (date_trunc('month', day) + interval '1 month')::date;
        name text := 'payload_' || to_char(day, 'YYYYMM');
    BEGIN
        PERFORM pg_advisory_xact_lock(hashtextextended('payload', 0));
        IF to_regclass('public.' || name) IS NOT NULL THEN
            RETURN true;
        END IF;
        IF EXISTS (SELECT FROM public.payload_default WHERE logged_on >= first AND logged_on < after) THEN
            RETURN false;
        END IF;
        EXECUTE format('CREATE TABLE public.%I (LIKE public.payload INCLUDING ALL)', name);
        EXECUTE format('ALTER TABLE public.payload ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                       name, first, after);
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON public.%I EXECUTE FUNCTION public.log_refuse()',
                       name || '_no_truncate', name);
        EXECUTE format('ALTER TABLE public.%I ENABLE ALWAYS TRIGGER %I', name, name || '_no_truncate');
        RETURN true;
    END $$
    """,
)

APPEND_ONLY = ("entry", "tile", "checkpoint")
FORWARD_ONLY = ("log_head", "place_cursor")

GRANTS = (
    "GRANT SELECT, INSERT ON entry, payload, tile, checkpoint TO govbus_audit_log",
    "GRANT SELECT, UPDATE ON log_head, place_cursor TO govbus_audit_log",
    "REVOKE ALL ON FUNCTION payload_prepare(date) FROM PUBLIC",
    "GRANT EXECUTE ON FUNCTION payload_prepare(date) TO govbus_audit_log",
    "GRANT SELECT, DELETE ON payload TO govbus_audit_log_eraser",
)


def upgrade() -> None:
    """Create everything; the month of now and the next have a partition of their own from the start."""
    create_eventing_schema(op, service="audit_log")
    for statement in (*TABLES, *FUNCTIONS):
        op.execute(statement)
    for table in APPEND_ONLY:
        _guard(table, "no_change", "BEFORE UPDATE OR DELETE", "FOR EACH ROW EXECUTE FUNCTION log_refuse()")
    for table in FORWARD_ONLY:
        _guard(table, "no_delete", "BEFORE DELETE", "FOR EACH ROW EXECUTE FUNCTION log_refuse()")
        _guard(table, "forward", "BEFORE UPDATE", f"FOR EACH ROW EXECUTE FUNCTION {table}_forward()")
    _guard("payload", "no_change", "BEFORE UPDATE", "FOR EACH ROW EXECUTE FUNCTION log_refuse()")
    for table in (*APPEND_ONLY, *FORWARD_ONLY, "payload", "payload_default"):
        _guard(table, "no_truncate", "BEFORE TRUNCATE", "EXECUTE FUNCTION log_refuse()")
    for statement in GRANTS:
        op.execute(statement)
    op.execute("SELECT payload_prepare((now() + n * interval '1 month')::date) FROM generate_series(0, 1) AS n")


def _guard(table: str, name: str, when: str, action: str) -> None:
    op.execute(f"CREATE TRIGGER {table}_{name} {when} ON {table} {action}")
    op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{name}")

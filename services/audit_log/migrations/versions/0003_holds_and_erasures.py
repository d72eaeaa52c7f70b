"""Holds, erasures on record, what pruning may never touch, and the results of fsck.

A payload goes only under an entry that says so, never while a hold covers it, and pruned only beyond the legal floor:
a row trigger asks all three of everybody, whatever the session's replication role.
"""

from alembic import op

revision = "0003"
down_revision = "0002"

TABLES = (
    "ALTER TABLE entry DROP CONSTRAINT entry_kind",
    """
    ALTER TABLE entry ADD CONSTRAINT entry_kind CHECK (
        kind IN ('event', 'unparseable', 'duplicate_refused', 'access', 'erasure', 'prune', 'hold', 'gap', 'closed',
                 'successor'))
    """,
    """
    CREATE TABLE hold (
        id text PRIMARY KEY, origin text NOT NULL, reason text NOT NULL, placed_by text NOT NULL,
        placed_at timestamptz NOT NULL, lift_asked_by text, lift_asked_at timestamptz, lift_reason text,
        lifted_by text, lifted_at timestamptz,
        CONSTRAINT hold_origin CHECK (origin IN ('person', 'event')),
        CONSTRAINT hold_lift_asked CHECK (num_nonnulls(lift_asked_by, lift_asked_at, lift_reason) IN (0, 3)),
        CONSTRAINT hold_lifted CHECK (num_nonnulls(lifted_by, lifted_at) IN (0, 2)),
        CONSTRAINT hold_two_people CHECK (
            lifted_by IS NULL OR origin = 'event' OR (lift_asked_by IS NOT NULL AND lift_asked_by <> lifted_by)))
    """,
    "CREATE INDEX hold_in_force ON hold (id) WHERE lifted_at IS NULL",
    """
    CREATE TABLE hold_scope (
        hold_id text REFERENCES hold (id), place integer, subject text, identity bytea,
        first_index bigint, last_index bigint,
        PRIMARY KEY (hold_id, place),
        CONSTRAINT hold_scope_one CHECK (num_nonnulls(subject, identity, first_index) = 1),
        CONSTRAINT hold_scope_range CHECK (
            num_nonnulls(first_index, last_index) IN (0, 2) AND 0 <= first_index AND first_index <= last_index))
    """,
    """
    CREATE TABLE erasure (
        entry_index bigint PRIMARY KEY REFERENCES entry (idx), kind text NOT NULL, done_at timestamptz,
        CONSTRAINT erasure_kind CHECK (kind IN ('erasure', 'prune')))
    """,
    "CREATE INDEX erasure_pending ON erasure (entry_index) WHERE done_at IS NULL",
    """
    CREATE TABLE erasure_scope (
        entry_index bigint REFERENCES erasure (entry_index), first_index bigint, last_index bigint NOT NULL,
        types text[], before date,
        PRIMARY KEY (entry_index, first_index),
        CONSTRAINT erasure_scope_range CHECK (0 <= first_index AND first_index <= last_index),
        CONSTRAINT erasure_scope_pruned CHECK (num_nonnulls(types, before) IN (0, 2)))
    """,
    """
    CREATE TABLE erasure_request (
        id text PRIMARY KEY, asked jsonb NOT NULL, reason text NOT NULL, asked_by text NOT NULL,
        asked_at timestamptz NOT NULL, confirmed_by text, confirmed_at timestamptz,
        entry_index bigint REFERENCES erasure (entry_index),
        CONSTRAINT erasure_request_confirmed CHECK (num_nonnulls(confirmed_by, confirmed_at, entry_index) IN (0, 3)),
        CONSTRAINT erasure_request_two_people CHECK (confirmed_by IS NULL OR confirmed_by <> asked_by))
    """,
    """
    CREATE TABLE fsck_run (
        id text PRIMARY KEY, started_at timestamptz NOT NULL, finished_at timestamptz NOT NULL, size bigint NOT NULL,
        checkpoint_count bigint NOT NULL, guards_sha256 text NOT NULL, fault_count bigint NOT NULL,
        faults jsonb NOT NULL, notices jsonb NOT NULL)
    """,
    "CREATE INDEX fsck_run_by_end ON fsck_run (finished_at)",
)

# Types of documentation: Regulation (EU) 2024/1689, Art. 18; the rest are logs: Art. 19 and 26(6).
# `govbus.audit_log.domain.retention` says the same; a test holds the two together.
FUNCTIONS = (
    """
    CREATE FUNCTION payload_floor_days(label text) RETURNS integer LANGUAGE sql IMMUTABLE
    SET search_path = pg_catalog AS $$
        SELECT CASE WHEN label ~ ('^dev\\.govbus\\.(system|model|dataset|vendor|validation|explanation|approval'
            || '|deployment|risk|obligation|policy|release|review|incident|report|ownership|record|fact)\\.')
            THEN 3653 ELSE 184 END
    $$
    """,
    """
    CREATE FUNCTION payload_hold(wanted bigint) RETURNS text LANGUAGE sql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog AS $$
        SELECT h.id FROM public.entry e, public.hold h JOIN public.hold_scope s ON s.hold_id = h.id
        WHERE e.idx = wanted AND h.lifted_at IS NULL
          AND (s.subject = e.subject OR starts_with(e.subject, s.subject || '/') OR s.identity = e.identity
               OR e.idx BETWEEN s.first_index AND s.last_index)
        ORDER BY h.id LIMIT 1
    $$
    """,
    """
    CREATE FUNCTION payload_refusal(wanted bigint, reason bigint) RETURNS text LANGUAGE plpgsql VOLATILE
    SECURITY DEFINER SET search_path = pg_catalog AS $$
    DECLARE
        found public.entry%ROWTYPE;
        scope public.erasure_scope%ROWTYPE;
        holding text;
        label text;
    BEGIN
        SELECT * INTO found FROM public.entry WHERE idx = wanted;
        IF found.kind IS NULL OR found.kind NOT IN ('event', 'unparseable', 'duplicate_refused', 'access') THEN
            RETURN 'it is the log''s own record of what was done';
        END IF;
        SELECT * INTO scope FROM public.erasure_scope
        WHERE entry_index = reason AND wanted BETWEEN first_index AND last_index LIMIT 1;
        IF scope.entry_index IS NULL OR wanted >= reason THEN
            RETURN 'no entry of the log says that it is erased';
        END IF;
        label := coalesce(found.type, found.kind);
        IF scope.types IS NOT NULL AND (label <> ALL (scope.types) OR found.logged_on >= scope.before) THEN
            RETURN 'the entry about the pruning leaves it out';
        END IF;
        IF scope.types IS NOT NULL
           AND found.logged_on >= (now() AT TIME ZONE 'UTC')::date - public.payload_floor_days(label) THEN
            RETURN 'the law keeps it for longer';
        END IF;
        holding := public.payload_hold(wanted);
        RETURN 'hold ' || holding || ' covers it';
    END $$
    """,
    """
    CREATE FUNCTION payload_lock_holds() RETURNS void LANGUAGE sql VOLATILE SET search_path = pg_catalog AS $$
        SELECT pg_advisory_xact_lock(hashtextextended('audit_log_holds', 0))
    $$
    """,
    """
    CREATE FUNCTION payload_erasable() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog AS $$
    DECLARE
        why text;
    BEGIN
        PERFORM public.payload_lock_holds();
        why := public.payload_refusal(OLD.idx, nullif(current_setting('govbus.erasing', true), '')::bigint);
        IF why IS NOT NULL THEN
            RAISE EXCEPTION 'payload % stays: %', OLD.idx, why USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN OLD;
    END $$
    """,
    """
    CREATE FUNCTION payload_erase(reason bigint, limit_count integer, OUT erased_count bigint, OUT left_count bigint)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
    BEGIN
        PERFORM public.payload_lock_holds();
        PERFORM set_config('govbus.erasing', reason::text, true);
        WITH covered AS MATERIALIZED (
            SELECT p.idx, p.logged_on FROM public.erasure_scope s
            JOIN public.entry e ON e.idx BETWEEN s.first_index AND s.last_index
            JOIN public.payload p ON p.idx = e.idx AND p.logged_on = e.logged_on
            WHERE s.entry_index = reason
              AND (s.types IS NULL OR (coalesce(e.type, e.kind) = ANY (s.types) AND e.logged_on < s.before))
              AND public.payload_refusal(e.idx, reason) IS NULL
            ORDER BY p.idx LIMIT limit_count),
        gone AS (
            DELETE FROM public.payload p USING covered c WHERE p.idx = c.idx AND p.logged_on = c.logged_on
            RETURNING p.idx)
        SELECT count(*) INTO erased_count FROM gone;
        SELECT count(*) INTO left_count FROM public.erasure_scope s
        JOIN public.entry e ON e.idx BETWEEN s.first_index AND s.last_index
        JOIN public.payload p ON p.idx = e.idx AND p.logged_on = e.logged_on
        WHERE s.entry_index = reason
          AND e.kind IN ('event', 'unparseable', 'duplicate_refused', 'access')
          AND (s.types IS NULL OR (coalesce(e.type, e.kind) = ANY (s.types) AND e.logged_on < s.before));
        UPDATE public.erasure SET done_at = now() WHERE entry_index = reason AND done_at IS NULL AND left_count = 0;
    END $$
    """,
    """
    CREATE FUNCTION hold_forward() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
    BEGIN
        IF OLD.lifted_at IS NOT NULL
           OR (NEW.id, NEW.origin, NEW.reason, NEW.placed_by, NEW.placed_at)
              IS DISTINCT FROM (OLD.id, OLD.origin, OLD.reason, OLD.placed_by, OLD.placed_at) THEN
            RAISE EXCEPTION 'a hold is only ever lifted' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE FUNCTION erasure_forward() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
    BEGIN
        IF OLD.done_at IS NOT NULL OR (NEW.entry_index, NEW.kind) IS DISTINCT FROM (OLD.entry_index, OLD.kind) THEN
            RAISE EXCEPTION 'an erasure is only ever done' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END $$
    """,
)

# The partition has its own trigger before it is attached: at no moment is a part of `payload` without one.
PREPARE = """
    CREATE OR REPLACE FUNCTION payload_prepare(day date) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog AS $$
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
        EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON public.%I EXECUTE FUNCTION public.log_refuse()',
                       name || '_no_truncate', name);
        EXECUTE format('ALTER TABLE public.%I ENABLE ALWAYS TRIGGER %I', name, name || '_no_truncate');
        EXECUTE format('ALTER TABLE public.payload ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                       name, first, after);
        RETURN true;
    END $$
"""

APPEND_ONLY = ("hold_scope", "erasure_scope", "fsck_run")
FORWARD_ONLY = ("hold", "erasure")

GRANTS = (
    "GRANT SELECT, INSERT ON hold, hold_scope, erasure, erasure_scope, erasure_request, fsck_run TO govbus_audit_log",
    "GRANT UPDATE (lift_asked_by, lift_asked_at, lift_reason, lifted_by, lifted_at) ON hold TO govbus_audit_log",
    "GRANT UPDATE (confirmed_by, confirmed_at, entry_index) ON erasure_request TO govbus_audit_log",
    "REVOKE ALL ON payload FROM govbus_audit_log_eraser",
    """
    REVOKE ALL ON FUNCTION payload_hold(bigint), payload_refusal(bigint, bigint), payload_erase(bigint, integer),
        payload_lock_holds(), payload_erasable(), payload_floor_days(text) FROM PUBLIC
    """,
    """
    GRANT EXECUTE ON FUNCTION payload_hold(bigint), payload_lock_holds(), payload_floor_days(text) TO govbus_audit_log
    """,
    "GRANT EXECUTE ON FUNCTION payload_erase(bigint, integer) TO govbus_audit_log_eraser",
)


def upgrade() -> None:
    """Create everything, and let the eraser delete by entry alone."""
    for statement in (*TABLES, *FUNCTIONS, PREPARE):
        op.execute(statement)
    for table in APPEND_ONLY:
        _guard(table, "no_change", "BEFORE UPDATE OR DELETE", "FOR EACH ROW EXECUTE FUNCTION log_refuse()")
    for table in FORWARD_ONLY:
        _guard(table, "no_delete", "BEFORE DELETE", "FOR EACH ROW EXECUTE FUNCTION log_refuse()")
        _guard(table, "forward", "BEFORE UPDATE", f"FOR EACH ROW EXECUTE FUNCTION {table}_forward()")
    for table in (*APPEND_ONLY, *FORWARD_ONLY):
        _guard(table, "no_truncate", "BEFORE TRUNCATE", "EXECUTE FUNCTION log_refuse()")
    _guard("payload", "erasable", "BEFORE DELETE", "FOR EACH ROW EXECUTE FUNCTION payload_erasable()")
    for statement in GRANTS:
        op.execute(statement)


def _guard(table: str, name: str, when: str, action: str) -> None:
    op.execute(f"CREATE TRIGGER {table}_{name} {when} ON {table} {action}")
    op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{name}")

-- Run by a superuser in the audit log's database after its migrations: from here on even the owner of the log's tables
-- can change nothing about them that keeps them append-only. fsck reads the same state by the body of log_guard.state.
CREATE SCHEMA log_guard;
REVOKE ALL ON SCHEMA log_guard FROM PUBLIC;

CREATE FUNCTION log_guard.state(OUT name text, OUT state text) RETURNS SETOF record LANGUAGE sql STABLE
SET search_path = pg_catalog AS $state$
    WITH guarded AS (
        SELECT c.* FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relname IN (
            'entry', 'payload', 'tile', 'checkpoint', 'log_head', 'place_cursor', 'hold', 'hold_scope', 'erasure',
            'erasure_scope')),
    acting AS (
        SELECT p.*, n.nspname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE p.oid IN (SELECT tgfoid FROM pg_trigger WHERE tgrelid IN (SELECT oid FROM guarded) AND NOT tgisinternal)
           OR (n.nspname = 'public' AND (starts_with(p.proname, 'payload_') OR starts_with(p.proname, 'log_'))))
    SELECT 'table ' || relname, format(
        '%s%s owner %s, row security %s, rights %s', relkind, relpersistence, pg_get_userbyid(relowner),
        relrowsecurity OR relforcerowsecurity,
        (SELECT string_agg(a::text, ' ' ORDER BY a::text COLLATE "C") FROM unnest(relacl) a)) FROM guarded
    UNION ALL
    SELECT format('column %s.%s', g.relname, a.attname), format(
        '%s%s default %s generated %s rights %s', format_type(a.atttypid, a.atttypmod),
        CASE WHEN a.attnotnull THEN ' not null' END, pg_get_expr(d.adbin, d.adrelid), a.attgenerated::text || a.attidentity::text,
        (SELECT string_agg(r::text, ' ' ORDER BY r::text COLLATE "C") FROM unnest(a.attacl) r))
    FROM guarded g JOIN pg_attribute a ON a.attrelid = g.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    UNION ALL
    SELECT format('constraint %s.%s', g.relname, k.conname),
        pg_get_constraintdef(k.oid) || CASE WHEN k.convalidated THEN '' ELSE ' not validated' END
    FROM guarded g JOIN pg_constraint k ON k.conrelid = g.oid AND k.contype <> 'n' AND k.conparentid = 0
    UNION ALL
    SELECT format('unique index %s.%s', g.relname, i.indexrelid::regclass::text),
        pg_get_indexdef(i.indexrelid) || CASE WHEN i.indisvalid AND i.indisready THEN '' ELSE ' not valid' END
    FROM guarded g JOIN pg_index i ON i.indrelid = g.oid AND i.indisunique
    UNION ALL
    SELECT format('trigger %s.%s', g.relname, t.tgname), format(
        '%s enabled %s, type %s, calls %s, when %s', CASE WHEN t.tgparentid = 0 THEN 'own' ELSE 'inherited' END,
        t.tgenabled, t.tgtype, t.tgfoid::regproc, pg_get_expr(t.tgqual, t.tgrelid))
    FROM guarded g JOIN pg_trigger t ON t.tgrelid = g.oid AND NOT t.tgisinternal
    UNION ALL
    SELECT 'foreign keys of ' || g.relname, 'are not checked'
    FROM guarded g JOIN pg_trigger t ON t.tgrelid = g.oid AND t.tgisinternal AND t.tgenabled NOT IN ('O', 'A')
    GROUP BY g.relname
    UNION ALL
    SELECT format('rule %s.%s', g.relname, r.rulename), pg_get_ruledef(r.oid)
    FROM guarded g JOIN pg_rewrite r ON r.ev_class = g.oid
    UNION ALL
    SELECT format('table %s.%s', n.nspname, c.relname), 'inherits from ' || g.relname
    FROM guarded g JOIN pg_inherits i ON i.inhparent = g.oid JOIN pg_class c ON c.oid = i.inhrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE g.relname <> 'payload'
    UNION ALL
    SELECT format('table %s.%s', n.nspname, c.relname), 'has the name of a table of the log'
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname IN (SELECT relname FROM guarded) AND n.nspname NOT IN ('public', 'pg_catalog')
      AND n.nspname !~ '^pg_(temp|toast)'
    UNION ALL
    SELECT format('table %s', g.relname), 'inherits from another table'
    FROM guarded g JOIN pg_inherits i ON i.inhrelid = g.oid
    UNION ALL
    SELECT format('function %s.%s(%s)', nspname, proname, pg_get_function_identity_arguments(oid)), format(
        'owner %s, security definer %s, settings %s, rights %s, body %s', pg_get_userbyid(proowner), prosecdef,
        array_to_string(proconfig, ' '),
        (SELECT string_agg(a::text, ' ' ORDER BY a::text COLLATE "C") FROM unnest(proacl) a),
        encode(sha256(convert_to(prosrc, 'UTF8')), 'hex')) FROM acting
$state$;

-- Parts of `payload` come every month, so what a part must be is stated by rule; fsck reads the same body.
CREATE FUNCTION log_guard.weak_parts() RETURNS SETOF text LANGUAGE sql STABLE SET search_path = pg_catalog AS $parts$
    SELECT format('part %s of payload %s', c.relname, why)
    FROM pg_class p JOIN pg_namespace n ON n.oid = p.relnamespace AND n.nspname = 'public'
    JOIN pg_inherits i ON i.inhparent = p.oid JOIN pg_class c ON c.oid = i.inhrelid
    CROSS JOIN LATERAL (
        SELECT 'is being detached' WHERE i.inhdetachpending
        UNION ALL SELECT 'has another owner' WHERE c.relowner <> p.relowner
        UNION ALL SELECT 'gives rights of its own' WHERE c.relacl IS NOT NULL
        UNION ALL SELECT 'is no ordinary table' WHERE c.relkind <> 'r' OR c.relpersistence <> 'p'
        UNION ALL SELECT format('lacks trigger %s', w.wanted) FROM (
            SELECT t.tgname AS wanted, true AS inherited FROM pg_trigger t
            WHERE t.tgrelid = p.oid AND NOT t.tgisinternal AND (t.tgtype & 1) = 1
            UNION ALL SELECT c.relname || '_no_truncate', false) w
        WHERE NOT EXISTS (SELECT FROM pg_trigger t JOIN pg_proc f ON f.oid = t.tgfoid
            WHERE t.tgrelid = c.oid AND t.tgname = w.wanted AND t.tgenabled = 'A'
              AND (w.inherited OR (f.proname = 'log_refuse' AND t.tgtype = 34)))
        UNION ALL SELECT format('has a rule %s', r.rulename) FROM pg_rewrite r WHERE r.ev_class = c.oid
        UNION ALL SELECT format('has a further trigger %s', t.tgname) FROM pg_trigger t
        WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgparentid = 0
          AND t.tgname <> c.relname || '_no_truncate') AS wrong (why)
    WHERE p.relname = 'payload'
    UNION ALL
    SELECT format('part %s of payload is not attached', c.relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
    WHERE c.relname ~ '^payload_([0-9]{6}|default)$' AND NOT EXISTS (
        SELECT FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent
        WHERE i.inhrelid = c.oid AND p.relname = 'payload')
$parts$;

CREATE TABLE log_guard.expected (name text PRIMARY KEY, state text NOT NULL);
INSERT INTO log_guard.expected SELECT s.name, s.state FROM log_guard.state() s;
CREATE TABLE log_guard.part (name text PRIMARY KEY);
INSERT INTO log_guard.part
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'public.payload'::regclass;

CREATE FUNCTION log_guard.watch() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog AS $$
DECLARE
    wrong text;
BEGIN
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = session_user) THEN
        RETURN;
    END IF;
    SELECT coalesce(e.name, s.name) INTO wrong FROM log_guard.expected e FULL JOIN log_guard.state() s USING (name)
    WHERE e.state IS DISTINCT FROM s.state ORDER BY 1 LIMIT 1;
    IF wrong IS NULL THEN
        SELECT 'part ' || k.name || ' of payload' INTO wrong FROM log_guard.part k WHERE NOT EXISTS (
            SELECT FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = to_regclass('public.payload') AND c.relname = k.name) LIMIT 1;
    END IF;
    IF wrong IS NULL THEN
        SELECT w INTO wrong FROM log_guard.weak_parts() w WHERE w !~ ' is not attached$' LIMIT 1;
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'the audit log is append-only: % on % is refused (%)', tg_tag, wrong, tg_event
            USING ERRCODE = 'insufficient_privilege',
                  HINT = 'A superuser lets migrations through: superuser/before.sql and after.sql.';
    END IF;
    INSERT INTO log_guard.part
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = to_regclass('public.payload') ON CONFLICT DO NOTHING;
END $$;

CREATE FUNCTION log_guard.refuse_rewrite() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog AS $$
DECLARE
    rewritten regclass := pg_event_trigger_table_rewrite_oid();
BEGIN
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = session_user) THEN
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM log_guard.expected e JOIN pg_class c ON e.name = 'table ' || c.relname WHERE c.oid = rewritten)
       OR EXISTS (SELECT FROM pg_inherits WHERE inhrelid = rewritten AND inhparent = to_regclass('public.payload')) THEN
        RAISE EXCEPTION 'the audit log is append-only: rewriting % is refused', rewritten
            USING ERRCODE = 'insufficient_privilege';
    END IF;
END $$;

CREATE EVENT TRIGGER log_guard_changes ON ddl_command_end EXECUTE FUNCTION log_guard.watch();
CREATE EVENT TRIGGER log_guard_rewrites ON table_rewrite EXECUTE FUNCTION log_guard.refuse_rewrite();
ALTER EVENT TRIGGER log_guard_changes ENABLE ALWAYS;
ALTER EVENT TRIGGER log_guard_rewrites ENABLE ALWAYS;

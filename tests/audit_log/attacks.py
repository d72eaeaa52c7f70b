"""The ways to change an append-only log in PostgreSQL, and what each role gets for trying."""

from dataclasses import dataclass

RUNTIME = "runtime"
ERASER = "eraser"
OWNER = "owner"
SUPERUSER = "superuser"
ROLES = (RUNTIME, ERASER, OWNER, SUPERUSER)
INSERTERS = (RUNTIME, OWNER, SUPERUSER)
HARMLESS = ""


@dataclass(frozen=True, slots=True)
class Attack:
    """Statements; `found` is what fsck says where the roles in `by` succeed, `HARMLESS` where nothing came of it.

    `undo` gives back what belongs to the whole cluster.
    """

    name: str
    statements: tuple[str, ...]
    by: tuple[str, ...] = ()
    found: str = HARMLESS
    undo: str = ""


def _superuser(name: str, found: str, *statements: str, undo: str = "") -> Attack:
    return Attack(name, statements, (SUPERUSER,), found, undo)


ATTACKS = (
    Attack("UPDATE of an entry", ("UPDATE entry SET subject = 'x' WHERE idx = 1",)),
    Attack("DELETE of an entry", ("DELETE FROM entry WHERE idx = 1",)),
    Attack("TRUNCATE", ("TRUNCATE entry CASCADE",)),
    Attack("UPDATE of a tile", ("UPDATE tile SET root = root",)),
    Attack("DELETE of a checkpoint", ("DELETE FROM checkpoint",)),
    Attack("UPDATE of a payload", ("UPDATE payload SET payload = ''",)),
    Attack("DELETE of a payload", ("DELETE FROM payload WHERE idx = 1",)),
    Attack("TRUNCATE of a part of payload", ("TRUNCATE payload_default CASCADE",)),
    Attack("the head back", ("UPDATE log_head SET size = 0, subtrees = ''",)),
    Attack("a second head", ("INSERT INTO log_head VALUES (2, 0, '', 0, 0)",)),
    Attack("session_replication_role", ("SET LOCAL session_replication_role = replica", "DELETE FROM entry")),
    Attack(
        "session_replication_role, payload",
        ("SET LOCAL session_replication_role = replica", "DELETE FROM payload WHERE idx = 1"),
    ),
    Attack(
        "ON CONFLICT DO UPDATE",
        ("INSERT INTO entry SELECT * FROM entry WHERE idx = 1 ON CONFLICT (idx) DO UPDATE SET subject = 'x'",),
    ),
    Attack(
        "MERGE",
        ("MERGE INTO entry e USING entry o ON e.idx = o.idx AND e.idx = 1 WHEN MATCHED THEN UPDATE SET subject = 'x'",),
    ),
    Attack("COPY over", ("COPY entry (idx, kind) FROM PROGRAM 'printf \"1\\\\tgap\\\\n\"'",)),
    Attack(
        "a function with its maker's rights",
        (
            "CREATE FUNCTION public.sly() RETURNS void LANGUAGE sql SECURITY DEFINER AS 'DELETE FROM public.entry'",
            "SELECT public.sly()",
        ),
    ),
    Attack("lifting a hold alone", ("UPDATE hold SET lifted_by = 'x', lifted_at = now()",)),
    Attack("DELETE of a hold", ("DELETE FROM hold",)),
    Attack("narrowing a hold", ("UPDATE hold_scope SET subject = 'model/none'",)),
    Attack("an erasure forgotten", ("DELETE FROM erasure_scope",)),
    _superuser(
        "DISABLE TRIGGER, then UPDATE",
        "entry 1 is found by other words",
        "ALTER TABLE entry DISABLE TRIGGER USER",
        "UPDATE entry SET subject = 'x' WHERE idx = 1",
        "ALTER TABLE entry ENABLE TRIGGER USER",
        "ALTER TABLE entry ENABLE ALWAYS TRIGGER entry_no_change",
        "ALTER TABLE entry ENABLE ALWAYS TRIGGER entry_no_truncate",
    ),
    _superuser(
        "entry and leaf hash changed together",
        "entry 1 is not what tile 0/0 has in its place",
        "ALTER TABLE entry DISABLE TRIGGER entry_no_change",
        "UPDATE entry e SET entry = o.entry, leaf_hash = o.leaf_hash FROM entry o WHERE e.idx = 1 AND o.idx = 2",
        "ALTER TABLE entry ENABLE ALWAYS TRIGGER entry_no_change",
    ),
    _superuser(
        "DISABLE TRIGGER alone", "trigger entry.entry_no_change was changed", "ALTER TABLE entry DISABLE TRIGGER USER"
    ),
    _superuser(
        "ENABLE instead of ENABLE ALWAYS",
        "trigger tile.tile_no_change was changed",
        "ALTER TABLE tile ENABLE TRIGGER tile_no_change",
    ),
    _superuser("DROP TRIGGER", "trigger entry.entry_no_change is gone", "DROP TRIGGER entry_no_change ON entry"),
    _superuser("DROP TABLE", "table tile is gone", "DROP TABLE tile"),
    _superuser(
        "CREATE RULE",
        "rule entry.quiet was added",
        "CREATE RULE quiet AS ON INSERT TO entry DO INSTEAD NOTHING",
    ),
    _superuser(
        "ALTER TYPE USING",
        "entry 1 is found by other words",
        "ALTER TABLE entry ALTER COLUMN subject TYPE text USING 'model/x/y'",
    ),
    _superuser(
        "rename and replace",
        "trigger entry.entry_no_change is gone",
        "ALTER TABLE entry RENAME TO entry_before",
        "CREATE TABLE entry (LIKE entry_before INCLUDING ALL)",
        "INSERT INTO entry SELECT * FROM entry_before WHERE idx <> 1",
    ),
    _superuser("change of owner", "table entry was changed", "ALTER TABLE entry OWNER TO govbus_audit_log"),
    _superuser(
        "SET ROLE",
        "trigger entry.entry_no_change was changed",
        "SET LOCAL ROLE govbus_audit_log_owner",
        "ALTER TABLE entry DISABLE TRIGGER USER",
    ),
    _superuser(
        "DETACH of a part of payload",
        "part payload_default of payload is not attached",
        "ALTER TABLE payload DETACH PARTITION payload_default",
    ),
    _superuser("DROP of a part of payload", "payload 1 is missing", "DROP TABLE {part} CASCADE"),
    _superuser(
        "DISABLE TRIGGER on a part of payload",
        "of payload lacks trigger payload_erasable",
        "ALTER TABLE payload_default DISABLE TRIGGER payload_erasable",
    ),
    _superuser(
        "a schema in front",
        "table govbus_audit_log.entry was added",
        "CREATE SCHEMA govbus_audit_log",
        "CREATE TABLE govbus_audit_log.entry (LIKE public.entry)",
    ),
    Attack("a temporary table in front", ("CREATE TEMP TABLE entry (LIKE public.entry)",), (OWNER, SUPERUSER)),
    _superuser("inheritance", "table public.child was added", "CREATE TABLE child () INHERITS (entry)"),
    _superuser(
        "a foreign table below",
        "table public.far was added",
        "CREATE FOREIGN DATA WRAPPER nowhere",
        "CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere",
        "CREATE FOREIGN TABLE far () INHERITS (entry) SERVER nowhere",
    ),
    _superuser(
        "a trigger of one's own",
        "trigger entry.quiet was added",
        "CREATE FUNCTION public.quiet() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE TRIGGER quiet BEFORE INSERT ON entry FOR EACH ROW EXECUTE FUNCTION public.quiet()",
    ),
    _superuser(
        "another column default",
        "column entry.classification was changed",
        "ALTER TABLE entry ALTER COLUMN classification SET DEFAULT 'public'",
    ),
    _superuser(
        "DROP of a constraint",
        "constraint entry.entry_leaf_hash is gone",
        "ALTER TABLE entry DROP CONSTRAINT entry_leaf_hash",
    ),
    _superuser(
        "DROP of a unique index",
        "unique index entry.public.entry_identity_once is gone",
        "DROP INDEX entry_identity_once",
    ),
    _superuser(
        "GRANT",
        "table entry was changed",
        "GRANT UPDATE ON entry TO govbus_audit_log",
        "SELECT 1 / has_table_privilege('govbus_audit_log', 'entry', 'UPDATE')::int",
    ),
    _superuser(
        "GRANT of one column",
        "column entry.subject was changed",
        "GRANT UPDATE (subject) ON entry TO govbus_audit_log",
        "SELECT 1 / has_column_privilege('govbus_audit_log', 'entry', 'subject', 'UPDATE')::int",
    ),
    _superuser(
        "a refusal that refuses nothing",
        "function public.log_refuse() was changed",
        "CREATE OR REPLACE FUNCTION public.log_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
    ),
    _superuser(
        "a floor of nothing",
        "function public.payload_floor_days(label text) was changed",
        "CREATE OR REPLACE FUNCTION public.payload_floor_days(label text) RETURNS int LANGUAGE sql AS 'SELECT 0'",
    ),
    _superuser("row security", "table entry was changed", "ALTER TABLE entry ENABLE ROW LEVEL SECURITY"),
    _superuser("SET UNLOGGED", "table tile was changed", "ALTER TABLE tile SET UNLOGGED"),
    _superuser("SET SCHEMA", "table tile is gone", "CREATE SCHEMA aside", "ALTER TABLE tile SET SCHEMA aside"),
    _superuser("ADD COLUMN", "column entry.more was added", "ALTER TABLE entry ADD COLUMN more text"),
    _superuser("DROP EVENT TRIGGER", "event trigger log_guard_changes is gone", "DROP EVENT TRIGGER log_guard_changes"),
    _superuser(
        "ALTER EVENT TRIGGER DISABLE",
        "event trigger log_guard_changes was changed",
        "ALTER EVENT TRIGGER log_guard_changes DISABLE",
    ),
    _superuser(
        "membership in the owner",
        "role govbus_audit_log is a member of govbus_audit_log_owner",
        "GRANT govbus_audit_log_owner TO govbus_audit_log",
        undo="REVOKE govbus_audit_log_owner FROM govbus_audit_log",
    ),
    _superuser(
        "a runtime role with power",
        "role govbus_audit_log has the power superuser",
        "ALTER ROLE govbus_audit_log SUPERUSER",
        undo="ALTER ROLE govbus_audit_log NOSUPERUSER",
    ),
    _superuser(
        "replication role of the database",
        "setting session_replication_role is made for the whole database",
        "ALTER DATABASE {database} SET session_replication_role = replica",
    ),
    Attack(
        "search_path of the database",
        ("ALTER DATABASE {database} SET search_path = elsewhere, public",),
        (OWNER, SUPERUSER),
        "setting search_path is made for the whole database",
    ),
    Attack(
        "search_path of the runtime role",
        ("ALTER ROLE govbus_audit_log IN DATABASE {database} SET search_path = elsewhere, public",),
        (RUNTIME, SUPERUSER),
        "setting search_path is made for role govbus_audit_log",
    ),
    Attack(
        "INSERT beyond the head",
        (
            """
            INSERT INTO entry SELECT idx + 900, 'gap', entry, leaf_hash, NULL, id, source, type, subject, known_at,
                NULL, NULL, NULL, NULL, NULL, classification, logged_on FROM entry WHERE idx = 1
            """,
        ),
        INSERTERS,
        "1 entries lie beyond the head",
    ),
    Attack("INSERT of a second tile", ("INSERT INTO tile SELECT level, idx, root, hashes FROM tile WHERE idx = 0",)),
    Attack(
        "INSERT of a tile beyond the head",
        ("INSERT INTO tile VALUES (0, 7, sha256('x'), decode(repeat('00', 8192), 'hex'))",),
        INSERTERS,
        "1 tiles lie beyond the head",
    ),
    Attack(
        "INSERT of a checkpoint",
        ("INSERT INTO checkpoint SELECT 2, root, subtrees, note, epoch FROM checkpoint LIMIT 1",),
        INSERTERS,
        "the checkpoint stored for size 2 is of size 257",
    ),
    Attack(
        "INSERT of a second payload",
        ("INSERT INTO payload SELECT idx, '2020-01-01', key, attributes, 'x', actor FROM payload WHERE idx = 1",),
        INSERTERS,
        "payload 1 lies there a second time",
    ),
    Attack(
        "the head forward without entries",
        ("UPDATE log_head SET size = size + 4, subtrees = subtrees || sha256('x')",),
        INSERTERS,
        "entry 259 is missing",
    ),
    Attack("a large object", ("SELECT lo_from_bytea(0, 'x')",), ROLES),
)

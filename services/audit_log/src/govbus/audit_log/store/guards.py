"""What keeps the tables append-only: triggers, rules, owners and rights, as PostgreSQL has them now."""

import hashlib
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.audit_log.store.rows import rows
from govbus.contracts import strict_json

_TABLES: Final = ("entry", "payload", "tile", "checkpoint", "log_head", "place_cursor")
_TRIGGERS: Final = (
    "SELECT c.relname, t.tgname, t.tgenabled::text, t.tgtype::int, p.prosrc FROM pg_trigger t"
    " JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid"
    " WHERE c.relname = ANY($1::text[]) AND c.relnamespace = 'public'::regnamespace AND NOT t.tgisinternal"
    " ORDER BY 1, 2"
)
_RULES: Final = (
    "SELECT tablename, rulename, definition FROM pg_rules"
    " WHERE tablename = ANY($1::text[]) AND schemaname = 'public' ORDER BY 1, 2"
)
_OWNERS: Final = (
    "SELECT c.relname, pg_get_userbyid(c.relowner)::text, coalesce(c.relacl::text, '') FROM pg_class c"
    " WHERE c.relname = ANY($1::text[]) AND c.relnamespace = 'public'::regnamespace ORDER BY 1"
)
_CHECKS: Final = (
    "SELECT c.relname, k.conname, pg_get_constraintdef(k.oid)"
    " FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid"
    " WHERE c.relname = ANY($1::text[]) AND c.relnamespace = 'public'::regnamespace ORDER BY 1, 2"
)

EXPECTED_TRIGGERS: Final = frozenset(
    {(table, f"{table}_no_change") for table in ("entry", "tile", "checkpoint", "payload")}
    | {
        (table, f"{table}_no_truncate")
        for table in ("entry", "tile", "checkpoint", "payload", "log_head", "place_cursor")
    }
    | {(table, f"{table}_{what}") for table in ("log_head", "place_cursor") for what in ("no_delete", "forward")}
)
_ALWAYS: Final = "A"


async def missing_guards(connection: AsyncConnection) -> list[str]:
    """Return in words every trigger that is gone or does not fire always, and every rule that stands in the way."""
    found = {(row[0], row[1]): row[2] for row in await rows(connection, _TRIGGERS, (_TABLES,))}
    gone = [f"trigger {name} on {table} is gone" for table, name in sorted(EXPECTED_TRIGGERS - found.keys())]
    weak = [
        f"trigger {name} on {table} does not fire always"
        for (table, name), enabled in sorted(found.items())
        if (table, name) in EXPECTED_TRIGGERS and enabled != _ALWAYS
    ]
    rules = [f"rule {row[1]} on {row[0]} rewrites statements" for row in await rows(connection, _RULES, (_TABLES,))]
    return gone + weak + rules


async def fingerprint(connection: AsyncConnection) -> str:
    """Return SHA-256 in hex over triggers with their code, rules, owners, rights and constraints.

    Equal on every run until somebody changes one of them: keep it with the outside checkpoints and compare.
    """
    state: list[Any] = [await rows(connection, query, (_TABLES,)) for query in (_TRIGGERS, _RULES, _OWNERS, _CHECKS)]
    return hashlib.sha256(strict_json.dump_sorted(state)).hexdigest()

"""What keeps the tables append-only: triggers, rules, owners, rights and roles, as PostgreSQL has them now.

Read from the system's catalogue itself, never through a function of this database, and compared with what the
migrations make: `expected_guards.json` is that, and a test keeps it so.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.audit_log.store.rows import rows
from govbus.contracts import strict_json

_PACKAGE: Final = "govbus.audit_log"
_ONLY_CATALOGUE: Final = "SET LOCAL search_path = pg_catalog"
_OWNER_GUARD: Final = (
    "SELECT 'event trigger ' || e.evtname, format('on %s, enabled %s, calls %s.%s, superuser %s, body %s', e.evtevent,"
    " e.evtenabled, n.nspname, p.proname, o.rolsuper AND f.rolsuper,"
    " encode(sha256(convert_to(p.prosrc, 'UTF8')), 'hex'))"
    " FROM pg_event_trigger e JOIN pg_proc p ON p.oid = e.evtfoid JOIN pg_namespace n ON n.oid = p.pronamespace"
    " JOIN pg_roles o ON o.oid = e.evtowner JOIN pg_roles f ON f.oid = p.proowner"
)
_POWERS: Final = (
    "SELECT format('role %s has the power %s', r.rolname, p.power) FROM pg_roles r CROSS JOIN LATERAL (VALUES"
    " ('superuser', r.rolsuper), ('to make roles', r.rolcreaterole), ('to replicate', r.rolreplication),"
    " ('to pass row security', r.rolbypassrls)) AS p (power, held)"
    " WHERE p.held AND r.rolname IN ('govbus_audit_log', 'govbus_audit_log_eraser', 'govbus_audit_log_owner')"
    " UNION ALL SELECT format('role %s is a member of %s', m.rolname, g.rolname) FROM pg_auth_members a"
    " JOIN pg_roles m ON m.oid = a.member JOIN pg_roles g ON g.oid = a.roleid"
    " WHERE m.rolname IN ('govbus_audit_log', 'govbus_audit_log_eraser')"
    " UNION ALL SELECT format('role %s owns %s', r.rolname, c.relname) FROM pg_class c"
    " JOIN pg_roles r ON r.oid = c.relowner JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = 'public' AND r.rolname IN ('govbus_audit_log', 'govbus_audit_log_eraser')"
    " UNION ALL SELECT format('role %s may make tables in schema %s', r.rolname, n.nspname)"
    " FROM pg_roles r, pg_namespace n WHERE r.rolname IN ('govbus_audit_log', 'govbus_audit_log_eraser')"
    " AND n.nspname = 'public' AND has_schema_privilege(r.oid, n.oid, 'CREATE')"
    " UNION ALL SELECT format('setting %s is made for %s', split_part(c.setting, '=', 1),"
    " coalesce('role ' || r.rolname, 'the whole database')) FROM pg_db_role_setting s"
    " LEFT JOIN pg_roles r ON r.oid = s.setrole CROSS JOIN LATERAL unnest(s.setconfig) AS c (setting)"
    " WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))"
    " AND (s.setrole = 0 OR r.rolname LIKE 'govbus\\_audit\\_log%')"
    " AND split_part(c.setting, '=', 1) IN ('search_path', 'session_replication_role', 'event_triggers', 'role',"
    " 'row_security', 'local_preload_libraries', 'session_preload_libraries', 'default_transaction_read_only')"
)
OWNER_GUARD: Final = "event trigger "
"""How the names of what stops the owner begin; only a superuser can install these."""


@dataclass(frozen=True, slots=True)
class Guards:
    """What keeps the log append-only, by name, and in words whatever is wrong whatever its name."""

    state: Mapping[str, str]
    wrong: tuple[str, ...]

    @property
    def sha256(self) -> str:
        """Return a fingerprint: equal until somebody changes a guard."""
        return hashlib.sha256(strict_json.dump_sorted(dict(self.state))).hexdigest()

    @property
    def stops_the_owner(self) -> bool:
        """Whether the event triggers are there."""
        return any(name.startswith(OWNER_GUARD) for name in self.state)

    def differences(self, expected: Mapping[str, str]) -> list[str]:
        """Return in words what is gone, new or other than expected."""
        found = [f"{name} is gone" for name in sorted(expected.keys() - self.state.keys())]
        found += [f"{name} was added: {self.state[name]}" for name in sorted(self.state.keys() - expected.keys())]
        return found + [
            f"{name} was changed: it is {self.state[name]!r}, not {expected[name]!r}"
            for name in sorted(expected.keys() & self.state.keys())
            if expected[name] != self.state[name]
        ]


async def read_guards(connection: AsyncConnection) -> Guards:
    """Return the guards as they are; begins and ends a transaction of its own on the connection."""
    script = resources.files(_PACKAGE).joinpath("superuser", "after.sql").read_text(encoding="utf-8")
    async with connection.begin():
        await connection.exec_driver_sql(_ONLY_CATALOGUE)
        state = dict(await rows(connection, _body(script, "$state$")))
        state |= dict(await rows(connection, _OWNER_GUARD))
        wrong = [row[0] for query in (_body(script, "$parts$"), _POWERS) for row in await rows(connection, query)]
    return Guards(state, tuple(sorted(wrong)))


def expected_guards(*, with_owner_guard: bool) -> dict[str, str]:
    """Return what the migrations make; without what only a superuser can where that is not installed."""
    text = resources.files(_PACKAGE).joinpath("store", "expected_guards.json").read_text(encoding="utf-8")
    expected: dict[str, str] = json.loads(text)
    return {name: state for name, state in expected.items() if with_owner_guard or not name.startswith(OWNER_GUARD)}


def _body(script: str, quote: str) -> str:
    return script.split(quote)[1]

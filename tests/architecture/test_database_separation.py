"""A service owns its database: no other service's role opens it, and its own runtime role owns nothing in it."""

import asyncio
from collections.abc import Callable
from urllib.parse import urlsplit

import asyncpg
import pytest

from architecture.checkout import CHECKOUT, SERVICES
from backends.running import RunningPostgres
from govbus.local.databases import ServiceRoles

WITH_DATABASE = [name for name in SERVICES if (CHECKOUT / "services" / name / "migrations" / "env.py").exists()]

OWNED = """
SELECT format('%s %s', kind, name) FROM (
    SELECT 'relation' AS kind, oid::regclass::text AS name, relowner AS owner FROM pg_class
    UNION ALL SELECT 'function', oid::regprocedure::text, proowner FROM pg_proc
    UNION ALL SELECT 'schema', nspname, nspowner FROM pg_namespace
    UNION ALL SELECT 'database', datname, datdba FROM pg_database
) AS things JOIN pg_roles ON pg_roles.oid = owner WHERE rolname = $1
"""
POWERS = """
SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls
    OR has_schema_privilege(rolname, 'public', 'CREATE')
    OR has_database_privilege(rolname, current_database(), 'CREATE')
FROM pg_roles WHERE rolname = $1
"""


async def _opens(dsn: str) -> bool:
    try:
        connection = await asyncpg.connect(dsn)
    except asyncpg.InsufficientPrivilegeError:
        return False
    await connection.close()
    return True


def intruders(postgres: RunningPostgres, dsn: str, owner: str) -> list[str]:
    """Return the services whose runtime role opens the database behind `dsn`, its owner left out."""
    database = urlsplit(dsn).path.lstrip("/")
    others = [name for name in WITH_DATABASE if name != owner]
    doors = {name: postgres.dsn(ServiceRoles(name).runtime, database, "postgresql") for name in others}
    return [name for name, door in doors.items() if asyncio.run(_opens(door))]


async def excess(dsn: str) -> list[str]:
    """Return what the runtime role of `dsn` owns in its database, and whether it may make more."""
    role = urlsplit(dsn).username
    connection = await asyncpg.connect(dsn.replace("+asyncpg", ""))
    owned = [row[0] for row in await connection.fetch(OWNED, role)]
    may_more = await connection.fetchval(POWERS, role)
    await connection.close()
    return owned + (["more than it needs"] if may_more else [])


async def _as_admin(postgres: RunningPostgres, database: str, statement: str) -> None:
    admin = urlsplit(postgres.access.admin_dsn)._replace(path=f"/{database}").geturl()
    connection = await asyncpg.connect(admin)
    await connection.execute(statement)
    await connection.close()


@pytest.mark.parametrize("service", WITH_DATABASE)
def test_no_other_service_opens_the_database(
    service: str, postgres: RunningPostgres, service_database: Callable[[str], str]
) -> None:
    dsn = service_database(service)
    assert asyncio.run(_opens(dsn.replace("+asyncpg", "")))
    assert intruders(postgres, dsn, service) == []


@pytest.mark.parametrize("service", WITH_DATABASE)
def test_runtime_role_owns_nothing(service: str, service_database: Callable[[str], str]) -> None:
    assert asyncio.run(excess(service_database(service))) == []


def test_planted_right_to_connect_is_seen(postgres: RunningPostgres, service_database: Callable[[str], str]) -> None:
    dsn = service_database("inventory")
    database = urlsplit(dsn).path.lstrip("/")
    grant = f'GRANT CONNECT ON DATABASE "{database}" TO "{ServiceRoles("risk").runtime}"'
    asyncio.run(_as_admin(postgres, database, grant))
    assert intruders(postgres, dsn, "inventory") == ["risk"]


@pytest.mark.parametrize(
    "statement", ['ALTER TABLE record OWNER TO "{role}"', 'GRANT CREATE ON SCHEMA public TO "{role}"']
)
def test_planted_ownership_is_seen(
    statement: str, postgres: RunningPostgres, service_database: Callable[[str], str]
) -> None:
    dsn = service_database("inventory")
    database = urlsplit(dsn).path.lstrip("/")
    asyncio.run(_as_admin(postgres, database, statement.format(role=ServiceRoles("inventory").runtime)))
    assert asyncio.run(excess(dsn)) != []

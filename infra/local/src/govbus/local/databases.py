"""One database, one owner role and one least-privileged role per service; making them again changes nothing.

A role opens its own database only: CONNECT is taken from PUBLIC everywhere. The runtime role owns nothing and its
sessions are cut when they hold a transaction too long, so a frozen process cannot block its successor.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import asyncpg

from govbus.local.refusals import Refused

OLDEST_MAJOR_VERSION = 18
"""The first with what the services' migrations use; it is also the one of the wheel."""

CONNECT_TIMEOUT_SECONDS = 10.0

SESSION_LIMITS: Mapping[str, str] = {
    "idle_in_transaction_session_timeout": "10s",
    "lock_timeout": "5s",
    "transaction_timeout": "60s",
    "timezone": "UTC",
}
"""Of every runtime role. Source: shared design, delivery.md, "Consuming"."""

EXTRA_ROLES: Mapping[str, tuple[str, ...]] = {"audit_log": ("govbus_audit_log_eraser",)}
"""Further roles of a service, without privileges until its migrations grant some."""


@dataclass(frozen=True, slots=True)
class ServiceRoles:
    """Names of what one service has in PostgreSQL."""

    service: str

    @property
    def database(self) -> str:
        """Its database."""
        return f"govbus_{self.service}"

    @property
    def owner(self) -> str:
        """The role that migrates it."""
        return f"govbus_{self.service}_owner"

    @property
    def runtime(self) -> str:
        """The role that the running service has."""
        return f"govbus_{self.service}"

    @property
    def all(self) -> tuple[str, ...]:
        """Every role of the service."""
        return (self.owner, self.runtime, *EXTRA_ROLES.get(self.service, ()))


def role_names(services: Iterable[str]) -> tuple[str, ...]:
    """Return every role that `provision_databases` makes."""
    return tuple(role for service in services for role in ServiceRoles(service).all)


async def provision_databases(admin_dsn: str, services: Iterable[str], passwords: Mapping[str, str]) -> None:
    """Make roles and databases; `passwords` holds one for each of `role_names`.

    Raises:
        Refused: the server cannot be reached, is older than 18, or the user may not make roles.
    """
    try:
        connection = await asyncpg.connect(admin_dsn, timeout=CONNECT_TIMEOUT_SECONDS)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as away:
        raise Refused(f"PostgreSQL does not let us in ({away}): is GOVBUS_POSTGRES_URL right?") from away
    try:
        await _check_server(connection)
        existing = {row["datname"] for row in await connection.fetch("SELECT datname FROM pg_database")}
        for database in ("postgres", "template1"):
            if database in existing:
                await connection.execute(f'REVOKE ALL ON DATABASE "{database}" FROM PUBLIC')
        for service in services:
            roles = ServiceRoles(service)
            for role in roles.all:
                await _ensure_role(connection, role, passwords[role])
            await _limit_sessions(connection, roles)
            if roles.database not in existing:
                await connection.execute(f'CREATE DATABASE "{roles.database}" OWNER "{roles.owner}"')
            await close_database(connection, roles.database, roles)
    except asyncpg.InsufficientPrivilegeError as refused:
        raise Refused(
            f"PostgreSQL refuses to make the services' roles ({refused}): GOVBUS_POSTGRES_URL must name a user "
            "with CREATEROLE and CREATEDB."
        ) from refused
    finally:
        await connection.close()


async def close_database(connection: asyncpg.Connection, database: str, roles: ServiceRoles) -> None:
    """Let only the service's own roles connect to `database`."""
    await connection.execute(f'REVOKE ALL ON DATABASE "{database}" FROM PUBLIC')
    for role in roles.all:
        await connection.execute(f'GRANT CONNECT ON DATABASE "{database}" TO "{role}"')


async def _check_server(connection: asyncpg.Connection) -> None:
    version = connection.get_server_version()
    if version.major < OLDEST_MAJOR_VERSION:
        raise Refused(
            f"PostgreSQL {version.major} answers, 18 or newer is needed: set GOVBUS_POSTGRES_URL to such a server."
        )


async def _ensure_role(connection: asyncpg.Connection, role: str, password: str) -> None:
    exists = await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role)
    verb = "ALTER" if exists else "CREATE"
    secret = await connection.fetchval("SELECT quote_literal($1::text)", password)
    await connection.execute(
        f'{verb} ROLE "{role}" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD {secret}'
    )


async def _limit_sessions(connection: asyncpg.Connection, roles: ServiceRoles) -> None:
    for role in roles.all:
        if role != roles.owner:
            for name, value in SESSION_LIMITS.items():
                await connection.execute(f"ALTER ROLE \"{role}\" SET {name} = '{value}'")

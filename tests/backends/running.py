"""What tests are given: a running PostgreSQL with every service's roles, and a running Kafka with every principal.

One pair serves the whole session; a test gets a database of its own (cloned from a migrated template) and, where it
asks for them, freshly made govbus topics.
"""

import asyncio
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import asyncpg
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)

from govbus.local.databases import ServiceRoles, close_database, provision_databases, role_names
from govbus.local.kafka import KafkaServer
from govbus.local.manifest import kafka_user, read_manifest
from govbus.local.migrations import migrate, migration_folder
from govbus.local.postgres import PostgresServer
from govbus.local.provision import MANIFEST_PATH
from govbus.local.secret_files import Passwords
from govbus.local.servers import SERVICE_DRIVER, KafkaAccess, PostgresAccess
from govbus.local.superuser_steps import AFTER, has_superuser_steps, take_superuser_step
from govbus.local.topics import ensure_topics, provision_kafka

CHECKOUT = Path(__file__).parents[2]
CALL_TIMEOUT_SECONDS = 30.0

Result = TypeVar("Result")


def aside(work: Callable[[], Result]) -> Result:
    """Run blocking set-up in a thread, so that it may use an event loop whatever the test's own does."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


class RunningPostgres:
    """PostgreSQL with the roles of all services; `server` is ours to kill, or None where it is somebody else's."""

    def __init__(self, access: PostgresAccess, passwords: Passwords, server: PostgresServer | None = None) -> None:
        """Make all roles and (empty) databases."""
        self.access = access
        self.server = server
        self._passwords = passwords
        self._templates: dict[str, str] = {}
        services = read_manifest(CHECKOUT / MANIFEST_PATH).services
        roles = role_names(services)
        passwords.ensure(roles)
        secrets = {role: passwords.of(role) for role in roles}
        aside(lambda: asyncio.run(provision_databases(access.admin_dsn, services, secrets)))

    def dsn(self, role: str, database: str, driver: str = SERVICE_DRIVER) -> str:
        """Return the URL of one of the services' roles."""
        return self.access.dsn(role, self._passwords.of(role), database, driver)

    def owner_dsn(self, service_dsn: str) -> str:
        """Return the owner's URL of the database that a runtime DSN names."""
        parts = urlsplit(service_dsn)
        return self.dsn(f"{parts.username}_owner", parts.path.lstrip("/"))

    def create_service_database(self, service: str) -> str:
        """Make a migrated database for one test; return the runtime role's URL of it."""
        database = f"govbus_{service}_{uuid.uuid4().hex[:12]}"
        aside(lambda: asyncio.run(self._create(service, database)))
        return self.dsn(ServiceRoles(service).runtime, database)

    def drop_database(self, service_dsn: str) -> None:
        """Remove a test's database, whoever is still connected."""
        database = urlsplit(service_dsn).path.lstrip("/")
        aside(lambda: asyncio.run(self._execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')))

    def restart(self) -> None:
        """Start it again after a kill, on the same data."""
        if self.server is not None:
            self.server.start()

    async def _create(self, service: str, database: str) -> None:
        roles = ServiceRoles(service)
        if service not in self._templates:
            self._templates[service] = await self._make_template(service)
        template = self._templates[service]
        connection = await asyncpg.connect(self.access.admin_dsn)
        try:
            await connection.execute(
                f'CREATE DATABASE "{database}" TEMPLATE "{template}" OWNER "{roles.owner}" STRATEGY FILE_COPY'
            )
            await close_database(connection, database, roles)
        finally:
            await connection.close()

    async def _make_template(self, service: str) -> str:
        roles = ServiceRoles(service)
        template = f"template_{service}_{uuid.uuid4().hex[:8]}"
        await self._execute(f'CREATE DATABASE "{template}" OWNER "{roles.owner}"')
        folder = migration_folder(CHECKOUT, service)
        if folder is not None:
            await asyncio.to_thread(migrate, folder, self.dsn(roles.owner, template))
        if has_superuser_steps(CHECKOUT, service):
            await take_superuser_step(self.access.admin_dsn, template, CHECKOUT, service, AFTER)
        return template

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.access.admin_dsn)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


class RunningKafka:
    """Kafka with the users and ACLs of the manifest; `server` is ours to kill, or None where it is somebody else's."""

    def __init__(self, access: KafkaAccess, passwords: Passwords, server: KafkaServer | None = None) -> None:
        """Make topics, users and ACLs."""
        self.access = access
        self.server = server
        self.manifest = read_manifest(CHECKOUT / MANIFEST_PATH)
        self._passwords = passwords
        users = tuple(kafka_user(principal) for principal in self.manifest.principals)
        passwords.ensure(users)
        provision_kafka(access.admin_client_config, self.manifest, {user: passwords.of(user) for user in users})
        self._admin = AdminClient(dict(access.admin_client_config))

    @property
    def bootstrap_servers(self) -> str:
        """`host:port` of the broker."""
        return self.access.bootstrap_servers

    def credentials(self, principal: str) -> tuple[str, str]:
        """Return user and password of a service, `source-demo`, `local`, or `admin`."""
        if principal == "admin":
            return self.access.admin_username, self.access.admin_password
        return kafka_user(principal), self._passwords.of(kafka_user(principal))

    def aiokafka(self, principal: str = "admin") -> dict[str, Any]:
        """Return keyword arguments for aiokafka's clients."""
        user, password = self.credentials(principal)
        if not self.access.security_protocol.startswith("SASL"):
            return {"bootstrap_servers": self.bootstrap_servers}
        return {
            "bootstrap_servers": self.bootstrap_servers,
            "security_protocol": self.access.security_protocol,
            "sasl_mechanism": self.access.sasl_mechanism,
            "sasl_plain_username": user,
            "sasl_plain_password": password,
        }

    def environment(self, principal: str) -> dict[str, str]:
        """Return the `GOVBUS_KAFKA_…` variables of a service."""
        user, password = self.credentials(principal)
        return {
            "GOVBUS_KAFKA_BOOTSTRAP_SERVERS": self.bootstrap_servers,
            "GOVBUS_KAFKA_SECURITY_PROTOCOL": self.access.security_protocol,
            "GOVBUS_KAFKA_SASL_MECHANISM": self.access.sasl_mechanism,
            "GOVBUS_KAFKA_USERNAME": user,
            "GOVBUS_KAFKA_PASSWORD": password,
        }

    def create_topics(self, partitions: Mapping[str, int], config: Mapping[str, str] | None = None) -> None:
        """Make topics of a test's own; they are not in the manifest, so only `allow` opens them to a principal."""
        wanted = [NewTopic(name, count, 1, config=dict(config or {})) for name, count in partitions.items()]
        for made in self._admin.create_topics(wanted).values():
            made.result(CALL_TIMEOUT_SECONDS)

    def unique_topic(self, partitions: int = 1, principals: tuple[str, ...] = ()) -> str:
        """Make a topic with a name nobody had before, open to the principals for reading and writing."""
        name = f"test.{uuid.uuid4().hex[:12]}"
        self.create_topics({name: partitions})
        self.allow(name, *principals)
        return name

    def allow(self, topic: str, *principals: str) -> None:
        """Let the principals read and write a topic."""
        operations = (AclOperation.READ, AclOperation.WRITE, AclOperation.DESCRIBE, AclOperation.DESCRIBE_CONFIGS)
        rights = [
            AclBinding(
                ResourceType.TOPIC, topic, ResourcePatternType.LITERAL, f"User:{kafka_user(principal)}", "*", operation,
                AclPermissionType.ALLOW,
            )
            for principal in principals
            for operation in operations
        ]  # fmt: skip
        if rights:
            for given in self._admin.create_acls(rights).values():
                given.result(CALL_TIMEOUT_SECONDS)

    def delete_topics(self, *names: str) -> None:
        """Remove topics with all their records."""
        for gone in self._admin.delete_topics(list(names)).values():
            gone.result(CALL_TIMEOUT_SECONDS)

    def recreate_govbus_topics(self) -> None:
        """Empty every topic of the manifest by making it anew."""
        present = self._live_topics() & set(self.manifest.topics)
        if present:
            self.delete_topics(*sorted(present))
        self._wait_for_topics(lambda live: live.isdisjoint(self.manifest.topics))
        ensure_topics(self._admin, self.manifest)
        self._wait_for_topics(lambda live: live.issuperset(self.manifest.topics))

    def _live_topics(self) -> set[str]:
        return set(self._admin.list_topics(timeout=CALL_TIMEOUT_SECONDS).topics)

    def _wait_for_topics(self, agreed: Callable[[set[str]], bool]) -> None:
        """Brokers learn of made and deleted topics a moment after the controller has answered."""
        deadline = time.monotonic() + CALL_TIMEOUT_SECONDS
        while not agreed(self._live_topics()):
            if time.monotonic() > deadline:
                raise TimeoutError("the broker did not learn of the topics made or deleted")
            time.sleep(0.02)

    def restart(self) -> None:
        """Start it again after a kill, on the same data and port."""
        if self.server is not None:
            self.server.start()

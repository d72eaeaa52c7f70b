"""Everything that must exist before a service starts: databases, roles, topics, users, ACLs. Idempotent."""

import asyncio
from pathlib import Path

from govbus.local.databases import provision_databases, role_names
from govbus.local.manifest import Manifest, kafka_user
from govbus.local.secret_files import Passwords
from govbus.local.servers import KafkaAccess, PostgresAccess
from govbus.local.topics import provision_kafka

MANIFEST_PATH = Path("infra") / "kafka" / "topics.yaml"
"""Where the manifest lies in a checkout."""


def provision_postgres(access: PostgresAccess, manifest: Manifest, passwords: Passwords) -> None:
    """Make the roles and databases of every service."""
    roles = role_names(manifest.services)
    passwords.ensure(roles)
    asyncio.run(provision_databases(access.admin_dsn, manifest.services, {role: passwords.of(role) for role in roles}))


def provision_topics(access: KafkaAccess, manifest: Manifest, passwords: Passwords) -> list[str]:
    """Make topics, users and ACLs; return what this cluster cannot enforce, as sentences."""
    users = tuple(kafka_user(principal) for principal in manifest.principals)
    passwords.ensure(users)
    return provision_kafka(access.admin_client_config, manifest, {user: passwords.of(user) for user in users})

"""How PostgreSQL and Kafka are reached, whether we started them or somebody else did."""

from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit, urlunsplit

from govbus.local.kafka import KafkaServer
from govbus.local.kafka_properties import ADMIN, MECHANISM, PROTOCOL
from govbus.local.postgres import PostgresServer
from govbus.local.secret_files import Passwords

SERVICE_DRIVER = "postgresql+asyncpg"
"""What the services' SQLAlchemy wants; every other client is given plain `postgresql`."""


@dataclass(frozen=True, slots=True)
class PostgresAccess:
    """One PostgreSQL server; `admin_url` names a user that may make roles and databases."""

    admin_url: str = field(repr=False)

    @property
    def admin_dsn(self) -> str:
        """The administrator's URL for asyncpg."""
        parts = urlsplit(self.admin_url)
        return urlunsplit(parts._replace(scheme="postgresql"))

    def dsn(self, user: str, password: str, database: str, driver: str = SERVICE_DRIVER) -> str:
        """Return the URL of another role and database on this server."""
        parts = urlsplit(self.admin_url)
        place = parts.netloc.rpartition("@")[2]
        netloc = f"{quote(user, safe='')}:{quote(password, safe='')}@{place}"
        return urlunsplit(parts._replace(scheme=driver, netloc=netloc, path=f"/{database}"))


@dataclass(frozen=True, slots=True)
class KafkaAccess:
    """One Kafka cluster and its administrator."""

    bootstrap_servers: str
    security_protocol: str = "PLAINTEXT"
    sasl_mechanism: str = MECHANISM
    admin_username: str = ""
    admin_password: str = field(default="", repr=False)

    def client_config(self, username: str, password: str) -> dict[str, str]:
        """Return librdkafka settings of one user."""
        config = {"bootstrap.servers": self.bootstrap_servers, "security.protocol": self.security_protocol}
        if self.security_protocol.startswith("SASL"):
            config |= {"sasl.mechanism": self.sasl_mechanism, "sasl.username": username, "sasl.password": password}
        return config

    @property
    def admin_client_config(self) -> dict[str, str]:
        """Return librdkafka settings of the administrator; it is quiet while a broker restarts."""
        return {**self.client_config(self.admin_username, self.admin_password), "log_level": "2"}


def access_to_postgres(server: PostgresServer) -> PostgresAccess:
    """Return the way into a server of ours."""
    return PostgresAccess(server.admin_dsn())


def access_to_kafka(server: KafkaServer, passwords: Passwords) -> KafkaAccess:
    """Return the way into a broker of ours; it must have been launched."""
    return KafkaAccess(server.bootstrap_servers, PROTOCOL, MECHANISM, ADMIN, passwords.of(ADMIN))

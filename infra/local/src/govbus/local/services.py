"""The services of the stack: their ports and the environment that each process is given."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from govbus.local.commands import Command
from govbus.local.databases import EXTRA_ROLES, ServiceRoles
from govbus.local.layout import Home
from govbus.local.manifest import kafka_user
from govbus.local.notifying import RECEIVER, notifier_environment, receiver_environment
from govbus.local.ports import LOOPBACK
from govbus.local.provision import MANIFEST_PATH
from govbus.local.secret_files import Passwords
from govbus.local.servers import KafkaAccess, PostgresAccess
from govbus.local.settings import LocalSettings

SERVICES = ("intake", "inventory", "risk", "oversight", "audit_log", "notifier", "console")
"""In the order of their ports: the first listens on base port + 1."""

FRONT_DOOR = "front-door"
ROUTES_PATH = Path("infra") / "routes.yaml"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything that a process' environment is made of."""

    settings: LocalSettings
    home: Home
    checkout: Path
    passwords: Passwords
    postgres: PostgresAccess
    kafka: KafkaAccess

    @property
    def service_urls(self) -> dict[str, str]:
        """Base URL of every service."""
        return {service: f"http://{LOOPBACK}:{self.port(service)}" for service in SERVICES}

    def port(self, service: str) -> int:
        """Return the port of one service."""
        return self.settings.base_port + 1 + SERVICES.index(service)

    def dsn(self, service: str, driver: str) -> str:
        """Return the URL of a service's database for its runtime role."""
        roles = ServiceRoles(service)
        return self.postgres.dsn(roles.runtime, self.passwords.of(roles.runtime), roles.database, driver)

    @property
    def eraser_dsn(self) -> str:
        """URL of the audit log's database for the role that erases and prunes."""
        [role] = EXTRA_ROLES["audit_log"]
        return self.postgres.dsn(role, self.passwords.of(role), ServiceRoles("audit_log").database)


def service_command(around: Surroundings, service: str) -> Command:
    """Return how one service is started; secrets go by its environment, never by its arguments."""
    data = around.home.service_data(service)
    data.mkdir(parents=True, exist_ok=True)
    data.chmod(0o700)
    environment = {**_inherited(), **_every_service(around, service), **_particular(around, service)}
    argv = (sys.executable, "-m", f"govbus.{service}")
    return Command(service, argv, environment, around.checkout, around.home.log(service))


def front_door_command(around: Surroundings) -> Command:
    """Return how the front door is started."""
    environment = _inherited() | {
        "GOVBUS_FRONT_DOOR_PORT": str(around.settings.base_port),
        "GOVBUS_FRONT_DOOR_ROUTES_FILE": str(around.checkout / ROUTES_PATH),
        "GOVBUS_FRONT_DOOR_SERVICES": "{"
        + ", ".join(f'"{name}": "{url}"' for name, url in around.service_urls.items())
        + "}",
    }
    argv = (sys.executable, "-m", "govbus.local.serve_front_door")
    return Command(FRONT_DOOR, argv, environment, around.checkout, around.home.log(FRONT_DOOR))


def receiver_command(around: Surroundings) -> Command:
    """Return how the receiver of webhooks and mails is started."""
    environment = _inherited() | receiver_environment(around.settings, around.home)
    argv = (sys.executable, "-m", "govbus.local.receiver")
    return Command(RECEIVER, argv, environment, around.checkout, around.home.log(RECEIVER))


def _inherited() -> dict[str, str]:
    """Return our own environment without what names the administrators of existing servers."""
    kept = dict(os.environ)
    for name in [name for name in kept if name.startswith(("GOVBUS_POSTGRES_", "GOVBUS_KAFKA_"))]:
        del kept[name]
    return kept | {"PYTHONUNBUFFERED": "1"}


def _every_service(around: Surroundings, service: str) -> Mapping[str, str]:
    user = kafka_user(service)
    return {
        "GOVBUS_POSTGRES_URL": around.dsn(service, "postgresql+asyncpg"),
        "GOVBUS_KAFKA_BOOTSTRAP_SERVERS": around.kafka.bootstrap_servers,
        "GOVBUS_KAFKA_SECURITY_PROTOCOL": around.kafka.security_protocol,
        "GOVBUS_KAFKA_SASL_MECHANISM": around.kafka.sasl_mechanism,
        "GOVBUS_KAFKA_USERNAME": user,
        "GOVBUS_KAFKA_PASSWORD": around.passwords.of(user),
        "GOVBUS_HTTP_HOST": LOOPBACK,
        "GOVBUS_HTTP_PORT": str(around.port(service)),
        "GOVBUS_JWKS_FILE": str(around.home.jwks),
        "GOVBUS_TOKEN_ISSUER": around.settings.issuer_url,
        "GOVBUS_TOPICS_FILE": str(around.checkout / MANIFEST_PATH),
        "GOVBUS_DATA_DIRECTORY": str(around.home.service_data(service)),
        "GOVBUS_INSTANCE": "0",
    }


def _particular(around: Surroundings, service: str) -> Mapping[str, str]:
    """Return what only this service knows; what a person has set already stays."""
    data = around.home.service_data(service)
    known: dict[str, dict[str, str]] = {
        "intake": {
            "GOVBUS_INTAKE_KEY_FILE": str(data / "sealing.key"),
            "GOVBUS_INTAKE_OWN_MAPPINGS_DIRECTORY": str(around.home.mappings),
        },
        "risk": {"GOVBUS_RISK_POLICIES_DIRECTORY": str(around.checkout / "policies")},
        "oversight": {"GOVBUS_OVERSIGHT_RULES_FILE": str(around.checkout / "policies" / "incidents.yaml")},
        "audit_log": {
            "GOVBUS_AUDIT_LOG_KEY_FILE": str(data / "signing.key"),
            "GOVBUS_AUDIT_LOG_ORIGIN": "govbus.local/audit",
            "GOVBUS_AUDIT_LOG_ERASER_POSTGRES_URL": around.eraser_dsn,
            "GOVBUS_AUDIT_LOG_POLICIES_DIRECTORY": str(around.checkout / "policies"),
            "GOVBUS_AUDIT_LOG_COPIES": json.dumps([around.home.root.resolve().as_uri()]),
        },
        "notifier": notifier_environment(around.settings, around.home, around.checkout),
        "console": {
            "GOVBUS_CONSOLE_API_URL": around.settings.url,
            "GOVBUS_CONSOLE_SIGNIN_DIRECTORY": str(around.home.signin),
            "GOVBUS_CONSOLE_EVENT_DOCS_DIRECTORY": str(around.checkout / "docs" / "events"),
        },
    }
    return {name: value for name, value in known.get(service, {}).items() if name not in os.environ}

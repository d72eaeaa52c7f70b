"""Every service as it is composed in production, on a database of its own, with nothing on Kafka."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI

from backends.running import CHECKOUT
from people import ISSUER, Issuer

EVERY_ROLE: Final = ("viewer", "operator", "owner", "reviewer:security", "auditor", "admin")
SERVICES: Final = ("audit_log", "console", "intake", "inventory", "notifier", "oversight", "risk")

_MORE: Final[dict[str, dict[str, Any]]] = {
    "audit_log": {"audit_log_compare_topic": False},
    "console": {"console_api_url": "http://127.0.0.1:9"},
    "notifier": {"notifier_routes_file": CHECKOUT / "infra" / "notifier" / "routes.yaml"},
    "oversight": {"oversight_rules_file": CHECKOUT / "policies" / "incidents.yaml"},
    "risk": {"risk_policies_directory": CHECKOUT / "policies", "gate_wait_seconds": 0.05},
}


def build(name: str, service_database: Callable[[str], str], folder: Path, issuer: Issuer) -> FastAPI:
    """Return the application of a service; its lifespan is left to the caller."""
    settings: dict[str, Any] = {
        "postgres_url": service_database(name),
        "kafka_bootstrap_servers": "127.0.0.1:9",
        "jwks_file": issuer.jwks_file,
        "token_issuer": ISSUER,
        "topics_file": CHECKOUT / "infra" / "kafka" / "topics.yaml",
        "data_directory": folder,
        **_MORE.get(name, {}),
    }
    made = import_module(f"govbus.{name}.settings").Settings(**settings)
    app: FastAPI = import_module(f"govbus.{name}.app").build_app(made)
    return app

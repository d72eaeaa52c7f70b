"""How the notifier and the receiver on this machine know each other: one signing secret, addresses on loopback."""

import base64
import secrets
from pathlib import Path

from govbus.local.layout import Home
from govbus.local.ports import LOOPBACK
from govbus.local.secret_files import read_json, write_private_json
from govbus.local.settings import LocalSettings

RECEIVER = "receiver"
WEBHOOK_RECEIVER_NAME = "governance-webhook"
"""The receiver's name in infra/notifier/routes.yaml."""

ROUTES_PATH = Path("infra") / "notifier" / "routes.yaml"
SECRET_BYTES = 32


def ensure_notifier_secrets(home: Home) -> None:
    """Make the webhook's signing secret on the first start; a file that a person has edited stays."""
    if read_json(home.notifier_secrets) is None:
        secret = "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
        write_private_json(home.notifier_secrets, {WEBHOOK_RECEIVER_NAME: {"signing": [secret]}})


def notifier_environment(settings: LocalSettings, home: Home, checkout: Path) -> dict[str, str]:
    """Return the notifier's settings: unless a person says otherwise, it sends to the receiver here only."""
    return {
        "GOVBUS_NOTIFIER_ROUTES_FILE": str(checkout / ROUTES_PATH),
        "GOVBUS_NOTIFIER_SECRETS_FILE": str(home.notifier_secrets),
        "GOVBUS_NOTIFIER_PUBLIC_URL": settings.url,
        "GOVBUS_NOTIFIER_WEBHOOK_URL": f"{settings.receiver_url}/",
        "GOVBUS_NOTIFIER_MAIL_SMARTHOST": f"{LOOPBACK}:{settings.receiver_mail_port}",
        "GOVBUS_NOTIFIER_MAIL_TO": "governance@localhost",
        "GOVBUS_NOTIFIER_MAIL_TLS": "none",
        "GOVBUS_NOTIFIER_ALLOW_PRIVATE_NETWORK": "true",
    }


def receiver_environment(settings: LocalSettings, home: Home) -> dict[str, str]:
    """Return the receiver's settings."""
    return {
        "GOVBUS_RECEIVER_WEBHOOK_PORT": str(settings.receiver_webhook_port),
        "GOVBUS_RECEIVER_MAIL_PORT": str(settings.receiver_mail_port),
        "GOVBUS_RECEIVER_DIRECTORY": str(home.received),
        "GOVBUS_RECEIVER_SECRETS_FILE": str(home.notifier_secrets),
        "GOVBUS_RECEIVER_RECEIVER_NAME": WEBHOOK_RECEIVER_NAME,
    }

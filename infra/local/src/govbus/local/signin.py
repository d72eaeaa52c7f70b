"""One-time links into the console: the code is a secret, the file that waits for it is named by its digest."""

import hashlib
import secrets
import time

from govbus.local.issuer import Issuer
from govbus.local.layout import Home
from govbus.local.secret_files import write_private_json

LINK_LIFE_SECONDS = 3600
SESSION_ROLES = ("viewer", "operator", "auditor")
"""The person at the machine sees everything and works the incident desk; approving needs a token of its own."""


def signin_link(home: Home, issuer: Issuer, url: str) -> str:
    """Make a link that signs its first user in; links that nobody used are removed when they are over."""
    now = time.time()
    if home.signin.exists():
        for old in home.signin.glob("*.json"):
            if now - old.stat().st_mtime > LINK_LIFE_SECONDS:
                old.unlink(missing_ok=True)
    code = secrets.token_urlsafe(32)
    digest = hashlib.sha256(code.encode()).hexdigest()
    document = {"token": issuer.token("operator", SESSION_ROLES), "expires_at": int(now) + LINK_LIFE_SECONDS}
    write_private_json(home.signin / f"{digest}.json", document)
    home.signin.chmod(0o700)
    return f"{url}/sign-in?code={code}"

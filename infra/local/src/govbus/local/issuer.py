"""The local issuer of persons' tokens: one Ed25519 key under the data folder, which no service can read a token from.

Files: `keys/issuer.json` (0600) = `{"issuer", "kid", "jwk": private Ed25519 JWK}`, which `govbus token` signs with, and
`keys/jwks.json`, the public half that every service verifies with.
"""

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from joserfc import jwt
from joserfc.jwk import OKPKey

from govbus.local.layout import Home
from govbus.local.refusals import Refused
from govbus.local.secret_files import read_json, write_private_json

AUDIENCE = "govbus"
ALGORITHM = "Ed25519"
"""RFC 9864's name of what was EdDSA; joserfc warns about the old one."""

LOCAL_LIFE_SECONDS = 30 * 24 * 3600
"""One's own machine only: elsewhere a token lives an hour at most."""

PEOPLE: Mapping[str, tuple[str, ...]] = {
    "admin": ("admin",),
    "auditor": ("auditor",),
    "operator": ("operator",),
    "reviewer": ("reviewer:risk",),
    "viewer": ("viewer",),
}
"""The people of endpoints.json and what each may be."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who signs persons' tokens on this machine."""

    url: str
    kid: str
    private_jwk: dict[str, Any] = field(repr=False)

    def token(self, person: str, roles: Sequence[str], life_seconds: int = LOCAL_LIFE_SECONDS) -> str:
        """Return a signed token for `//govbus/people/<person>`."""
        now = int(time.time())
        claims = {
            "iss": self.url, "aud": AUDIENCE, "sub": f"//govbus/people/{person}", "roles": list(roles),
            "iat": now, "exp": now + life_seconds, "jti": secrets.token_urlsafe(16),
        }  # fmt: skip
        key = OKPKey.import_key(self.private_jwk)
        return jwt.encode({"alg": ALGORITHM, "kid": self.kid}, claims, key, algorithms=[ALGORITHM])

    def people(self) -> dict[str, str]:
        """Return one token for each of `PEOPLE`."""
        return {person: self.token(person, roles) for person, roles in PEOPLE.items()}


def open_issuer(home: Home, url: str) -> Issuer:
    """Return the issuer of this data folder; its key is made on first use and kept.

    Raises:
        Refused: the key file is there but cannot be used.
    """
    kept = read_json(home.issuer_key)
    if kept is None and home.issuer_key.exists():
        raise Refused(f"{home.issuer_key} is not readable as JSON: remove it (all tokens become void) and start again.")
    jwk = kept.get("jwk") if kept else None
    if not isinstance(jwk, dict):
        made = OKPKey.generate_key("Ed25519", {"use": "sig"}, auto_kid=True)
        jwk = dict(made.as_dict(private=True))
    issuer = Issuer(url, str(jwk["kid"]), jwk)
    write_private_json(home.issuer_key, {"issuer": issuer.url, "kid": issuer.kid, "jwk": jwk})
    public = OKPKey.import_key(jwk).as_dict(private=False)
    write_private_json(home.jwks, {"keys": [public]})
    return issuer

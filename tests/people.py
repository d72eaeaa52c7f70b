"""An issuer of persons' tokens for tests, and the file of its public keys."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import OKPKey

ISSUER = "https://issuer.example"


class Issuer:
    """Signs tokens as the identity provider does."""

    def __init__(self, folder: Path) -> None:
        """Write the public key into `folder`."""
        self._key = OKPKey.generate_key("Ed25519", parameters={"kid": "test"})
        self.jwks_file = folder / "jwks.json"
        self.jwks_file.write_text(json.dumps({"keys": [self._key.as_dict(private=False)]}))

    def bearer(self, name: str, *roles: str) -> dict[str, str]:
        """Return the header of a request of `//govbus/people/<name>`."""
        now = datetime.now(UTC)
        claims = {
            "iss": ISSUER,
            "aud": "govbus",
            "sub": f"//govbus/people/{name}",
            "roles": list(roles),
            "iat": now,
            "exp": now + timedelta(minutes=5),
            "jti": name,
        }
        token = jwt.encode({"alg": "Ed25519", "kid": "test"}, claims, self._key, algorithms=["Ed25519"])
        return {"authorization": f"Bearer {token}"}

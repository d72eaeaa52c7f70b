"""Persons' tokens signed with the local issuer's key: for one's own machine, where `make up` made that key.

Source: RFC 7519; RFC 9864 (`Ed25519` names the algorithm that `EdDSA` left open).
"""

import base64
import binascii
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from govbus.contracts import strict_json
from govbus.sdk.failures import NotConfigured

KEY_FILE: Final = "keys/issuer.json"
AUDIENCE: Final = "govbus"
ALGORITHM: Final = "Ed25519"
PEOPLE: Final = "//govbus/people/"


@dataclass(frozen=True, slots=True)
class IssuerKey:
    """The local issuer's name, key id and private key, which never shows in a repr."""

    issuer: str
    kid: str
    private_key: Ed25519PrivateKey = field(repr=False)


def read_issuer_key(home: Path) -> IssuerKey:
    """Return the key in a data folder.

    Raises:
        NotConfigured: no such file, or not a private Ed25519 JWK.
    """
    file = home / KEY_FILE
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        return IssuerKey(str(document["issuer"]), str(document["kid"]), _private_key(document["jwk"]))
    except OSError as error:
        raise NotConfigured(
            f"{file} cannot be read ({error.strerror}): tokens are made where the local stack runs; elsewhere ask your "
            "identity provider."
        ) from None
    except (ValueError, KeyError, TypeError):
        raise NotConfigured(f"{file} is not the key that `make up` writes") from None


def _private_key(jwk: dict[str, Any]) -> Ed25519PrivateKey:
    if jwk["kty"] != "OKP" or jwk["crv"] != "Ed25519":
        raise ValueError("not an Ed25519 key")
    return Ed25519PrivateKey.from_private_bytes(_decode(jwk["d"]))


def sign_token(key: IssuerKey, person: str, roles: Sequence[str], now: datetime, life: timedelta) -> str:
    """Return a JWT for `//govbus/people/<person>`, valid from `now` for `life`."""
    issued_at = int(now.timestamp())
    claims = {
        "iss": key.issuer,
        "aud": AUDIENCE,
        "sub": person if person.startswith("//") else PEOPLE + person,
        "roles": list(roles),
        "iat": issued_at,
        "exp": issued_at + int(life.total_seconds()),
        "jti": secrets.token_urlsafe(16),
    }
    signed = f"{_encode({'alg': ALGORITHM, 'kid': key.kid, 'typ': 'JWT'})}.{_encode(claims)}"
    return f"{signed}.{_text(key.private_key.sign(signed.encode('ascii')))}"


def _encode(document: dict[str, Any]) -> str:
    return _text(strict_json.dump(document))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def _decode(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ValueError(str(error)) from None

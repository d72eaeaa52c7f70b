"""Credentials of platforms: opaque bearer tokens, of which only a hash is kept.

A token holds 256 random bits, so that a plain SHA-256 is as good as a slow hash: there is nothing to guess.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

PREFIX: Final = "gbs_"
SECRET_BYTES: Final = 32
_TOKEN: Final = re.compile(r"gbs_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Credential:
    """What is kept of a token: whose it is, and from when to when it is good."""

    id: str
    source_name: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def is_good(self, now: datetime) -> bool:
        """Return whether the token opens anything at `now`."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def token_of(secret: bytes) -> str:
    """Return the token that is shown once.

    Raises:
        ValueError: not 32 bytes.
    """
    if len(secret) != SECRET_BYTES:
        raise ValueError("a credential has 32 random bytes")
    return PREFIX + base64.urlsafe_b64encode(secret).rstrip(b"=").decode("ascii")


def is_token(text: str) -> bool:
    """Return whether a bearer token has the form of a source credential, and is not a person's."""
    return _TOKEN.fullmatch(text) is not None


def digest_of(token: str) -> bytes:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode("ascii")).digest()

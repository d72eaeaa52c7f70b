"""The session cookie: a random secret, of which the database keeps only what it cannot be made from.

Digest, sealing key and form token are derived from it with different labels (HKDF), so none tells another.

Source: RFC 5869; RFC 7516 (compact JWE, `dir`, A256GCM).
"""

import hmac
import secrets
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

NAME: Final = "govbus_session"
_SECRET_BYTES: Final = 32
_LENGTH_LIMIT_COUNT: Final = 128
_HEADER: Final = {"alg": "dir", "enc": "A256GCM"}
_ALGORITHMS: Final = list(_HEADER.values())


class NotOurs(ValueError):
    """A sealed token that this cookie does not open."""


@dataclass(frozen=True, slots=True, repr=False)
class Cookie:
    """The value of a session cookie."""

    value: str

    @property
    def digest(self) -> bytes:
        """Under which the session is kept."""
        return self._derived(b"session digest")

    @property
    def form_token(self) -> str:
        """What a form must carry, so that a foreign page cannot send it."""
        return self._derived(b"form token").hex()

    def is_form_token(self, given: str) -> bool:
        """Return whether `given` is the form token."""
        return hmac.compare_digest(self.form_token.encode(), given.encode())

    def seal(self, token: str) -> str:
        """Return a person's token so that only this cookie opens it."""
        return jwe.encrypt_compact(
            {"alg": "dir", "enc": "A256GCM"}, token.encode(), self._key(), algorithms=_ALGORITHMS
        )

    def unseal(self, sealed: str) -> str:
        """Return the person's token.

        Raises:
            NotOurs: sealed under another cookie, or altered.
        """
        try:
            plain = jwe.decrypt_compact(sealed, self._key(), algorithms=_ALGORITHMS).plaintext
        except (JoseError, ValueError):
            raise NotOurs("this cookie does not open the session's token") from None
        return (plain or b"").decode()

    def _key(self) -> OctKey:
        return OctKey.import_key(self._derived(b"token key"))

    def _derived(self, label: bytes) -> bytes:
        kdf = HKDF(algorithm=SHA256(), length=_SECRET_BYTES, salt=None, info=b"govbus console " + label)
        return kdf.derive(self.value.encode())


def new_cookie() -> Cookie:
    """Return a fresh cookie of 256 random bits."""
    return Cookie(secrets.token_urlsafe(_SECRET_BYTES))


def read_cookie(value: str | None) -> Cookie | None:
    """Return the cookie a browser sent, None when it is none of ours by its form."""
    if not value or len(value) > _LENGTH_LIMIT_COUNT or not value.isascii():
        return None
    return Cookie(value)

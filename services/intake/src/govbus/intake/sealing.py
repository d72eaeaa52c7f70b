"""Seals what intake must be able to open again: signature secrets, and the bytes of refused input.

Source: NIST SP 800-38D (AES-GCM); a fresh random nonce per seal, good for 2^32 seals under one key.
"""

import os
import secrets
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
_OWNER_ONLY: Final = 0o600


class SealBroken(ValueError):
    """Sealed bytes that do not open: another key, another purpose, or altered."""


class Sealer:
    """Seals and opens under one key; `purpose` is bound in, so that one thing cannot pass for another."""

    def __init__(self, key: bytes) -> None:
        """Take 32 bytes."""
        self._cipher = AESGCM(key)

    def seal(self, plain: bytes, purpose: str) -> bytes:
        """Return nonce and ciphertext."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, purpose.encode())

    def open(self, sealed: bytes, purpose: str) -> bytes:
        """Return what was sealed for `purpose`.

        Raises:
            SealBroken: it does not open.
        """
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], purpose.encode())
        except (InvalidTag, ValueError):
            raise SealBroken(f"{purpose}: sealed under another key, or altered") from None


def load_key(path: Path) -> bytes:
    """Return the key in `path`; a missing file is made, readable by its owner only.

    Of several processes that start at once, one makes the file and all use it.

    Raises:
        ValueError: the file does not hold a key.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    if not path.exists():
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise ValueError(f"{path} holds {len(key)} bytes, not a key of {KEY_BYTES}")
    return key

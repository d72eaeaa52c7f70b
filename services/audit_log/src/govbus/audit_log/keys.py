"""The log's signing key: an Ed25519 seed in a file of its own, made once, readable by nobody else."""

import os
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from govbus.contracts.translog.note import NoteSigner

_SEED_BYTES: Final = 32
_OTHERS: Final = 0o077


class KeyUnusable(Exception):
    """The key file cannot be used; the message says what to do."""


def load_or_make_signer(file: Path, origin: str) -> NoteSigner:
    """Return the signer of `origin` with the key in `file`; an absent file is made, mode 0600, before it is used.

    Raises:
        KeyUnusable: others may read it, or it is not a seed.
    """
    try:
        seed = _read(file)
    except FileNotFoundError:
        _make(file)
        seed = _read(file)
    return NoteSigner(origin, Ed25519PrivateKey.from_private_bytes(seed))


def _read(file: Path) -> bytes:
    if file.stat().st_mode & _OTHERS:
        raise KeyUnusable(f"{file} can be read by others: `chmod 600` it, and think of the key as known")
    try:
        seed = bytes.fromhex(file.read_text(encoding="ascii").strip())
    except (ValueError, UnicodeDecodeError):
        seed = b""
    if len(seed) != _SEED_BYTES:
        raise KeyUnusable(f"{file} is not 32 bytes in hex: restore the key from its copy")
    return seed


def _make(file: Path) -> None:
    """Write a new seed whole or not at all, also when two processes do so at once."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, os.urandom(_SEED_BYTES).hex().encode() + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    try:
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()

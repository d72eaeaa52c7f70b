"""Ed25519 seeds in files of their own: made once, readable by nobody else; also read from text."""

import os
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from govbus.eventing.manifest import StartRefused

_SEED_BYTES: Final = 32
_OTHERS: Final = 0o077


class KeyUnusable(StartRefused):
    """A key cannot be used; the message says what to do and never quotes it."""


def key_of_text(text: str, where: str) -> Ed25519PrivateKey:
    """Return the key whose seed is written in hex; `where` names the place in a refusal.

    Raises:
        KeyUnusable: not 32 bytes in hex.
    """
    try:
        seed = bytes.fromhex(text.strip())
    except ValueError:
        seed = b""
    if len(seed) != _SEED_BYTES:
        raise KeyUnusable(f"{where} is not 32 bytes in hex: restore the key from its copy")
    return Ed25519PrivateKey.from_private_bytes(seed)


def read_key(file: Path) -> Ed25519PrivateKey:
    """Return the key in a file.

    Raises:
        KeyUnusable: absent, others may read it, or it is not a seed.
    """
    try:
        return _read(file)
    except FileNotFoundError:
        raise KeyUnusable(f"{file} is not there: restore the key from its copy") from None


def read_or_make_key(file: Path) -> Ed25519PrivateKey:
    """Return the key in a file; an absent file is made, mode 0600, before it is used.

    Raises:
        KeyUnusable: others may read it, or it is not a seed.
    """
    try:
        return _read(file)
    except FileNotFoundError:
        make_key(file)
        return _read(file)


def make_key(file: Path) -> bool:
    """Write a new seed whole or not at all, also when two processes do so at once; False when a file is there."""
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
        return False
    finally:
        draft.unlink()
    return True


def _read(file: Path) -> Ed25519PrivateKey:
    if file.stat().st_mode & _OTHERS:
        raise KeyUnusable(f"{file} can be read by others: `chmod 600` it, and think of the key as known")
    return key_of_text(file.read_bytes().decode("ascii", "replace"), str(file))

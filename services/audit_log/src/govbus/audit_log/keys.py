"""The keys of one log: which sign, and which signed once and are still believed.

While a second key is configured beside the first, every checkpoint carries a signature line of each: who knows only the
old one and who knows only the new one both go on verifying. Which key was in force when is what checkpoints say.
"""

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import SecretStr

from govbus.audit_log.seeds import KeyUnusable, key_of_text, read_key, read_or_make_key
from govbus.audit_log.settings import Settings
from govbus.contracts.translog.checkpoint import Checkpoint, sign_checkpoint
from govbus.contracts.translog.note import Note, NoteSigner
from govbus.contracts.translog.vkey import KeyRejected, VerificationKey, parse_vkeys


@dataclass(frozen=True, slots=True)
class LogKeys:
    """Signers of one origin, newest first, and the retired keys of its older checkpoints."""

    signers: tuple[NoteSigner, ...]
    retired: tuple[VerificationKey, ...] = ()

    @property
    def origin(self) -> str:
        """The log's name."""
        return self.signers[0].name

    @property
    def signing(self) -> tuple[VerificationKey, ...]:
        """The public halves of the keys that sign, newest first."""
        return tuple(signer.key for signer in self.signers)

    @property
    def believed(self) -> tuple[VerificationKey, ...]:
        """Keys of which any one makes a checkpoint this log's own."""
        return self.signing + self.retired

    def sign(self, size: int, root: bytes) -> Note:
        """Return the checkpoint of a tree with a signature line of every key."""
        return sign_checkpoint(Checkpoint(self.origin, size, root), *self.signers)


def load_keys(settings: Settings, *, make: bool = False) -> LogKeys:
    """Return the keys of the configured log; with `make` the file of the first key is made when it is absent.

    Raises:
        KeyUnusable: a key that is absent, open to others, no key, or named twice.
    """
    first = _first(settings, make=make)
    following = _following(settings.audit_log_next_key_file, settings.audit_log_next_key)
    signers = [NoteSigner(settings.audit_log_origin, key) for key in (following, first) if key is not None]
    retired = _retired(settings)
    try:
        signing = [signer.key for signer in signers]
    except KeyRejected as error:
        raise KeyUnusable(f"GOVBUS_AUDIT_LOG_ORIGIN: {error}") from None
    _check(signing, retired, settings.audit_log_origin)
    return LogKeys(tuple(signers), retired)


def _first(settings: Settings, *, make: bool) -> Ed25519PrivateKey:
    if settings.audit_log_key is not None:
        if settings.audit_log_key_file is not None:
            raise KeyUnusable("GOVBUS_AUDIT_LOG_KEY and GOVBUS_AUDIT_LOG_KEY_FILE are both set: keep one")
        return key_of_text(settings.audit_log_key.get_secret_value(), "GOVBUS_AUDIT_LOG_KEY")
    return read_or_make_key(settings.key_file) if make else read_key(settings.key_file)


def _following(file: Path | None, text: SecretStr | None) -> Ed25519PrivateKey | None:
    if file is not None and text is not None:
        raise KeyUnusable("GOVBUS_AUDIT_LOG_NEXT_KEY and GOVBUS_AUDIT_LOG_NEXT_KEY_FILE are both set: keep one")
    if text is not None:
        return key_of_text(text.get_secret_value(), "GOVBUS_AUDIT_LOG_NEXT_KEY")
    return None if file is None else read_key(file)


def _retired(settings: Settings) -> tuple[VerificationKey, ...]:
    if not settings.audit_log_retired_vkeys.strip():
        return ()
    try:
        return parse_vkeys(settings.audit_log_retired_vkeys)
    except KeyRejected as error:
        raise KeyUnusable(f"GOVBUS_AUDIT_LOG_RETIRED_VKEYS: {error}") from None


def _check(signing: list[VerificationKey], retired: tuple[VerificationKey, ...], origin: str) -> None:
    if len(set(signing)) != len(signing):
        raise KeyUnusable("the next key is the key in force: make another with `govbus log key new`")
    for key in retired:
        if key.name != origin:
            raise KeyUnusable(f"retired key {key} is of another log than {origin}")
        if key in signing:
            raise KeyUnusable(f"retired key {key} is configured to sign: take it out of one of the two settings")

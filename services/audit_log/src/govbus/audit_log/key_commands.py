"""`govbus log key`: makes and shows keys of logs and witnesses, and tells from checkpoints which was in force when."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from govbus.audit_log.domain.key_history import reigns
from govbus.audit_log.given_keys import given_keys
from govbus.audit_log.seeds import KeyUnusable, make_key, read_key
from govbus.contracts.translog.note import NoteRejected
from govbus.contracts.translog.vkey import COSIGNATURE, ED25519, KeyRejected, VerificationKey

OK: Final = 0
REFUSED: Final = 1
USAGE: Final = 2
_NOTE_BYTES: Final = 1_000_000


def new(file: Path, /, *, origin: str, witness: bool = False) -> int:
    """Make a key: a file with an Ed25519 seed that nobody else may read. Prints its vkey, never the seed.

    Parameters
    ----------
    file
        Where to; a file that is there is left as it is and refused.
    origin
        Name of the log, or of the witness.
    witness
        Print the vkey of a witness, which has another type.
    """
    try:
        if not make_key(file):
            return _failed(REFUSED, f"{file} is there already: a key is never replaced in place")
    except OSError as error:
        return _failed(USAGE, f"{file}: {error.strerror}")
    return show(file, origin=origin, witness=witness)


def show(file: Path, /, *, origin: str, witness: bool = False) -> int:
    """Print the vkey of a key file.

    Parameters
    ----------
    file
        An Ed25519 seed in hex, mode 0600.
    origin
        Name of the log, or of the witness.
    witness
        Print the vkey of a witness, which has another type.
    """
    try:
        public_key = read_key(file).public_key().public_bytes_raw()
        key = VerificationKey(origin, COSIGNATURE if witness else ED25519, public_key)
    except (KeyUnusable, KeyRejected) as error:
        return _failed(USAGE, str(error))
    sys.stdout.write(f"{key}\n")
    return OK


def history(*paths: Path, key: tuple[str, ...] = ()) -> int:
    """Show which keys signed which checkpoints, from files of checkpoints: a log's copies, a mirror.

    Exit code 0 when every signature of a given key holds and every checkpoint has one.

    Parameters
    ----------
    paths
        Files with one checkpoint each, or folders of them.
    key
        vkey to verify with, or a file with vkeys; may be repeated. Without it nothing is verified.
    """
    try:
        known = given_keys(key) if key else ()
        found = reigns(_notes(paths), known)
    except KeyRejected as error:
        return _failed(USAGE, str(error))
    except NoteRejected as error:
        return _failed(REFUSED, str(error))
    if not found:
        return _failed(REFUSED, "no checkpoint there")
    for reign in found:
        verified = "verified" if reign.is_known else "not verified"
        sys.stdout.write(
            f"{reign.origin} key {reign.key_id}: sizes {reign.first_size}..{reign.last_size}, "
            f"{reign.checkpoint_count} checkpoints, {verified}\n"
        )
    return OK


def _notes(paths: tuple[Path, ...]) -> Iterator[str]:
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and file.stat().st_size <= _NOTE_BYTES:
                yield file.read_text(encoding="utf-8", errors="replace")


def _failed(code: int, sentence: str) -> int:
    sys.stderr.write(f"govbus: {sentence}\n")
    return code

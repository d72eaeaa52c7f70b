"""vkeys as a command line gives them: written out, or in files, one a line."""

from collections.abc import Iterable
from pathlib import Path

from govbus.contracts.translog.vkey import VerificationKey, parse_vkeys


def given_keys(given: Iterable[str]) -> tuple[VerificationKey, ...]:
    """Return the keys, each once.

    Raises:
        KeyRejected: none, or one that is malformed.
        OSError: a file that cannot be read.
    """
    return parse_vkeys("\n".join(map(_text, given)))


def _text(item: str) -> str:
    return Path(item).read_text(encoding="utf-8") if "+" not in item or Path(item).is_file() else item

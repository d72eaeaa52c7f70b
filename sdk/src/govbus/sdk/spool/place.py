"""Where spools lie: `GOVBUS_SPOOL`, else the platform's folder for state; one file per Govbus and source."""

import hashlib
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from govbus.sdk.failures import NotConfigured

SUFFIX: Final = ".sqlite3"
_NOT_IN_A_NAME: Final = re.compile(r"[^a-z0-9]+")
_NAME_LENGTH: Final = 40
_DIGEST_LENGTH: Final = 12


def spool_folder(environ: Mapping[str, str], platform: str = sys.platform) -> Path:
    """Return the folder of all spools of this user.

    Raises:
        NotConfigured: no `GOVBUS_SPOOL`, and the user has no home.
    """
    if environ.get("GOVBUS_SPOOL"):
        return Path(environ["GOVBUS_SPOOL"])
    if platform == "win32" and environ.get("LOCALAPPDATA"):
        return Path(environ["LOCALAPPDATA"]) / "govbus" / "spool"
    if environ.get("XDG_STATE_HOME"):
        return Path(environ["XDG_STATE_HOME"]) / "govbus" / "spool"
    try:
        home = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
    except RuntimeError:
        raise NotConfigured(
            "There is no home folder to spool in: set GOVBUS_SPOOL to a folder that persists."
        ) from None
    state = home / "Library" / "Application Support" if platform == "darwin" else home / ".local" / "state"
    return state / "govbus" / "spool"


def spool_name(url: str, source: str) -> str:
    """Return the file name for what `source` says to the Govbus at `url`: the same for every process that does."""
    digest = hashlib.sha256(f"{url}\n{source}".encode()).hexdigest()[:_DIGEST_LENGTH]
    words = _NOT_IN_A_NAME.sub("-", source.lower()).strip("-")[:_NAME_LENGTH]
    return f"{words or 'source'}-{digest}{SUFFIX}"


def spools_in(folder: Path) -> list[Path]:
    """Return the spools of a folder, by name; none when there is no such folder."""
    return sorted(folder.glob(f"*{SUFFIX}"))

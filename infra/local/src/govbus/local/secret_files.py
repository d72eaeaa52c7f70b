"""Secrets on disk: made once from the system's randomness, readable by their owner alone."""

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

PASSWORD_BYTES = 24
"""192 bits: nobody types these."""


def write_private(path: Path, content: bytes) -> None:
    """Replace `path` with `content` in one step, mode 0600 from the first byte."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def write_private_json(path: Path, document: Mapping[str, object]) -> None:
    """Replace `path` with the document, mode 0600."""
    write_private(path, (json.dumps(document, indent=2) + "\n").encode())


def read_json(path: Path) -> dict[str, object] | None:
    """Return the document in `path`, or None when there is none or it is not a JSON object."""
    try:
        document = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    return document if isinstance(document, dict) else None


class Passwords:
    """Names → passwords in one 0600 file; a name asked for the first time gets one for good."""

    def __init__(self, path: Path) -> None:
        """Read what `path` holds already."""
        self._path = path
        self._known: dict[str, str] = {name: str(value) for name, value in (read_json(path) or {}).items()}

    def of(self, name: str) -> str:
        """Return the password of `name`, made and saved on first use."""
        if name not in self._known:
            self._known[name] = secrets.token_urlsafe(PASSWORD_BYTES)
            write_private_json(self._path, self._known)
        return self._known[name]

    def ensure(self, names: tuple[str, ...]) -> None:
        """Make what is missing for all names in one write."""
        missing = [name for name in names if name not in self._known]
        if missing:
            self._known.update({name: secrets.token_urlsafe(PASSWORD_BYTES) for name in missing})
            write_private_json(self._path, self._known)

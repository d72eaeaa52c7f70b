"""Options that every command takes, and the connection they lead to."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from govbus.sdk.endpoints import Endpoints, find_endpoints
from govbus.sdk.failures import NotConfigured
from govbus.sdk.transport import Transport

OK: Final = 0
REFUSED: Final = 1
USAGE: Final = 2
UNREACHABLE: Final = 3


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Options:
    """Where Govbus is and how to answer."""

    json: Annotated[bool, Parameter(negative="")] = False
    """Print JSON for scripts."""

    role: Annotated[str | None, Parameter(name="--as")] = None
    """Act with this credential of `.govbus/endpoints.json` (`operator`, `auditor`, ...)."""


DEFAULT: Final = Options()


@dataclass(frozen=True, slots=True)
class Session:
    """An open connection and the credentials to use with it."""

    endpoints: Endpoints
    transport: Transport
    role: str | None

    def token(self, *roles: str) -> str:
        """Return the credential asked for with `--as`, else the first of `roles` that there is."""
        return self.endpoints.credential(*((self.role,) if self.role else roles))


@contextmanager
def session(options: Options) -> Iterator[Session]:
    """Give a session with the Govbus of the environment or of `.govbus/endpoints.json`."""
    endpoints = find_endpoints(os.environ, Path.cwd())
    with Transport(endpoints.url) as transport:
        yield Session(endpoints, transport, options.role)


def pinned_key(given: str | None) -> str | None:
    """Return the log's key to believe: `--key` (vkey or a file with it), else the configured one, else none."""
    if given is not None:
        return _key_text(given)
    try:
        return find_endpoints(os.environ, Path.cwd()).log_vkey
    except NotConfigured:
        return os.environ.get("GOVBUS_LOG_VKEY")


def needed_key(given: str | None) -> str:
    """Return `pinned_key`.

    Raises:
        NotConfigured: there is none.
    """
    found = pinned_key(given)
    if found is None:
        raise NotConfigured(
            "No key of the log to believe: pass --key VKEY (or a file with it), or set GOVBUS_LOG_VKEY."
        )
    return found


def _key_text(given: str) -> str:
    if "+" in given and not Path(given).is_file():
        return given
    try:
        return Path(given).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise NotConfigured(f"--key {given}: neither a vkey nor a readable file ({error.strerror})") from None

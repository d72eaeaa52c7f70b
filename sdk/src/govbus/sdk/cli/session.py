"""Options that every command takes, and the connection they lead to."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from govbus.sdk.endpoints import Endpoints, find_endpoints
from govbus.sdk.failures import NotConfigured
from govbus.sdk.translog.trust import Trust, trust_in
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

Keys = Annotated[tuple[str, ...], Parameter(name="--key", negative="")]
"""The log's vkeys to believe, or files of them; one known signature is enough."""

PolicyFile = Annotated[Path | None, Parameter(name="--policy")]
"""A C2SP tlog-policy file: logs, witnesses and the quorum of cosignatures asked for."""


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


def trusted(keys: Sequence[str], policy: Path | None = None) -> Trust:
    """Return whom to believe about the log.

    Raises:
        NotConfigured: nobody was named, or what was named cannot be read.
    """
    found = pinned_trust(keys, policy)
    if found is None:
        raise NotConfigured(
            "No key of the log to believe: pass --key VKEY (or a file with it), or set GOVBUS_LOG_VKEY."
        )
    return found


def pinned_trust(keys: Sequence[str], policy: Path | None = None) -> Trust | None:
    """Return the trust in each `--key` (vkey or a file of them) and `--policy`, else in the configured key, else none.

    Raises:
        NotConfigured: what was named cannot be read.
    """
    texts = [_key_text(given) for given in keys]
    known = None if policy is None else policy.read_bytes()
    if not texts and known is None:
        configured = _configured_key()
        return None if configured is None else trust_in([configured])
    return trust_in(texts, known)


def _configured_key() -> str | None:
    try:
        return find_endpoints(os.environ, Path.cwd()).log_vkey
    except NotConfigured:
        return os.environ.get("GOVBUS_LOG_VKEY")


def _key_text(given: str) -> str:
    if "+" in given and not Path(given).is_file():
        return given
    try:
        return Path(given).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise NotConfigured(f"--key {given}: neither a vkey nor a readable file ({error.strerror})") from None

"""The address at which a witness is asked, from the submission prefix in a policy file.

Source: c2sp.org/tlog-witness, "HTTP Interface".
"""

from typing import Final
from urllib.parse import SplitResult, urlsplit

from govbus.contracts.translog.add_checkpoint import PATH

_PORTS: Final = {"http": 80, "https": 443}


class UrlRefused(ValueError):
    """No address that can be asked; the message quotes no more than its host."""


def add_checkpoint_url(prefix: str) -> str:
    """Return the submission prefix with `/add-checkpoint`.

    Raises:
        UrlRefused: not http or https, no host, or with a user, a query or a fragment.
    """
    parts = _split(prefix)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise UrlRefused(f"{prefix[:60]!r} is not the http or https address of a witness")
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise UrlRefused(f"the address of the witness at {parts.hostname} has a user, a query or a fragment")
    return f"{prefix.rstrip('/')}/{PATH}"


def host_and_port(url: str) -> tuple[str, int]:
    """Return whom to connect to."""
    parts = _split(url)
    return parts.hostname or "", parts.port or _PORTS[parts.scheme]


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise UrlRefused(f"{url[:60]!r} is no address") from None
    return parts

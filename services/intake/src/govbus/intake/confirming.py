"""Visits the address that confirms a subscription: over TLS, at an address that was checked, following nothing.

Source: OWASP, Server Side Request Forgery Prevention Cheat Sheet; RFC 9112.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from govbus.eventing.network import CheckedHost, HostRefused, check_host

VISIT_SECONDS: Final = 10.0
"""The platform waits for our answer meanwhile; SNS gives up after 15 s."""

_TLS_PORT: Final = 443
_STATUS_LINE: Final = (b"HTTP/1.1 200", b"HTTP/1.0 200")

Resolve = Callable[[str, int], Awaitable[CheckedHost]]
_PUBLIC_ONLY: Final[Resolve] = partial(check_host, allow_private_network=False)


class NotConfirmed(Exception):
    """The address could not be visited, or did not answer with 200; says why, never the address."""


class Confirmer:
    """Makes one GET request of one answer line; there is no redirect, no proxy and no name that is looked up twice."""

    def __init__(
        self,
        resolve: Resolve = _PUBLIC_ONLY,
        tls: ssl.SSLContext | None = None,
        port: int = _TLS_PORT,
    ) -> None:
        """`resolve` answers only with addresses that may be called; `tls` checks the certificate."""
        self._resolve = resolve
        self._tls = tls or ssl.create_default_context()
        self._port = port

    async def visit(self, url: str) -> None:
        """Visit `url`, whose scheme, host and port the caller has checked.

        Raises:
            NotConfirmed: it may be tried again.
        """
        parts = urlsplit(url)
        name, target = parts.hostname or "", f"{parts.path or '/'}?{parts.query}"
        if not (target.isascii() and target.isprintable() and " " not in target):
            raise NotConfirmed("the address holds what no request may")
        try:
            async with asyncio.timeout(VISIT_SECONDS):
                host = await self._resolve(name, self._port)
                line = await self._ask(host, target)
        except HostRefused as refused:
            raise NotConfirmed(refused.detail) from None
        except (OSError, ValueError) as error:
            raise NotConfirmed(f"{name}: {type(error).__name__}") from None
        if not line.startswith(_STATUS_LINE):
            raise NotConfirmed(f"{name} answered {line[:40].decode('ascii', 'replace').strip()!r}, not 200")

    async def _ask(self, host: CheckedHost, target: str) -> bytes:
        address = str(host.addresses[0])
        reader, writer = await asyncio.open_connection(address, self._port, ssl=self._tls, server_hostname=host.name)
        try:
            writer.write(f"GET {target} HTTP/1.1\r\nHost: {host.name}\r\nConnection: close\r\n\r\n".encode("ascii"))
            await writer.drain()
            return await reader.readline()
        finally:
            writer.close()

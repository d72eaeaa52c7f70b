"""Which proxies are believed when they speak of a client's certificate: listed addresses that also know a secret."""

import hmac
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final

from fastapi import Request

from govbus.intake.api.bodies import headers_of
from govbus.intake.domain.client_certificate import FORWARDED_HEADER, VERIFIED_HEADER, ClientCertificate
from govbus.intake.domain.client_certificate import forwarded as read_forwarded
from govbus.intake.domain.refusals import Refused

SECRET_HEADER: Final = "x-govbus-proxy-secret"  # noqa: S105 - the name of a header
"""Like the certificate's headers only a proxy may say it; a front door strips it from what comes from outside."""


class TrustedProxies:
    """Where TLS ends before us."""

    def __init__(
        self, networks: Sequence[IPv4Network | IPv6Network], secret: str, header: str = FORWARDED_HEADER
    ) -> None:
        """Nobody is trusted without networks, and nobody without a secret; `header` is the one they set.

        The other one is never read: a proxy that does not know it passes on what a client wrote there.
        """
        self._header = header
        self._networks = tuple(networks)
        self._secret = secret.encode()

    def certificate_of(self, request: Request) -> ClientCertificate | None:
        """Return the certificate a trusted proxy speaks of; what anybody else says of one is not looked at.

        Raises:
            Refused: `bad_headers`.
        """
        if not self._is_trusted(request):
            return None
        said = [(name, value) for name, value in headers_of(request) if name in {self._header, VERIFIED_HEADER}]
        if len(dict(said)) != len(said):
            raise Refused("bad_headers", "the proxy's headers stand twice: let the proxy overwrite them")
        return read_forwarded(dict(said))

    def _is_trusted(self, request: Request) -> bool:
        if not self._secret or request.client is None:
            return False
        told = request.headers.get(SECRET_HEADER, "").encode()
        knows = hmac.compare_digest(told, self._secret)
        try:
            peer = ip_address(request.client.host)
        except ValueError:
            return False
        return knows and any(peer in network for network in self._networks)

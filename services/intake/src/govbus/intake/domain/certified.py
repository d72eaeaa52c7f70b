"""The scheme `mtls`: a platform is known by the certificate that its connection was opened with.

Source: SPIFFE X.509-SVID, 2 (the id is a URI of the certificate); RFC 6125, 6.4 (names are compared without case).
"""

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from govbus.intake.domain.client_certificate import ClientCertificate
from govbus.intake.domain.evidence import Evidence
from govbus.intake.domain.refusals import Refused

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_SPIFFE: Final = re.compile(r"spiffe://[a-z0-9._-]{1,255}(/[A-Za-z0-9._-]+)+")
_HOST: Final = re.compile(r"(?!-)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+")


@dataclass(frozen=True, slots=True)
class Certified:
    """What stands in the place of a secret names a certificate: its SHA-256 in hex, a SPIFFE id, or a DNS name."""

    reads_body = False

    def check_secret(self, secret: str) -> None:
        """Refuse what names no certificate.

        Raises:
            ValueError: what may be named.
        """
        if not (_fingerprint(secret) or _SPIFFE.fullmatch(secret) or _HOST.fullmatch(secret.lower())):
            raise ValueError("a certificate's SHA-256 in hex, a SPIFFE id (spiffe://…), or a DNS name it is issued for")

    def authenticate(self, secrets: Sequence[str], evidence: Evidence) -> None:
        """Let a delivery pass whose client showed one of the named certificates.

        Raises:
            Refused: `unsigned` or `bad_signature`.
        """
        shown = evidence.certificate
        if shown is None:
            raise Refused("unsigned", "no client certificate came over a proxy that is trusted to verify one")
        if not any(_is_named(shown, secret) for secret in secrets):
            raise Refused("bad_signature", f"certificate {shown.sha256} is none of this source's")

    def timestamp(self, _: Evidence) -> str | None:
        """Return None: nothing is signed, so no time either."""
        return None


def _is_named(shown: ClientCertificate, secret: str) -> bool:
    fingerprint = _fingerprint(secret)
    if fingerprint is not None:
        return hmac.compare_digest(shown.sha256, fingerprint)
    if _SPIFFE.fullmatch(secret):
        return secret in shown.names
    return secret.lower() in {name.lower() for name in shown.names}


def _fingerprint(secret: str) -> str | None:
    """Return a SHA-256 in plain hex, as openssl (with colons) or a proxy writes it."""
    plain = secret.removeprefix("sha256:").replace(":", "").lower()
    return plain if _SHA256.fullmatch(plain) else None

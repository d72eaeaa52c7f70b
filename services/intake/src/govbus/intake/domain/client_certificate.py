"""Client certificates as a proxy passes them on, once TLS has ended there.

Whether the proxy may be believed is decided before: nothing here looks at where a header came from.

Source: Envoy, "x-forwarded-client-cert"; nginx `$ssl_client_escaped_cert`, `$ssl_client_verify`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from govbus.intake.domain.refusals import Refused

FORWARDED_HEADER: Final = "x-forwarded-client-cert"
PEM_HEADER: Final = "x-ssl-client-cert"
VERIFIED_HEADER: Final = "x-ssl-client-verify"

_PAIR: Final = re.compile(r'(?P<key>[A-Za-z]+)=(?P<value>"(?:[^"\\]|\\.)*"|[^;,"]*)(?P<end>[;,]|$)')
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """What identifies a client: the SHA-256 of its certificate in hex, and the URIs and DNS names it is issued for."""

    sha256: str
    names: tuple[str, ...] = ()


def forwarded(headers: Mapping[str, str]) -> ClientCertificate | None:
    """Return the certificate that the proxy speaks of, None when it saw none.

    Raises:
        Refused: `bad_headers`, the proxy speaks of several certificates or of one that cannot be read.
    """
    if headers.get(FORWARDED_HEADER):
        return _read_forwarded(headers[FORWARDED_HEADER])
    if headers.get(PEM_HEADER):
        if headers.get(VERIFIED_HEADER, "").upper() != "SUCCESS":
            raise Refused("bad_headers", f"{VERIFIED_HEADER} is not SUCCESS: the proxy did not verify the certificate")
        return _read_pem(unquote(headers[PEM_HEADER]))
    return None


def _read_forwarded(text: str) -> ClientCertificate:
    """Return the one certificate of an XFCC header; several would be hops whose order a client could forge."""
    found: dict[str, list[str]] = {}
    for key, value in _pairs(text):
        found.setdefault(key, []).append(value)
    (digest,) = found.get("hash", [""])
    if not _SHA256.fullmatch(digest.lower()):
        raise Refused("bad_headers", f"{FORWARDED_HEADER} has no Hash: let the proxy set it")
    return ClientCertificate(digest.lower(), tuple(found.get("uri", []) + found.get("dns", [])))


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    position, seen = 0, set()
    while position < len(text):
        pair = _PAIR.match(text, position)
        if pair is None:
            raise Refused("bad_headers", f"{FORWARDED_HEADER} cannot be read")
        key, value, end = pair["key"].lower(), pair["value"], pair["end"]
        if end == "," or (key == "hash" and key in seen):
            raise Refused("bad_headers", f"{FORWARDED_HEADER} speaks of several certificates: let the proxy set it")
        seen.add(key)
        yield key, re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
        position = pair.end()


def _read_pem(pem: str) -> ClientCertificate:
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        names = tuple(_alternative_names(certificate))
    except (ValueError, x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        raise Refused("bad_headers", f"{PEM_HEADER} does not hold a certificate in PEM") from None
    return ClientCertificate(certificate.fingerprint(hashes.SHA256()).hex(), names)


def _alternative_names(certificate: x509.Certificate) -> Iterator[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return
    yield from names.get_values_for_type(x509.UniformResourceIdentifier)
    yield from names.get_values_for_type(x509.DNSName)

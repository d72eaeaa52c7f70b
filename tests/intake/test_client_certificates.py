"""The scheme `mtls`: what a proxy says of a certificate, which proxies are believed, and a real TLS connection."""

import asyncio
import hashlib
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx2
import pytest
from cryptography import x509

from govbus.intake.domain.client_certificate import ClientCertificate, forwarded
from govbus.intake.domain.evidence import Evidence
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.schemes import SCHEMES
from govbus.intake.store import rejected
from intake.certificates import identity, localhost
from intake.desk import Desk, open_desk
from intake.test_webhooks import cdevent

SPIFFE = "spiffe://example.org/ns/ml/sa/trainer"
HASH = "ab" * 32
PROXY_SECRET = "proxy-secret"
AUTHORITY = identity("authority")
CLIENT = identity("trainer", x509.UniformResourceIdentifier(SPIFFE), x509.DNSName("Trainer.example"), issuer=AUTHORITY)


@pytest.mark.parametrize(
    ("header", "names"),
    [
        (f"Hash={HASH}", ()),
        (f"Hash={HASH.upper()};URI={SPIFFE}", (SPIFFE,)),
        (f'By=spiffe://x/y;Hash={HASH};Subject="CN=a, O=\\"b;c\\"";URI={SPIFFE};DNS=a.example', (SPIFFE, "a.example")),
        (
            f'Hash={HASH};Cert="-----BEGIN%20CERTIFICATE-----%0A";DNS=a.example;DNS=b.example',
            ("a.example", "b.example"),
        ),
    ],
)
def test_envoys_header_is_read(header: str, names: tuple[str, ...]) -> None:
    assert forwarded({"x-forwarded-client-cert": header}) == ClientCertificate(HASH, names)


@pytest.mark.parametrize(
    "header",
    [
        f"Hash={HASH},Hash={HASH}",
        f"Hash={HASH};Hash={'cd' * 32}",
        f"URI={SPIFFE}",
        "Hash=abc",
        f'Hash={HASH};Subject="CN=open',
        "rubbish",
        ";;",
        ",",
    ],
)
def test_a_header_of_several_certificates_or_of_none_is_refused(header: str) -> None:
    with pytest.raises(Refused, match="bad_headers"):
        forwarded({"x-forwarded-client-cert": header})


def test_nginx_header_is_read_once_nginx_has_verified_it() -> None:
    headers = {"x-ssl-client-cert": quote(CLIENT.pem), "x-ssl-client-verify": "SUCCESS"}
    assert forwarded(headers) == ClientCertificate(CLIENT.sha256, (SPIFFE, "Trainer.example"))
    assert forwarded({}) is None
    for wrong in ({**headers, "x-ssl-client-verify": "FAILED:expired"}, {**headers, "x-ssl-client-cert": "rubbish"}):
        with pytest.raises(Refused, match="bad_headers"):
            forwarded(wrong)
    with pytest.raises(Refused, match="bad_headers"):
        forwarded({"x-ssl-client-cert": quote(CLIENT.pem)})


@pytest.mark.parametrize(
    ("named", "shown", "reason"),
    [
        (HASH, ClientCertificate(HASH), ""),
        (f"sha256:{HASH.upper()}", ClientCertificate(HASH), ""),
        (":".join(["AB"] * 32), ClientCertificate(HASH), ""),
        (HASH, ClientCertificate("cd" * 32, (HASH,)), "bad_signature"),
        (SPIFFE, ClientCertificate(HASH, (SPIFFE,)), ""),
        (SPIFFE, ClientCertificate(HASH, (f"{SPIFFE}/other",)), "bad_signature"),
        (SPIFFE, ClientCertificate(HASH, (SPIFFE.upper(),)), "bad_signature"),
        ("trainer.example", ClientCertificate(HASH, ("Trainer.Example",)), ""),
        ("trainer.example", ClientCertificate(HASH, ("*.example",)), "bad_signature"),
        ("trainer.example", ClientCertificate(HASH), "bad_signature"),
        (HASH, None, "unsigned"),
    ],
)
def test_a_certificate_is_known_by_fingerprint_spiffe_id_or_name(
    named: str, shown: ClientCertificate | None, reason: str
) -> None:
    found = ""
    try:
        SCHEMES["mtls"].authenticate([named], Evidence({}, certificate=shown))
    except Refused as refusal:
        found = refusal.reason
    assert found == reason


Headers = dict[str, str] | list[tuple[str, str]]


@asynccontextmanager
async def opened(dsn: str, folder: Path, **changes: Any) -> AsyncIterator[Desk]:
    """An intake that believes a proxy on this machine, with a platform known by its certificate."""
    settings = {"intake_proxy_networks": ["127.0.0.0/8"], "intake_proxy_secret": PROXY_SECRET, **changes}
    async with open_desk(dsn, folder, **settings) as desk:
        await desk.register("ci", mapping="cdevents", signature={"scheme": "mtls", "certificate": SPIFFE})
        yield desk


async def deliver(desk: Desk, headers: Headers) -> httpx2.Response:
    """Deliver with what a proxy adds."""
    return await desk.client.post("/v1/webhooks/ci", content=json.dumps(cdevent()), headers=headers)


PEM = {
    "x-ssl-client-cert": quote(CLIENT.pem),
    "x-ssl-client-verify": "SUCCESS",
    "x-govbus-proxy-secret": PROXY_SECRET,
}
FORWARDED = {"x-forwarded-client-cert": f"Hash={HASH};URI={SPIFFE}", "x-govbus-proxy-secret": PROXY_SECRET}


@pytest.mark.parametrize(
    ("changes", "headers", "reason"),
    [
        ({}, FORWARDED, None),
        ({}, {**FORWARDED, "x-govbus-proxy-secret": "guess"}, "unsigned"),
        ({}, {"x-forwarded-client-cert": FORWARDED["x-forwarded-client-cert"]}, "unsigned"),
        ({"intake_proxy_networks": ["10.0.0.0/8"]}, FORWARDED, "unsigned"),
        ({"intake_proxy_networks": []}, FORWARDED, "unsigned"),
        ({"intake_proxy_secret": ""}, {**FORWARDED, "x-govbus-proxy-secret": ""}, "unsigned"),
        ({}, {"x-govbus-proxy-secret": PROXY_SECRET}, "unsigned"),
        ({}, {**FORWARDED, "x-forwarded-client-cert": f"Hash={HASH};URI=spiffe://else/x"}, "bad_signature"),
        ({}, {**FORWARDED, "x-forwarded-client-cert": "rubbish"}, "bad_headers"),
        ({}, PEM, "unsigned"),
        ({"intake_proxy_certificate_header": "x-ssl-client-cert"}, PEM, None),
        ({"intake_proxy_certificate_header": "x-ssl-client-cert"}, FORWARDED, "unsigned"),
        ({}, [*FORWARDED.items(), *FORWARDED.items()], "bad_headers"),
        ({}, [*FORWARDED.items(), ("x-forwarded-client-cert", f"Hash={HASH}")], "bad_headers"),
    ],
)
async def test_only_a_listed_proxy_that_knows_the_secret_is_believed(
    service_database: Callable[[str], str],
    tmp_path: Path,
    changes: dict[str, Any],
    headers: Headers,
    reason: str | None,
) -> None:
    async with opened(service_database("intake"), tmp_path, **changes) as desk:
        answer = await deliver(desk, headers)
        assert answer.json().get("reason") == reason, answer.text
        assert answer.status_code == (202 if reason is None else 400 if reason == "bad_headers" else 401)


async def test_what_a_proxy_says_is_not_kept(service_database: Callable[[str], str], tmp_path: Path) -> None:
    async with opened(service_database("intake"), tmp_path) as desk:
        answer = await desk.client.post("/v1/webhooks/ci", content=b"{}", headers=FORWARDED)
        assert answer.status_code == 422
        rejected_id = answer.json()["rejected_id"]
        async with desk.connection() as connection:
            found = await rejected.find_sealed(connection, UUID(rejected_id))
        assert found is not None
        assert found[1] is not None
        kept = desk.reception.admission.opened(found[0], found[1])
        assert kept.headers
        assert not {name for name, _ in kept.headers} & set(FORWARDED)


async def test_a_real_client_certificate_passes_through_a_proxy_that_ends_tls(
    service_database: Callable[[str], str], tmp_path: Path
) -> None:
    async with opened(service_database("intake"), tmp_path) as desk, tls_proxy(desk, tmp_path) as port:
        stranger = identity("stranger", x509.DNSName("trainer.example"))
        other = identity("other", x509.UniformResourceIdentifier("spiffe://example.org/other"), issuer=AUTHORITY)
        assert await over_tls(port, tmp_path, CLIENT.pem + CLIENT.key_pem) == 202
        assert await over_tls(port, tmp_path, other.pem + other.key_pem) == 401
        assert await over_tls(port, tmp_path, None) == 401
        with pytest.raises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
            await over_tls(port, tmp_path, stranger.pem + stranger.key_pem)


@asynccontextmanager
async def tls_proxy(desk: Desk, folder: Path) -> AsyncIterator[int]:
    """A proxy as an ingress is one: verifies client certificates, and passes on what it saw in Envoy's header."""
    server = localhost(AUTHORITY)
    (folder / "server.pem").write_text(server.pem + server.key_pem)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cadata=AUTHORITY.pem)
    context.load_cert_chain(folder / "server.pem")
    context.verify_mode = ssl.CERT_OPTIONAL

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = int(head.lower().split("content-length: ")[1].split("\r\n")[0])
        der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        headers = {"x-govbus-proxy-secret": PROXY_SECRET}
        if der:
            names = x509.load_der_x509_certificate(der).extensions.get_extension_for_class(x509.SubjectAlternativeName)
            uris = [f"URI={uri}" for uri in names.value.get_values_for_type(x509.UniformResourceIdentifier)]
            headers["x-forwarded-client-cert"] = ";".join([f"Hash={hashlib.sha256(der).hexdigest()}", *uris])
        answer = await desk.client.post("/v1/webhooks/ci", content=await reader.readexactly(length), headers=headers)
        writer.write(f"HTTP/1.1 {answer.status_code} Answered\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(pass_on, "127.0.0.1", 0, ssl=context)
    async with listening:
        yield listening.sockets[0].getsockname()[1]


async def over_tls(port: int, folder: Path, chain: str | None) -> int:
    """Deliver over TLS with a client certificate or none; the status."""
    context = ssl.create_default_context(cadata=AUTHORITY.pem)
    if chain:
        (folder / "client.pem").write_text(chain)
        context.load_cert_chain(folder / "client.pem")
    body = json.dumps(cdevent()).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    try:
        head = f"POST / HTTP/1.1\r\nContent-Length: {len(body)}\r\nX-Forwarded-Client-Cert: Hash={HASH}\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        return int((await reader.readuntil(b"\r\n")).split()[1])
    finally:
        writer.close()

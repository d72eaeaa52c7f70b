"""Amazon SNS: the canonical string, pinned certificates, whose topic it is, and who confirms a subscription."""

import asyncio
import base64
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from fastapi import FastAPI

from govbus.eventing.network import CheckedHost
from govbus.eventing.problems import install_problems
from govbus.intake.api import webhooks
from govbus.intake.api.body_room import Room, SharedRoom
from govbus.intake.api.handshaking import Handshaking
from govbus.intake.api.proxies import TrustedProxies
from govbus.intake.api.signed import SignedDeliveries
from govbus.intake.confirming import Confirmer, NotConfirmed
from govbus.intake.domain.evidence import Evidence
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.schemes import SCHEMES
from govbus.intake.sealing import Sealer, load_key
from intake.certificates import MADE_AT, Identity, identity, localhost
from intake.desk import NOW, Desk

SNS = identity("sns.amazonaws.com")
OTHER = identity("sns.amazonaws.com")
ELLIPTIC = """-----BEGIN CERTIFICATE-----
MIIBbzCCARWgAwIBAgIUCwUE+qoP45SbDxw61XXwtJ6n+0cwCgYIKoZIzj0EAwIw
DDEKMAgGA1UEAwwBeDAgFw0yNjExMjMyMzM0MjhaGA8yMDU0MDQwOTIzMzQyOFow
DDEKMAgGA1UEAwwBeDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABJ4JVdwi8uUQ
XTy3TBkdLMUd+1Em8C/wa2Od96QdvPOrlmgWdBUlKoCH1fWfGvyZCI1go4JVFbjx
JyeeannkDuOjUzBRMB0GA1UdDgQWBBTIv+m4FmPCKEkHX9MtVT/rf+fBrzAfBgNV
HSMEGDAWgBTIv+m4FmPCKEkHX9MtVT/rf+fBrzAPBgNVHRMBAf8EBTADAQH/MAoG
CCqGSM49BAMCA0gAMEUCIQCpgLGgJTs7r+LKvJDXnm3Nmxpi+PlXTG/vpsqpF8Io
pAIgeJ/ZpJ3NJWyRxv441dBiiMAxd5/ihlGS2nJvaIa4epE=
-----END CERTIFICATE-----
"""
TOPIC = "arn:aws:sns:eu-central-1:123456789012:models"
CERTIFICATE_URL = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0.pem"
SUBSCRIBE_URL = "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=secret-token"
TIMESTAMP = "2026-11-23T12:00:00.000Z"

NOTIFICATION = {
    "Type": "Notification",
    "MessageId": "m-1",
    "TopicArn": TOPIC,
    "Subject": "a subject",
    "Message": '{"line": "one\\ntwo"}',
    "Timestamp": TIMESTAMP,
}
NOTIFICATION_SIGNED = (
    'Message\n{"line": "one\\ntwo"}\nMessageId\nm-1\nSubject\na subject\n'
    f"Timestamp\n{TIMESTAMP}\nTopicArn\n{TOPIC}\nType\nNotification\n"
)
WITHOUT_SUBJECT_SIGNED = NOTIFICATION_SIGNED.replace("Subject\na subject\n", "")
CONFIRMATION = {
    "Type": "SubscriptionConfirmation",
    "MessageId": "m-2",
    "TopicArn": TOPIC,
    "Message": "You have chosen to subscribe",
    "SubscribeURL": SUBSCRIBE_URL,
    "Token": "secret-token",
    "Timestamp": TIMESTAMP,
}
CONFIRMATION_SIGNED = (
    f"Message\nYou have chosen to subscribe\nMessageId\nm-2\nSubscribeURL\n{SUBSCRIBE_URL}\n"
    f"Timestamp\n{TIMESTAMP}\nToken\nsecret-token\nTopicArn\n{TOPIC}\nType\nSubscriptionConfirmation\n"
)


def signed(fields: dict[str, str], text: str, version: str = "2", by: Identity = SNS, **changes: Any) -> bytes:
    """Return a message whose signature stands over `text`, then changed by `changes`; None takes a field away."""
    hashing = {"1": hashes.SHA1(), "2": hashes.SHA256()}[version]  # noqa: S303 - what SNS does
    signature = base64.b64encode(by.key.sign(text.encode(), PKCS1v15(), hashing)).decode()
    message = {
        **fields,
        "SignatureVersion": version,
        "Signature": signature,
        "SigningCertURL": CERTIFICATE_URL,
        **changes,
    }
    return json.dumps({name: value for name, value in message.items() if value is not None}).encode()


def refused(body: bytes, *certificates: str) -> str:
    """Return why a message is refused, or nothing."""
    try:
        SCHEMES["sns"].authenticate(certificates or [SNS.pem], Evidence({}, body=body))
    except Refused as refusal:
        return refusal.reason
    return ""


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_message_signed_over_the_canonical_string_passes(version: str) -> None:
    assert refused(signed(NOTIFICATION, NOTIFICATION_SIGNED, version)) == ""
    assert refused(signed(NOTIFICATION, WITHOUT_SUBJECT_SIGNED, version, Subject=None)) == ""
    assert refused(signed(CONFIRMATION, CONFIRMATION_SIGNED, version)) == ""


@pytest.mark.parametrize("field", ["Message", "MessageId", "Subject", "Timestamp", "TopicArn"])
def test_an_altered_field_is_a_bad_signature(field: str) -> None:
    assert refused(signed(NOTIFICATION, NOTIFICATION_SIGNED, by=SNS, **{field: "other"})) == "bad_signature"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"Type": "SubscriptionConfirmation"}, "unsigned"),
        ({"Type": "Else"}, "unsigned"),
        ({"Signature": None}, "unsigned"),
        ({"Signature": "!!"}, "unsigned"),
        ({"Signature": "AAAA"}, "bad_signature"),
        ({"SignatureVersion": "3"}, "unsigned"),
        ({"SignatureVersion": "1"}, "bad_signature"),
        ({"Subject": None}, "bad_signature"),
        ({"Message": None}, "unsigned"),
        ({"MessageId": 7}, "unsigned"),
        ({"SigningCertURL": None}, "bad_signature"),
        ({"SigningCertURL": "http://sns.eu-central-1.amazonaws.com/x.pem"}, "bad_signature"),
        ({"SigningCertURL": "https://sns.eu-central-1.amazonaws.com.evil.example/x.pem"}, "bad_signature"),
        ({"SigningCertURL": "https://sns.eu-central-1.amazonaws.com@evil.example/x.pem"}, "bad_signature"),
        ({"SigningCertURL": "https://user@sns.eu-central-1.amazonaws.com/x.pem"}, "bad_signature"),
        ({"SigningCertURL": "https://sns.eu-central-1.amazonaws.com:8443/x.pem"}, "bad_signature"),
        ({"SigningCertURL": "https://bucket.s3.amazonaws.com/x.pem"}, "bad_signature"),
        ({"SigningCertURL": "https://[::1"}, "bad_signature"),
    ],
)
def test_what_is_wrong_with_a_message_is_named(change: dict[str, Any], reason: str) -> None:
    assert refused(signed(NOTIFICATION, NOTIFICATION_SIGNED, **change)) == reason


def test_raw_delivery_and_rubbish_are_no_messages() -> None:
    assert refused(b'{"line": "one"}') == "unsigned"
    assert refused(b"[]") == "unsigned"
    assert refused(b"not json") == "invalid_json"


def test_only_pinned_certificates_count_and_several_may_be_pinned() -> None:
    body = signed(NOTIFICATION, NOTIFICATION_SIGNED, by=OTHER)
    assert refused(body) == "bad_signature"
    assert refused(body, SNS.pem, OTHER.pem) == ""


async def registered(desk: Desk, **more: Any) -> None:
    """Register a source of SNS."""
    signature = {"scheme": "sns", "certificate": SNS.pem, "topics": [TOPIC], **more}
    await desk.register("sns", signature=signature)


async def deliver(desk: Desk, body: bytes) -> httpx2.Response:
    """Send as SNS does."""
    headers = {"content-type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": "any"}
    return await desk.client.post("/v1/webhooks/sns", content=body, headers=headers)


async def test_a_topic_of_somebody_else_is_refused_although_amazon_signed_it(desk: Desk) -> None:
    await registered(desk)
    foreign = TOPIC.replace("123456789012", "999999999999")
    text = NOTIFICATION_SIGNED.replace(TOPIC, foreign)
    answer = await deliver(desk, signed(NOTIFICATION, text, TopicArn=foreign))
    assert (answer.status_code, answer.json()["reason"]) == (403, "foreign_source")
    assert await desk.refusals() == []


async def test_a_message_outside_of_the_window_is_on_record(desk: Desk) -> None:
    await registered(desk)
    desk.clock.now = NOW + timedelta(days=4)
    answer = await deliver(desk, signed(NOTIFICATION, NOTIFICATION_SIGNED))
    assert (answer.status_code, answer.json()["reason"]) == (401, "outside_replay_window")
    assert [one["reason"] for one in await desk.refusals()] == ["outside_replay_window"]


async def test_a_subscription_waits_for_an_operator_who_alone_sees_its_address(desk: Desk) -> None:
    await registered(desk)
    answer = await deliver(desk, signed(CONFIRMATION, CONFIRMATION_SIGNED))
    assert (answer.status_code, answer.json()) == (
        200,
        {"status": "ignored", "reason": "handshake", "confirmed": False},
    )
    path = "/v1/sources/sns/handshakes"
    (shown,) = (await desk.client.get(path, headers=desk.person("operator"))).json()["items"]
    assert (shown["kind"], shown["subject"], shown["confirm_url"]) == ("sns_subscription", TOPIC, SUBSCRIBE_URL)
    assert (await desk.client.get(path, headers=desk.person("viewer"))).status_code == 403
    (record,) = await desk.refusals()
    assert (record["disposition"], record["reason"]) == ("ignored", "handshake")
    assert "secret-token" not in json.dumps(record)
    async with desk.connection() as connection:
        rows = await connection.exec_driver_sql(
            "SELECT row_to_json(h)::text FROM handshake h UNION ALL SELECT row_to_json(r)::text FROM rejected r"
        )
        assert not any("secret-token" in row[0] for row in rows)


async def test_a_subscription_whose_address_leads_elsewhere_is_never_visited(desk: Desk) -> None:
    await registered(desk, confirm=True)
    url = "https://169.254.169.254/?Action=ConfirmSubscription"
    text = CONFIRMATION_SIGNED.replace(SUBSCRIBE_URL, url)
    answer = await deliver(desk, signed(CONFIRMATION, text, SubscribeURL=url))
    assert (answer.status_code, answer.json()["reason"]) == (401, "bad_signature")


async def test_an_expired_certificate_counts_no_longer(desk: Desk) -> None:
    old = identity("sns.amazonaws.com", ends_at=MADE_AT + timedelta(days=2))
    await desk.register("sns", signature={"scheme": "sns", "certificate": old.pem, "topics": [TOPIC]})
    desk.clock.now = MADE_AT
    body = signed({**NOTIFICATION, "Timestamp": TIMESTAMP}, NOTIFICATION_SIGNED, by=old)
    assert (await deliver(desk, body)).json()["reason"] != "bad_signature"
    desk.clock.now = MADE_AT + timedelta(days=3)
    assert (await deliver(desk, body)).json()["reason"] == "bad_signature"


@pytest.mark.parametrize(
    "signature",
    [
        {"certificate": SNS.pem},
        {"certificate": SNS.pem, "topics": ["models"]},
        {"secret": "s", "topics": [TOPIC]},
        {"certificate": "s", "topics": [TOPIC]},
        {"certificate": ELLIPTIC, "topics": [TOPIC]},
        {"certificate": SNS.pem, "secret": "s", "topics": [TOPIC]},
        {"topics": [TOPIC]},
    ],
)
async def test_a_registration_needs_a_certificate_and_topics(desk: Desk, signature: dict[str, Any]) -> None:
    body = {"name": "sns", "source": "//sns", "signature": {"scheme": "sns", **signature}}
    answer = await desk.client.post("/v1/sources", json=body, headers=desk.person("admin"))
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/signature")


@asynccontextmanager
async def amazon(folder: Path, status: str) -> AsyncIterator[tuple[Confirmer, list[str]]]:
    """A server with the certificate of SNS' address, here; the confirmer that reaches it, and what it is asked."""
    authority = identity("authority")
    server = localhost(authority, "sns.eu-central-1.amazonaws.com")
    (folder / "chain.pem").write_text(server.pem + server.key_pem)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "chain.pem")
    asked: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(f"HTTP/1.1 {status}\r\nLocation: https://127.0.0.1/\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    async def resolve(name: str, _: int) -> CheckedHost:
        return CheckedHost(name, (ip_address("127.0.0.1"),))

    listening = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        yield Confirmer(resolve, ssl.create_default_context(cadata=authority.pem), port), asked


async def test_confirming_asks_once_by_name_over_tls(tmp_path: Path) -> None:
    async with amazon(tmp_path, "200 OK") as (confirmer, asked):
        await confirmer.visit(SUBSCRIBE_URL)
    (request,) = asked
    assert request.startswith("GET /?Action=ConfirmSubscription&Token=secret-token HTTP/1.1\r\n")
    assert "\r\nHost: sns.eu-central-1.amazonaws.com\r\n" in request


@pytest.mark.parametrize("status", ["302 Found", "403 Forbidden", "500 Failed"])
async def test_an_answer_other_than_200_confirms_nothing_and_no_redirect_is_followed(
    tmp_path: Path, status: str
) -> None:
    async with amazon(tmp_path, status) as (confirmer, asked):
        with pytest.raises(NotConfirmed, match=status[:3]):
            await confirmer.visit(SUBSCRIBE_URL)
    assert len(asked) == 1


async def test_another_certificate_than_the_names_own_confirms_nothing(tmp_path: Path) -> None:
    async with amazon(tmp_path, "200 OK") as (confirmer, asked):
        with pytest.raises(NotConfirmed, match="SSLCertVerificationError"):
            await confirmer.visit(SUBSCRIBE_URL.replace("eu-central-1", "eu-west-1"))
    assert asked == []


async def test_an_inner_address_is_not_called() -> None:
    with pytest.raises(NotConfirmed, match="not a public address"):
        await Confirmer().visit("https://localhost/?Action=ConfirmSubscription")


async def test_a_source_that_says_so_confirms_and_a_failure_makes_the_platform_ask_again(
    desk: Desk, tmp_path: Path
) -> None:
    await registered(desk, confirm=True)
    body = signed(CONFIRMATION, CONFIRMATION_SIGNED)
    async with amazon(tmp_path, "503 Busy") as (confirmer, _):
        failed = await deliver_to(desk, confirmer, body)
    assert (failed.status_code, failed.json()["reason"], failed.headers["retry-after"]) == (503, "not_confirmed", "60")
    assert "secret-token" not in failed.text
    assert await desk.refusals() == []
    async with amazon(tmp_path, "200 OK") as (confirmer, asked):
        confirmed = await deliver_to(desk, confirmer, body)
    assert (confirmed.status_code, confirmed.json()["confirmed"], len(asked)) == (200, True, 1)
    (shown,) = (await desk.client.get("/v1/sources/sns/handshakes", headers=desk.person("operator"))).json()["items"]
    assert (shown["confirmed_at"], shown["confirm_url"]) == ("2026-11-23T12:00:00Z", None)


async def deliver_to(desk: Desk, confirmer: Confirmer, body: bytes) -> httpx2.Response:
    """Send to the webhook route of the desk's intake, with another confirmer."""
    sealer = Sealer(load_key(desk.key_file))
    deliveries = SignedDeliveries(desk.reception, sealer, TrustedProxies((), ""))
    app = FastAPI()
    install_problems(app)
    callers = desk.app.state.callers
    app.include_router(
        webhooks.router(desk.reception, callers, deliveries, Handshaking(desk.reception, sealer, confirmer))
    )
    app.add_middleware(SharedRoom, room=Room(10**6, desk.reception.refuse_overload))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://intake.example") as client:
        return await client.post("/v1/webhooks/sns", content=body)

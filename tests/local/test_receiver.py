"""The receiver on this machine shows signed webhooks and mails, and refuses what is not signed."""

import base64
import json
import os
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import httpx2
import pytest
from standardwebhooks.webhooks import Webhook

from govbus.local.ports import answers, free_ports

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """A receiver in a process of its own; its ports."""
    webhook_port, mail_port = free_ports(2)
    (tmp_path / "secrets.json").write_text(json.dumps({"desk": {"signing": [SECRET]}}))
    environment = {
        "GOVBUS_RECEIVER_WEBHOOK_PORT": str(webhook_port),
        "GOVBUS_RECEIVER_MAIL_PORT": str(mail_port),
        "GOVBUS_RECEIVER_DIRECTORY": str(tmp_path),
        "GOVBUS_RECEIVER_SECRETS_FILE": str(tmp_path / "secrets.json"),
        "GOVBUS_RECEIVER_RECEIVER_NAME": "desk",
    }
    process = subprocess.Popen([sys.executable, "-m", "govbus.local.receiver"], env={**os.environ, **environment})
    deadline = time.monotonic() + 20
    while not answers(webhook_port):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    yield webhook_port, mail_port
    process.terminate()
    process.wait()


def test_what_arrives_is_shown_and_unsigned_webhooks_are_refused(receiver: tuple[int, int]) -> None:
    webhook_port, mail_port = receiver
    body = json.dumps({"type": "incident.opened"})
    now = datetime.now(UTC)
    signed = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("msg_1", now, body),
    }
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = "Incident opened", "govbus@localhost", "desk@localhost"
    mail.set_content("A version failed its validation.")

    with httpx2.Client(base_url=f"http://127.0.0.1:{webhook_port}", trust_env=False) as client:
        assert client.post("/", content=body, headers=signed).is_success
        assert client.post("/", content=body).status_code == 401
        assert client.post("/", content=body + " ", headers=signed).status_code == 401
        with smtplib.SMTP("127.0.0.1", mail_port) as smtp:
            smtp.send_message(mail)
        received = client.get("/received").json()

    assert [item["webhook_id"] for item in received["webhooks"]] == ["msg_1"]
    assert received["webhooks"][0]["payload"] == {"type": "incident.opened"}
    assert [(item["to"], item["subject"]) for item in received["mails"]] == [("desk@localhost", "Incident opened")]
    assert "failed its validation" in received["mails"][0]["text"]

"""A desk's mailbox on this machine: takes signed webhooks and mail, checks the signatures, and shows what arrived.

It stands where a real desk's endpoints would; the local notifier sends here unless a person says otherwise. What
arrived is appended to two files, one JSON line each.
"""

import asyncio
import email
import email.policy
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import uvicorn
from aiosmtpd.smtp import SMTP, Envelope, Session
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from govbus.local.ports import LOOPBACK

SHOWN_COUNT = 500
BODY_BYTES = 1024 * 1024


class ReceiverSettings(BaseSettings):
    """Read from `GOVBUS_RECEIVER_…`."""

    model_config = SettingsConfigDict(env_prefix="GOVBUS_RECEIVER_", frozen=True)

    webhook_port: int = Field(description="webhooks: POST /; what arrived: GET /received")
    mail_port: int = Field(description="SMTP")
    directory: Path = Field(description="where what arrived is kept")
    secrets_file: Path = Field(description="the notifier's secrets: receiver → signing secrets")
    receiver_name: str = Field(description="whose signing secret is checked")

    def signing_secret(self) -> str:
        """Return the newest signing secret of the receiver."""
        return str(json.loads(self.secrets_file.read_text(encoding="utf-8"))[self.receiver_name]["signing"][0])


class Mailbox:
    """What arrived, oldest first."""

    def __init__(self, secret: str, directory: Path) -> None:
        """Check signatures with this secret and keep what arrives in `directory`."""
        self._webhook = Webhook(secret)
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    def take_webhook(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Keep a delivery whose signature is right; return whether it was."""
        try:
            payload = self._webhook.verify(body, dict(headers))
        except WebhookVerificationError:
            return False
        self._keep("webhooks", {"webhook_id": headers.get("webhook-id"), "payload": payload})
        return True

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        """Keep a mail."""
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        message = email.message_from_bytes(content, policy=email.policy.default)
        body = message.get_body(("plain",))
        mail = {
            "to": ", ".join(envelope.rcpt_tos),
            "subject": str(message["subject"]),
            "message_id": str(message["message-id"]),
            "text": str(body.get_content()) if isinstance(body, EmailMessage) else "",
        }
        self._keep("mails", mail)
        return "250 taken"

    def received(self) -> dict[str, list[Any]]:
        """Return the last of what arrived."""
        return {kind: self._lines(kind) for kind in ("webhooks", "mails")}

    def _keep(self, kind: str, item: dict[str, Any]) -> None:
        with (self._directory / f"{kind}.jsonl").open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(item) + "\n")

    def _lines(self, kind: str) -> list[Any]:
        path = self._directory / f"{kind}.jsonl"
        kept = path.read_text(encoding="utf-8").splitlines()[-SHOWN_COUNT:] if path.exists() else []
        return [json.loads(line) for line in kept]


def build_receiver(settings: ReceiverSettings) -> Starlette:
    """Return the application; mail is listened for while it runs."""
    mailbox = Mailbox(settings.signing_secret(), settings.directory)

    async def webhook(request: Request) -> JSONResponse:
        body = await request.body()
        if len(body) > BODY_BYTES or not mailbox.take_webhook(body, request.headers):
            return JSONResponse({"detail": "not signed with the shared secret"}, 401)
        return JSONResponse({"taken": True})

    async def received(_: Request) -> JSONResponse:
        return JSONResponse(mailbox.received())

    async def ready(_: Request) -> JSONResponse:
        return JSONResponse({"status": "ready"})

    @asynccontextmanager
    async def listening_for_mail(_: Starlette) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(mailbox, loop=loop), LOOPBACK, settings.mail_port)
        try:
            yield
        finally:
            server.close()

    routes = [
        Route("/", webhook, methods=["POST"]),
        Route("/received", received),
        Route("/readyz", ready),
    ]
    return Starlette(routes=routes, lifespan=listening_for_mail)


def main() -> None:
    """Serve until SIGTERM."""
    settings = ReceiverSettings()
    uvicorn.run(build_receiver(settings), host=LOOPBACK, port=settings.webhook_port, log_level="warning")


if __name__ == "__main__":
    main()

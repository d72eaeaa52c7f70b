"""A desk's mailbox on this machine: takes signed webhooks and mail, checks the signatures, and shows what arrived.

It stands where a real desk's endpoints would; it runs with the stack unless the notifier is pointed elsewhere. What it
took lies in memory only, the last `KEPT_COUNT` of each.
"""

import asyncio
import email
import email.policy
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from aiosmtpd.controller import UnthreadedController
from aiosmtpd.smtp import SMTP, Envelope, Session
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

KEPT_COUNT = 500
BODY_BYTES = 1024 * 1024


class ReceiverSettings(BaseSettings):
    """Read from `GOVBUS_RECEIVER_…`."""

    model_config = SettingsConfigDict(env_prefix="GOVBUS_RECEIVER_", frozen=True)

    host: str = "127.0.0.1"
    http_port: int = Field(description="webhooks: POST /webhook; what arrived: GET /received")
    smtp_port: int = Field(description="mail")
    secret: SecretStr = Field(description="signing secret shared with the notifier, `whsec_…`")


class Mailbox:
    """What arrived, newest last."""

    def __init__(self, secret: str) -> None:
        """Check signatures with this secret."""
        self._webhook = Webhook(secret)
        self.webhooks: deque[dict[str, Any]] = deque(maxlen=KEPT_COUNT)
        self.mails: deque[dict[str, str]] = deque(maxlen=KEPT_COUNT)

    def take_webhook(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Keep a delivery whose signature is right; return whether it was."""
        try:
            payload = self._webhook.verify(body, dict(headers))
        except WebhookVerificationError:
            return False
        self.webhooks.append({"webhook_id": headers.get("webhook-id"), "payload": payload})
        return True

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        """Keep a mail."""
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        message = email.message_from_bytes(content, policy=email.policy.default)
        body = message.get_body(("plain",))
        self.mails.append(
            {
                "to": ", ".join(envelope.rcpt_tos),
                "subject": str(message["subject"]),
                "message_id": str(message["message-id"]),
                "text": str(body.get_content()) if body is not None else "",
            }
        )
        return "250 taken"


def build_receiver(settings: ReceiverSettings) -> Starlette:
    """Return the application; mail is listened for while it runs."""
    mailbox = Mailbox(settings.secret.get_secret_value())

    async def webhook(request: Request) -> JSONResponse:
        body = await request.body()
        if len(body) > BODY_BYTES or not mailbox.take_webhook(body, request.headers):
            return JSONResponse({"detail": "not signed with the shared secret"}, 401)
        return JSONResponse({"taken": True})

    async def received(_: Request) -> JSONResponse:
        return JSONResponse({"webhooks": list(mailbox.webhooks), "mails": list(mailbox.mails)})

    async def ready(_: Request) -> JSONResponse:
        return JSONResponse({"status": "ready"})

    @asynccontextmanager
    async def listening_for_mail(_: Starlette) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        controller = UnthreadedController(mailbox, hostname=settings.host, port=settings.smtp_port, loop=loop)
        controller.server = await controller._create_server()  # noqa: SLF001 - begin() would start a second loop
        try:
            yield
        finally:
            controller.server.close()

    routes = [
        Route("/webhook", webhook, methods=["POST"]),
        Route("/received", received),
        Route("/readyz", ready),
    ]
    return Starlette(routes=routes, lifespan=listening_for_mail)


def main() -> None:
    """Serve until SIGTERM."""
    settings = ReceiverSettings()  # type: ignore[call-arg]  # from the environment
    uvicorn.run(build_receiver(settings), host=settings.host, port=settings.http_port, log_level="warning")


if __name__ == "__main__":
    main()

"""Receivers that tests run: a webhook server and a mail server, good or flaky, both real."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import uvicorn
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


@dataclass(frozen=True)
class Received:
    """One POST."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class WebhookReceiver:
    """Answers with the next of `answers`, then 204; hangs for `hangs_seconds` before."""

    answers: list[Response] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    hangs_seconds: float = 0.0
    url: str = ""

    async def take(self, request: Request) -> Response:
        body = await request.body()
        self.received.append(Received(request.url.path, dict(request.headers), body))
        await asyncio.sleep(self.hangs_seconds)
        return self.answers.pop(0) if self.answers else Response(status_code=204)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["WebhookReceiver"]:
        app = Starlette(routes=[Route("/{path:path}", self.take, methods=["GET", "POST"])])
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off", ws="none"))
        task = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/hook?key=path-secret"
        try:
            yield self
        finally:
            server.should_exit = True
            await task


class MailReceiver:
    """Keeps mails; refuses with `reply` when one is set."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.reply: str | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802
        if self.reply:
            return self.reply
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append(message_from_bytes(content, EmailMessage, policy=policy.default))
        return "250 OK"

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop()

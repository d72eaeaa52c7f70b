"""Mail over SMTP. The Message-ID is the same on every attempt, so that a repeat can be recognised.

The standard library is used, not apprise: apprise makes a new Message-ID per attempt, hides the server's reply codes
and resolves the host itself, so that neither repeats, nor permanent refusals, nor addresses could be decided here.
"""

import asyncio
import smtplib
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from typing import Final

from typing_extensions import override

from govbus.eventing.network import CheckedHost, HostRefused, check_host
from govbus.notifier.channels.message import Links, mail_text
from govbus.notifier.domain.notification import Notification
from govbus.notifier.domain.retrying import Delivered, Outcome, Undelivered
from govbus.notifier.receivers import MailTarget
from govbus.notifier.secrets_file import ReceiverSecret

_THREADS_COUNT: Final = 4
_PERMANENT_FROM: Final = 500
_MESSAGE_DOMAIN: Final = "notifier.govbus"


class MailChannel:
    """Sends one mail to all recipients of a receiver through one smarthost."""

    def __init__(self, target: MailTarget, secret: ReceiverSecret, links: Links, timeout_seconds: float) -> None:
        """Log in only over TLS; without a user name not at all."""
        host, _, port = target.smarthost.rpartition(":")
        self._host, self._port = host.strip("[]"), int(port)
        self._target = target
        self._secret = secret
        self._links = links
        self._timeout_seconds = timeout_seconds
        # Threads of its own: a smarthost that trickles would take the loop's, and with them every name lookup.
        self._threads = ThreadPoolExecutor(_THREADS_COUNT, thread_name_prefix="mail")

    async def send(self, notification: Notification, traceparent: str | None) -> Outcome:
        """Send once, in a thread; `traceparent` travels as a header."""
        try:
            host = await check_host(self._host, self._port, allow_private_network=self._target.allow_private_network)
        except HostRefused as refused:
            return Undelivered(refused.reason, refused.detail)
        message = self._message(notification, traceparent)
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._send, host, message)

    def _message(self, notification: Notification, traceparent: str | None) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._target.sender
        message["To"] = ", ".join(self._target.recipients)
        message["Subject"] = f"[Govbus] {notification.title}"
        message["Date"] = notification.cause.known_at
        message["Message-ID"] = f"<{notification.id}@{_MESSAGE_DOMAIN}>"
        message["Auto-Submitted"] = "auto-generated"
        message["X-Govbus-Notification"] = notification.id
        if traceparent:
            message["Traceparent"] = traceparent
        message.set_content(mail_text(notification, self._links), cte="quoted-printable")
        return message

    def _send(self, host: CheckedHost, message: EmailMessage) -> Outcome:
        try:
            with self._connect(host) as smtp:
                refused = smtp.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            return _refused(dict(error.recipients))
        except smtplib.SMTPResponseException as error:
            return _by_code(error.smtp_code)
        except TimeoutError:
            return Undelivered("timeout", "The smarthost did not answer in time; it may have got it.")
        except (OSError, smtplib.SMTPException) as error:
            return Undelivered("unreachable", f"{self._host}: {type(error).__name__}")
        return _refused(refused) if refused else Delivered("accepted by the smarthost")

    def _connect(self, host: CheckedHost) -> smtplib.SMTP:
        context = ssl.create_default_context()
        is_implicit = self._target.tls == "implicit"
        smtp = _PinnedSmtp(host, context if is_implicit else None, self._port, self._timeout_seconds)
        try:
            if self._target.tls == "starttls":
                smtp.starttls(context=context)
            if self._secret.username and self._target.tls != "none":
                smtp.login(self._secret.username, self._secret.password.get_secret_value())
        except BaseException:
            smtp.close()
            raise
        return smtp


class _PinnedSmtp(smtplib.SMTP):
    """Connects to the address that was checked, while certificates are compared with the name."""

    def __init__(self, host: CheckedHost, context: ssl.SSLContext | None, port: int, timeout_seconds: float) -> None:
        self._checked = host
        self._implicit = context
        super().__init__(host.name, port, local_hostname="govbus", timeout=timeout_seconds)

    @override
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:  # type: ignore[misc]
        address = str(self._checked.addresses[0])
        plain = socket.create_connection((address, port), timeout)
        return self._implicit.wrap_socket(plain, server_hostname=host) if self._implicit else plain


def _refused(recipients: dict[str, tuple[int, bytes]]) -> Outcome:
    """Judge by the mildest refusal: while one recipient may still take it, it is tried again."""
    return _by_code(min(code for code, _ in recipients.values()))


def _by_code(code: int) -> Outcome:
    """Return the outcome of an SMTP reply. Source: RFC 5321, section 4.2.1 (4xx transient, 5xx permanent)."""
    return Undelivered(f"smtp_{code}", f"SMTP {code}", is_permanent=code >= _PERMANENT_FROM)

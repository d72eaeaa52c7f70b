"""Webhooks, signed: the id is the same on every attempt, the timestamp and so the signature are not.

Source: Standard Webhooks 1.0, "Signature scheme" and "Operational considerations".
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from ipaddress import IPv6Address
from typing import Final

import httpx2
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook

from govbus.eventing.addresses import Address
from govbus.eventing.network import HostRefused, check_host
from govbus.notifier.channels.message import Links, webhook_body
from govbus.notifier.domain.notification import Notification
from govbus.notifier.domain.retrying import Delivered, Outcome, Undelivered
from govbus.notifier.receivers import WebhookTarget

_PERMANENT: Final = frozenset({HTTPStatus.GONE, HTTPStatus.REQUEST_ENTITY_TOO_LARGE})
"""410 is the receiver's word that it does not want them any more; too large stays too large."""

_ANSWER_LIMIT_BYTES: Final = 64 * 1024
_HTTPS_PORT: Final = 443
_HTTP_PORT: Final = 80


class WebhookChannel:
    """Posts to one URL. No redirect is followed, no proxy used, no address connected to that was not checked."""

    def __init__(
        self,
        target: WebhookTarget,
        secrets: Sequence[SecretStr],
        links: Links,
        client: httpx2.AsyncClient,
        clock: Callable[[], datetime],
    ) -> None:
        """Sign with every secret, so that a receiver may change over at its own time."""
        self._target = target
        self._url = httpx2.URL(target.url)
        self._signers = [Webhook(secret.get_secret_value()) for secret in secrets if secret.get_secret_value()]
        self._links = links
        self._client = client
        self._clock = clock

    async def send(self, notification: Notification, traceparent: str | None) -> Outcome:
        """Post once."""
        port = self._url.port or (_HTTPS_PORT if self._url.scheme == "https" else _HTTP_PORT)
        try:
            host = await check_host(self._url.host, port, allow_private_network=self._target.allow_private_network)
        except HostRefused as refused:
            return Undelivered(refused.reason, refused.detail)
        return await self._post(notification, traceparent, host.addresses[0])

    async def _post(self, notification: Notification, traceparent: str | None, address: Address) -> Outcome:
        body = webhook_body(notification, self._links)
        headers = self._headers(notification, body, traceparent)
        url = self._url.copy_with(host=f"[{address}]" if isinstance(address, IPv6Address) else str(address))
        extensions = {"sni_hostname": self._url.host}
        try:
            async with self._client.stream(
                "POST", url, content=body, headers=headers, extensions=extensions, follow_redirects=False
            ) as response:
                await _read_some(response)
        except httpx2.TimeoutException:
            return Undelivered("timeout", "The receiver did not answer in time; it may have got it.")
        except httpx2.HTTPError as error:
            return Undelivered("unreachable", f"{self._url.host}: {type(error).__name__}")
        return _outcome(response, self._clock())

    def _headers(self, notification: Notification, body: bytes, traceparent: str | None) -> dict[str, str]:
        now = self._clock()
        id_ = f"msg_{notification.id}"
        signatures = " ".join(signer.sign(id_, now, body.decode()) for signer in self._signers)
        headers = {
            "host": self._url.netloc.decode("ascii"),
            "content-type": "application/json",
            "user-agent": "govbus-notifier/1",
            "webhook-id": id_,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signatures,
        }
        return {**headers, "traceparent": traceparent} if traceparent else headers


async def _read_some(response: httpx2.Response) -> None:
    """Read an answer's beginning, so that its sender sees it taken; a long one is cut off."""
    read_bytes = 0
    async for chunk in response.aiter_raw():
        read_bytes += len(chunk)
        if read_bytes > _ANSWER_LIMIT_BYTES:
            return


def _outcome(response: httpx2.Response, now: datetime) -> Outcome:
    status = response.status_code
    if response.is_success:
        return Delivered(f"HTTP {status}")
    detail = f"HTTP {status}" + (": redirects are not followed" if response.is_redirect else "")
    return Undelivered(
        f"http_{status}",
        detail,
        is_permanent=status in _PERMANENT,
        retry_after=_retry_after(response.headers.get("retry-after", ""), now),
    )


def _retry_after(text: str, now: datetime) -> timedelta | None:
    """Return the wait asked for, in seconds or as a date; None when it is neither. Source: RFC 9110, 10.2.3."""
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), 10**8))
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(timedelta(0), (at if at.tzinfo else at.replace(tzinfo=UTC)) - now)

"""Makes the channel of every configured receiver."""

from collections.abc import Callable, Mapping
from datetime import datetime

import httpx2

from govbus.notifier.channels.log import LogChannel
from govbus.notifier.channels.mail import MailChannel
from govbus.notifier.channels.message import Channel, Links
from govbus.notifier.channels.webhook import WebhookChannel
from govbus.notifier.receivers import Receiver
from govbus.notifier.secrets_file import ReceiverSecret

_NO_SECRET = ReceiverSecret()


def new_client(timeout_seconds: float) -> httpx2.AsyncClient:
    """Return the client of all webhooks: no proxy or credential from the environment, no redirects, no cookies kept.

    No connection is used twice: they are pooled by address, and one address may serve two receivers of which each has
    to show its own certificate.
    """
    limits = httpx2.Limits(max_keepalive_connections=0)
    return httpx2.AsyncClient(timeout=timeout_seconds, trust_env=False, follow_redirects=False, limits=limits)


def build_channels(
    receivers: Mapping[str, Receiver],
    secrets: Mapping[str, ReceiverSecret],
    links: Links,
    client: httpx2.AsyncClient,
    timeout_seconds: float,
    clock: Callable[[], datetime],
) -> dict[str, Channel]:
    """Return channels by receiver name."""
    channels: dict[str, Channel] = {}
    for receiver in receivers.values():
        secret = secrets.get(receiver.name, _NO_SECRET)
        if not receiver.is_configured:
            continue
        if receiver.webhook is not None:
            channels[receiver.name] = WebhookChannel(receiver.webhook, secret.signing, links, client, clock)
        elif receiver.mail is not None:
            channels[receiver.name] = MailChannel(receiver.mail, secret, links, timeout_seconds)
        else:
            channels[receiver.name] = LogChannel()
    return channels

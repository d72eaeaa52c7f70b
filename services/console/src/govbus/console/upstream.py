"""The services' APIs, asked with the token of who looks; what goes wrong becomes a sentence on the page."""

import asyncio
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Final, TypeVar

import httpx2

from govbus.console.domain.board import Away, Board, Checkpoint, Items, Present, parse_checkpoint
from govbus.contracts import strict_json

_log: Final = logging.getLogger(__name__)
_SHOWN_COUNT: Final = 25
_ANSWER_LIMIT_BYTES: Final = 4 * 1024 * 1024
_INCIDENTS: Final = f"/v1/cases?kind=incident&state=open&state=acknowledged&limit={_SHOWN_COUNT}"
_NOTIFICATIONS: Final = f"/v1/notifications?limit={_SHOWN_COUNT}"
_CHECKPOINT: Final = "/v1/log/checkpoint"

T = TypeVar("T")


class Upstream:
    """Asks for everything on the board at once; one service that is away takes nothing else from the page."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        """Take a client whose base is the front door."""
        self._client = client

    async def board(self, token: str) -> Board:
        """Return what the services say now."""
        incidents, notifications, checkpoint = await asyncio.gather(
            self._ask(_INCIDENTS, token, "Oversight", "Incidents", _items),
            self._ask(_NOTIFICATIONS, token, "The notifier", "Notifications", _items),
            self._ask(_CHECKPOINT, token, "The audit log", "The checkpoint", _checkpoint),
        )
        return Board(incidents, notifications, checkpoint)

    async def _ask(self, path: str, token: str, who: str, what: str, read: Callable[[bytes], T]) -> Present[T] | Away:
        try:
            response = await self._client.get(path, headers={"authorization": f"Bearer {token}"})
        except httpx2.HTTPError as error:
            _log.info("%s: %s", path, type(error).__name__)
            return Away(f"{who} does not answer at the moment. {what} will appear here when it does.")
        if response.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            return Away(f"{who} does not show this to you: your sign-in is over or lacks the role.")
        if path == _CHECKPOINT and response.status_code == HTTPStatus.NOT_FOUND:
            return Away("The audit log has not signed a checkpoint yet.")
        if response.status_code != HTTPStatus.OK or len(response.content) > _ANSWER_LIMIT_BYTES:
            return Away(f"{who} is not available at the moment (HTTP {response.status_code}).")
        try:
            return Present(read(response.content))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            _log.warning("%s: unexpected answer: %s", path, type(error).__name__)
            return Away(f"{who} answered something this page does not understand.")


def _items(raw: bytes) -> Items:
    document = strict_json.parse(raw)
    items = document["items"]
    if not all(isinstance(item, dict) for item in items):
        raise TypeError("items are not objects")
    return Items(tuple(items), document.get("next") is not None)


def _checkpoint(raw: bytes) -> Checkpoint:
    return parse_checkpoint(raw.decode())

"""Signing in and out: from a one-time code to a cookie, from a cookie to the token of a person."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from govbus.console.cookie import Cookie, NotOurs, new_cookie
from govbus.console.signin_codes import take_code
from govbus.console.store import sessions
from govbus.console.store.sessions import StoredSession
from govbus.eventing.access import Principal
from govbus.eventing.problems import Problem
from govbus.eventing.service import Service


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks at a page, by which session."""

    person: Principal
    token: str
    cookie: Cookie
    expires_at: datetime


class Sessions:
    """Sessions of this console; the token in one is verified at every use, so it cannot outlive its expiry."""

    def __init__(self, service: Service, directory: Path, life: timedelta, clock: Callable[[], datetime]) -> None:
        """Take codes from `directory`; a session lasts at most `life`."""
        self._service = service
        self._directory = directory
        self._life = life
        self._clock = clock

    async def open(self, code: str) -> tuple[Cookie, datetime]:
        """Return the cookie of a new session and its end.

        Raises:
            CodeRefused: the code lets nobody in.
            Problem: the token behind it is not valid here.
        """
        now = self._clock()
        token = await asyncio.to_thread(take_code, self._directory, code, now)
        person = self._service.access.verify(token)
        cookie, ends_at = new_cookie(), now + self._life
        kept = StoredSession(cookie.digest, person.id, cookie.seal(token), now, ends_at)
        async with self._service.engine.begin() as connection:
            await sessions.add(connection, kept)
        return cookie, ends_at

    async def visitor(self, cookie: Cookie | None) -> Visitor | None:
        """Return who comes with the cookie, None when nobody is signed in by it."""
        if cookie is None:
            return None
        async with self._service.engine.connect() as connection:
            kept = await sessions.find(connection, cookie.digest, self._clock())
        if kept is None:
            return None
        try:
            token = cookie.unseal(kept.sealed_token)
            return Visitor(self._service.access.verify(token), token, cookie, kept.expires_at)
        except (NotOurs, Problem):
            return None

    async def close(self, cookie: Cookie) -> None:
        """End a session."""
        async with self._service.engine.begin() as connection:
            await sessions.end(connection, cookie.digest)

    async def drop_expired(self) -> None:
        """Forget sessions that are over."""
        async with self._service.engine.begin() as connection:
            await sessions.drop_expired(connection, self._clock())

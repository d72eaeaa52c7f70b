"""Storing and activating policy bundles: every change of what decides is an event."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.contracts.conclusions.policy import PolicyActivated, PolicyMode
from govbus.contracts.envelope import Event
from govbus.contracts.making import Actor, clock_concluded, person_did, service_source
from govbus.contracts.topics import RISK
from govbus.eventing.outbox import Outbox
from govbus.eventing.serialise import lock_subject
from govbus.eventing.service import Service
from govbus.risk.policy.bundle import Bundle
from govbus.risk.shelf import Shelf
from govbus.risk.store import bundles

SUBJECT: Final = "service/risk"
ITSELF: Final = service_source("risk")
DEFAULT_NAME: Final = "default"


class UnknownBundle(LookupError):
    """Nobody stored a bundle of that digest."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A bundle that is on the shelf; `is_new` when it was not there before."""

    bundle: Bundle
    is_new: bool


class Policies:
    """Keeps bundles and says which decides."""

    def __init__(self, service: Service, shelf: Shelf, clock: Callable[[], datetime]) -> None:
        """Store through this service, compile on this shelf."""
        self._service = service
        self._shelf = shelf
        self._clock = clock
        self._default_settled = False

    async def store(self, name: str, files: dict[str, str], by: str) -> Stored:
        """Compile and store a bundle; the same bundle again changes nothing.

        Raises:
            BundleRefused: with every problem found.
        """
        bundle = self._shelf.compile(files)
        async with self._service.transaction() as (connection, _):
            is_new = await self._put(connection, bundle, name, by)
        return Stored(bundle, is_new)

    async def activate(self, digest: str, mode: PolicyMode, actor: Actor) -> bool:
        """Let the stored bundle decide in this mode; return whether that changed anything.

        Raises:
            UnknownBundle: nobody stored it.
        """
        async with self._service.transaction() as (connection, outbox):
            await lock_subject(connection, SUBJECT)
            rules_count = await bundles.rules_count_of(connection, digest)
            if rules_count is None:
                raise UnknownBundle(digest)
            current = (await bundles.active(connection)).get(mode)
            if current and current.digest == digest:
                return False
            said = _said(digest, mode, rules_count, actor.id, current)
            event = person_did("risk", SUBJECT, said, actor, self._clock())
            await _activate(connection, outbox, said, event)
        return True

    async def settle_default(self, files: dict[str, str]) -> None:
        """Store the default bundle, and activate it where no person has chosen one. Done once per process."""
        if self._default_settled:
            return
        bundle = self._shelf.compile(files)
        async with self._service.transaction() as (connection, outbox):
            await lock_subject(connection, SUBJECT)
            await self._put(connection, bundle, DEFAULT_NAME, ITSELF)
            current = (await bundles.active(connection)).get("enforce")
            if current is None or (current.activated_by == ITSELF and current.digest != bundle.digest):
                said = _said(bundle.digest, "enforce", len(bundle.rules), ITSELF, current)
                due = f"{current.ordinal if current else 0}:{bundle.digest}"
                event = clock_concluded("risk", SUBJECT, said, "default-policy", due, self._clock())
                await _activate(connection, outbox, said, event)
        self._default_settled = True

    async def _put(self, connection: AsyncConnection, bundle: Bundle, name: str, by: str) -> bool:
        return await bundles.put(
            connection,
            digest=bundle.digest,
            name=name,
            files=bundle.files,
            rules_count=len(bundle.rules),
            at=self._clock(),
            by=by,
        )


def _said(
    digest: str, mode: PolicyMode, rules_count: int, by: str, current: bundles.Activation | None
) -> PolicyActivated:
    previous = current.digest if current else None
    return PolicyActivated(digest=digest, mode=mode, rules_count=rules_count, activated_by=by, previous_digest=previous)


async def _activate(connection: AsyncConnection, outbox: Outbox, said: PolicyActivated, event: Event) -> None:
    await bundles.activate(
        connection, mode=said.mode, digest=said.digest, at=event.time, by=said.activated_by, event_id=event.id
    )
    outbox.append(event, RISK)

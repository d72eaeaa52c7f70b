"""Who calls intake: a platform by its credential, or a person by a token."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncEngine

from govbus.eventing.access import READERS, Access, Principal, bearer_token
from govbus.eventing.database import without_transaction
from govbus.eventing.problems import Problem
from govbus.intake.domain import credential
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.source import Source, person_source
from govbus.intake.store import sources

Count = Callable[[str], None]
CheckRate = Callable[[Source], None]


class Callers:
    """Tells callers apart; what is not authenticated is counted and refused."""

    def __init__(
        self,
        access: Access,
        engine: AsyncEngine,
        clock: Callable[[], datetime],
        count: Count,
        check_rate: CheckRate,
    ) -> None:
        """`count` is told the reason of each refusal; `check_rate` refuses who sends too fast."""
        self._access = access
        self._engine = without_transaction(engine)
        self._clock = clock
        self._count = count
        self._check_rate = check_rate

    async def emitter(self, request: Request) -> tuple[Source, Refused | None]:
        """Return who emits, and why not: a person without the role `owner` is known, so the refusal is on record.

        Raises:
            Problem: 401, or 429 for one that sends faster than it may.
        """
        caller = await self.reader(request)
        source = caller if isinstance(caller, Source) else person_source(caller.id)
        self._check_rate(source)
        if isinstance(caller, Source) or caller.has("owner"):
            return source, None
        return source, Refused("not_yours", "A source credential emits, or a person with the role owner.")

    async def reader(self, request: Request) -> Source | Principal:
        """Return who reads: a platform (its own state), or a person with any role.

        Raises:
            Problem: 401 or 403.
        """
        try:
            token = bearer_token(request)
            if credential.is_token(token):
                return await self._source(token)
            principal = self._access.verify(token)
        except Problem:
            self._count("unknown_credential")
            raise
        if not principal.has(*READERS):
            raise Problem(status=403, reason="role_missing", title="Not allowed", detail="The token has no role here.")
        return principal

    def person(self, *roles: str) -> Callable[[Request], Awaitable[Principal]]:
        """Return a FastAPI dependency: a person who holds one of `roles`; a platform is known here, but not allowed."""
        check = self._access.require(*roles)

        async def dependency(request: Request) -> Principal:
            if isinstance(await self.reader(request), Source):
                raise Problem(
                    status=403, reason="not_yours", title="Not allowed", detail="A person's token is needed here."
                )
            return await check(request)

        return dependency

    async def _source(self, token: str) -> Source:
        async with self._engine.connect() as connection:
            found = await sources.find_credential(connection, credential.digest_of(token))
        if found is None or not found[0].is_good(self._clock()):
            raise Problem(
                status=401,
                reason="unknown_credential",
                title="No such credential",
                detail="It is not known here, has expired or was revoked; an operator issues a new one.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        return found[1]

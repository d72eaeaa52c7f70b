"""Notices that the log was closed, by this process or by `govbus log close` beside it."""

from sqlalchemy.ext.asyncio import AsyncEngine

from govbus.audit_log.standing import Standing
from govbus.audit_log.store.closing import closing_of


class ClosedWatch:
    """Tells the standing; the database refuses to append to a closed log anyway."""

    def __init__(self, engine: AsyncEngine, standing: Standing) -> None:
        """Look at the log behind `engine`."""
        self._engine = engine
        self._standing = standing

    async def look(self) -> None:
        """Say so if the last entry closes the log.

        Raises:
            Exception: the database is away.
        """
        async with self._engine.connect() as connection:
            found = await closing_of(connection)
        if found is not None:
            self._standing.close(found.sentence())

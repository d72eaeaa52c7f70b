"""Empties platforms' own topics behind what intake took: a platform writes there what intake has not sealed yet.

Facts are on `govbus.facts` and refusals on record by then, so nothing is lost. What was taken stays until the round
after the next: a database that fails over and forgets its last seconds finds the records again.
"""

from govbus.eventing.kafka import delete_before
from govbus.eventing.settings import ServiceSettings
from govbus.intake.reception import Transaction, reading
from govbus.intake.store import taken

Place = tuple[str, int]


class Trimming:
    """Remembers how far each partition had been taken in at the last round; a new process begins with none."""

    def __init__(self, settings: ServiceSettings, transaction: Transaction) -> None:
        """Nothing is known before the first round, and nothing deleted in it."""
        self._settings = settings
        self._transaction = transaction
        self._taken: dict[Place, int] = {}
        self._deleted: dict[Place, int] = {}

    async def trim(self) -> None:
        """Delete what had been taken in at the last round; another process that does the same does no harm."""
        due = {place: offset for place, offset in self._taken.items() if self._deleted.get(place, 0) < offset}
        async with reading(self._transaction) as connection:
            self._taken = await taken.next_offsets(connection)
        if due:
            await delete_before(self._settings, "govbus.intake.trimming", due)
            self._deleted |= due

"""Gathers what belongs to a subject: its entries, those of the subjects it names, and everything correlated.

Depends on the tree size and on what may be read alone, so the same question has the same answer as long as nothing
was erased.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.audit_log.domain.classification import is_open
from govbus.audit_log.domain.relation import Link, Related, Relation
from govbus.audit_log.store import related as store
from govbus.audit_log.store.related import Found
from govbus.contracts import strict_json, types

_STEPS_COUNT: Final = 2
"""A system names models, and models name data sets; what data sets are made of is another subject's evidence."""

_NAMING_COUNT: Final = 2_000
"""Events read for the subjects they name: more than any subject has versions."""

_INCIDENT: Final = "incident/"


class TooManyEntries(Exception):
    """More entries belong to the subject than a pack may hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much is gathered: entries in all, subjects named, and entries of one chain of events."""

    entries_count: int
    subjects_count: int
    chain_count: int


class Gathering:
    """What belongs to one subject in the tree of one size."""

    def __init__(self, subject: str, size: int, *, confidential: bool, bounds: Bounds) -> None:
        """Gather nothing yet; `confidential` says whether payloads that are not open may be read for names."""
        self._subject = subject
        self._size = size
        self._confidential = confidential
        self._bounds = bounds
        self._found: dict[int, Found] = {}
        self._relations: dict[str, Relation] = {subject: "subject"}
        self._not_followed: list[str] = []

    async def gather(self, connection: AsyncConnection, links: Sequence[Link]) -> Related:
        """Return everything related.

        Raises:
            TooManyEntries: see there.
        """
        await self._name_others(connection, links)
        await self._take_subjects(connection, list(self._relations))
        await self._take_chains(connection)
        erasures = await store.taken_away(connection, sorted(self._found))
        own = {taken.entry_index for taken in erasures.values()}
        self._take(await store.entries_found(connection, sorted(own), self._size), None)
        return Related(tuple(sorted(self._found)), dict(self._relations), tuple(self._not_followed))

    def closed(self) -> list[int]:
        """Return the indexes of what was gathered and is not open."""
        return sorted(index for index, found in self._found.items() if not is_open(found.classification))

    async def _name_others(self, connection: AsyncConnection, links: Sequence[Link]) -> None:
        full_types = sorted({types.full_name(link.type) for link in links})
        frontier = [self._subject]
        for _ in range(_STEPS_COUNT):
            said = await store.naming_payloads(connection, frontier, full_types, self._size, _NAMING_COUNT)
            named = {subject for row in said for subject in self._named(links, *row)} - self._relations.keys()
            room_count = self._bounds.subjects_count - len(self._relations)
            frontier = sorted(named)[:room_count]
            self._not_followed += sorted(named)[room_count:]
            self._relations |= dict.fromkeys(frontier, "named")

    def _named(self, links: Sequence[Link], type_: str, classification: str, payload: bytes) -> list[str]:
        if not self._confidential and not is_open(classification):
            return []
        try:
            document = strict_json.parse(payload)
        except strict_json.InvalidJson:
            return []
        matching = [link for link in links if types.full_name(link.type) == type_]
        return [subject for link in matching for subject in link.subjects(document)]

    async def _take_subjects(self, connection: AsyncConnection, subjects: Sequence[str]) -> None:
        limit_count = self._bounds.entries_count + 1
        self._take(await store.entries_of(connection, subjects, self._size, limit_count), None)

    async def _take_chains(self, connection: AsyncConnection) -> None:
        """Take what is correlated with the subject's own events, and all of the incidents among it."""
        chains = await store.chains_of(connection, self._subject, self._size)
        limit_count = self._bounds.chain_count
        for chain, found in (await store.entries_of_chains(connection, chains, self._size, limit_count + 1)).items():
            if len(found) > limit_count:
                self._not_followed.append(chain)
            else:
                self._take(found, "correlated")
        self._take(await store.roots_of_chains(connection, chains, self._size), "correlated")
        incidents = [subject for subject in self._relations if subject.startswith(_INCIDENT)]
        await self._take_subjects(connection, incidents)

    def _take(self, found: Sequence[Found], relation: Relation | None) -> None:
        for one in found:
            self._found[one.index] = one
            if relation is not None and one.subject is not None:
                self._relations.setdefault(one.subject, relation)
        if len(self._found) > self._bounds.entries_count:
            raise TooManyEntries

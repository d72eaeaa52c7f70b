"""The start check: the stored log against its keys, its newest checkpoint, and the newest in every place outside."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from govbus.audit_log.domain.consistency import Inconsistent, check_same, missing_range
from govbus.audit_log.keys import LogKeys
from govbus.audit_log.outside import Outside, PlaceAway
from govbus.audit_log.standing import Standing
from govbus.audit_log.store import signing as store
from govbus.audit_log.store.appending import read_head
from govbus.audit_log.store.places import copied_size
from govbus.audit_log.store.tree import compact_at
from govbus.contracts.translog.checkpoint import Checkpoint, open_checkpoint
from govbus.contracts.translog.merkle import CompactRange
from govbus.contracts.translog.note import NoteRejected

_log: Final = logging.getLogger(__name__)
_PLACE_SECONDS: Final = 15.0
"""So long may a place that hangs hold up the start."""

_STORED: Final = "the newest stored checkpoint"


class Comparison:
    """Compares once per process; a copy place that was away at the start is compared before it is written."""

    def __init__(
        self,
        engine: AsyncEngine,
        keys: LogKeys,
        topic: Outside | None,
        places: Sequence[Outside],
        standing: Standing,
    ) -> None:
        """Take what is compared; `topic` is None where an operator said that it was lost."""
        self._engine = engine
        self._keys = keys
        self._topic = topic
        self._places = places
        self._standing = standing
        self._compared: set[str] = set()

    async def compare(self) -> CompactRange | None:
        """Check everything that answers and let the log go on; return the tree signed last.

        The topic must answer, and one of the places for copies: the others are compared when they do.

        Raises:
            Inconsistent: the log is behind a copy, has another history, or was signed by another key.
            PlaceAway: no place for copies can be read.
            KafkaError: the topic cannot be read.
        """
        notes = [(self._topic.name, await self._topic.newest())] if self._topic else []
        answers = await asyncio.gather(*map(self._newest, self._places), return_exceptions=True)
        away = [answer for answer in answers if isinstance(answer, BaseException)]
        for error in away:
            if not isinstance(error, PlaceAway) or len(away) == len(answers):
                raise error
            _log.warning("the log starts without it: %s", error)
        for place, answer in zip(self._places, answers, strict=True):
            if not isinstance(answer, BaseException):
                notes.append((place.name, answer))
        async with self._engine.connect() as connection:
            newest = await store.newest_checkpoint(connection)
            if newest is not None:
                signed = self._opened(newest.note, _STORED)
                check_same(newest.compact.size, newest.compact.root, signed.root, _STORED)
                await self._check(connection, [(_STORED, newest.note)])
            await self._check(connection, [(where, note) for where, note in notes if note is not None])
        self._compared.update(where for where, _ in notes)
        self._standing.compared()
        return newest.compact if newest else None

    async def compare_place(self, place: Outside) -> None:
        """Check one place that was away at the start, once.

        Raises:
            Inconsistent: the log is behind it or has another history.
            PlaceAway: still away.
        """
        if place.name not in self._compared:
            note = await self._newest(place)
            async with self._engine.connect() as connection:
                await self._check(connection, [] if note is None else [(place.name, note)])
            self._compared.add(place.name)

    async def _newest(self, place: Outside) -> str | None:
        """Return the newest note of a place, looked for from where it stood when the database was last written."""
        async with self._engine.begin() as connection:
            known_size = await copied_size(connection, place.name)
        try:
            async with asyncio.timeout(_PLACE_SECONDS):
                note = await place.newest(known_size)
        except TimeoutError:
            raise PlaceAway(f"{place.name} did not answer within {_PLACE_SECONDS:.0f} s") from None
        if note is None and known_size:
            _log.warning("%s held a checkpoint of size %d and holds it no more", place.name, known_size)
        return note

    async def _check(self, connection: AsyncConnection, notes: Sequence[tuple[str, str]]) -> None:
        """Check the log against notes: first those it should cover, then whether one is beyond it."""
        head = (await read_head(connection)).compact
        signed = [(self._opened(note, where), where) for where, note in notes]
        for checkpoint, where in signed:
            size = checkpoint.size
            if size <= head.size:
                check_same(size, (await compact_at(connection, size)).root, checkpoint.root, where)
        newest, where = max(signed, key=lambda found: found[0].size, default=(None, ""))
        if newest is not None and newest.size > head.size:
            raise Inconsistent(missing_range(head.size, newest.size, newest.root, where))

    def _opened(self, note: str, where: str) -> Checkpoint:
        try:
            return open_checkpoint(note, self._keys.believed).checkpoint
        except NoteRejected as error:
            raise Inconsistent(
                f"{where} is not of this log and its keys ({error}): restore the log's own key file, or name the key "
                "that signed it in GOVBUS_AUDIT_LOG_RETIRED_VKEYS"
            ) from None

"""Handles parked records again, or gives them up, in the order of their key and under the partition's lock."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from govbus.contracts import topics
from govbus.contracts.conclusions.parking import RecordResumed
from govbus.eventing import parking
from govbus.eventing.failures import is_transient
from govbus.eventing.offsets import read_offset
from govbus.eventing.outbox import Outbox
from govbus.eventing.parking import Parked
from govbus.eventing.partition import refusal_of
from govbus.eventing.reading import about_record, decode_record, reference_to
from govbus.eventing.serialise import lock_subject

REPLAY_COUNT: Final = 100
"""Records handled again in one transaction: a key that was parked for days outlasts the role's transaction_timeout."""

REPLAYED: Final = "replayed"
DISCARDED: Final = "discarded"


class HandlesAgain(Protocol):
    """A reading that can handle one parked record again."""

    async def handle_again(self, connection: AsyncConnection, outbox: Outbox, parked: Parked) -> None:
        """Handle it, or raise why not."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay did: records resumed, and what stopped it (None: the key is drained)."""

    resumed: tuple[UUID, ...]
    stopped_at: UUID | None = None
    reason: str | None = None
    detail: str | None = None


class NotParked(LookupError):
    """No record is parked under this id."""


class Replaying:
    """Replay and discard for one service."""

    def __init__(self, service: str, engine: AsyncEngine, reading: HandlesAgain) -> None:
        """Use the service's own reading, so that a replayed record is handled like a fresh one."""
        self._service = service
        self._engine = engine
        self._reading = reading

    async def replay(self, id_: UUID, by: str) -> Replayed:
        """Drain the key of a parked record in order; stops at the first that fails again.

        A long queue takes several transactions: what is left of it holds its key between them.

        Raises:
            NotParked: nothing is parked under `id_`.
        """
        resumed: list[UUID] = []
        head: Parked | None = None
        while True:
            async with self._engine.begin() as connection:
                if head is None:
                    head = await self._claim(connection, id_)
                else:
                    await read_offset(connection, head.record.topic, head.record.partition, lock=True)
                queue = await parking.queue_of(connection, head, REPLAY_COUNT)
                part = await self._drain(connection, queue, by)
            resumed += part.resumed
            if part.stopped_at or len(queue) < REPLAY_COUNT:
                return replace(part, resumed=tuple(resumed))

    async def discard(self, id_: UUID, by: str) -> None:
        """Give one parked record up, on record; those behind it wait for a replay.

        Raises:
            NotParked: nothing is parked under `id_`.
        """
        async with self._engine.begin() as connection:
            parked = await self._claim(connection, id_)
            await parking.settle(connection, id_, "discarded", by)
            outbox = Outbox()
            self._announce(outbox, parked, DISCARDED, by)
            await outbox.flush(connection)

    async def _claim(self, connection: AsyncConnection, id_: UUID) -> Parked:
        found = await parking.find_parked(connection, id_)
        if found is None or found.state != "parked":
            raise NotParked(str(id_))
        await read_offset(connection, found.record.topic, found.record.partition, lock=True)
        found = await parking.find_parked(connection, id_)
        if found is None or found.state != "parked":
            raise NotParked(str(id_))
        return found

    async def _drain(self, connection: AsyncConnection, queue: Sequence[Parked], by: str) -> Replayed:
        outbox = Outbox()
        resumed: list[UUID] = []
        failure: Replayed | None = None
        for parked in queue:
            failure = await self._again(connection, outbox, parked, tuple(resumed))
            if failure:
                break
            await parking.settle(connection, parked.id, "resumed", by)
            self._announce(outbox, parked, REPLAYED, by)
            resumed.append(parked.id)
        await outbox.flush(connection)
        return failure or Replayed(tuple(resumed))

    async def _again(
        self, connection: AsyncConnection, outbox: Outbox, parked: Parked, resumed: tuple[UUID, ...]
    ) -> Replayed | None:
        mark = outbox.mark()
        event = decode_record(parked.record).event
        if event:
            await lock_subject(connection, event.subject)
        try:
            async with connection.begin_nested():
                await self._reading.handle_again(connection, outbox, parked)
        except Exception as error:
            if is_transient(error):
                raise
            outbox.rewind(mark)
            return Replayed(resumed, parked.id, *refusal_of(error))
        return None

    def _announce(self, outbox: Outbox, parked: Parked, how: Literal["replayed", "discarded"], by: str) -> None:
        record = parked.record
        event = decode_record(record).event
        payload = RecordResumed(
            service=self._service,
            how=how,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            identity=reference_to(event),
            by=by,
        )
        resumed = about_record(self._service, record, payload, event)
        outbox.append(resumed, topics.SERVICE_TOPIC[self._service])

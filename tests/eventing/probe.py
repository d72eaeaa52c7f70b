"""The probe: a runner whose handler writes down what it saw and draws one conclusion from each event."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from prometheus_client import CollectorRegistry
from sqlalchemy.ext.asyncio import AsyncEngine

from govbus.contracts import topics
from govbus.contracts.conclusions.asset import AssetUnregistered
from govbus.contracts.envelope import Event
from govbus.contracts.fields import EventReference
from govbus.contracts.making import conclude
from govbus.eventing.delivery import Delivery, Unprocessable
from govbus.eventing.inbox import Inbox
from govbus.eventing.metrics import Metrics
from govbus.eventing.offsets import create_offset
from govbus.eventing.outbox import unpack_headers
from govbus.eventing.partition import PartitionRunner
from govbus.eventing.reading import EventReading
from govbus.eventing.records import RawRecord, encode

SERVICE: Final = "inventory"
TOPIC: Final = topics.FACTS
MOMENT: Final = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def event(id_: str, subject: str = "model/retail/credit-risk", **changes: object) -> Event:
    """Return an opaque fact as intake writes it."""
    made = Event(
        id=id_,
        source="//mlflow/prod",
        type="com.example.happened",
        subject=subject,
        time=MOMENT,
        recordedtime=MOMENT,
        data=b'{"said": true}',
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def record(offset: int, what: Event, *, partition: int = 0) -> RawRecord:
    """Return the Kafka record that carries an event."""
    key, value, headers = encode(what)
    return RawRecord(TOPIC, partition, offset, 1_795_000_000_000 + offset, key, value, headers)


def rubbish(offset: int, *, key: bytes | None = b"model/retail/credit-risk") -> RawRecord:
    """Return a record that is no event."""
    return RawRecord(TOPIC, 0, offset, 1_795_000_000_000 + offset, key, b"\xff\x00rubbish", (("ce_id", b"\xff"),))


class Probe:
    """A runner with its handler; `refuse` and `fail` make the handler fail for these event ids."""

    def __init__(self, engine: AsyncEngine, consecutive_limit_count: int = 100) -> None:
        """Take a database; nothing is read yet."""
        self.engine = engine
        self.refuse: set[str] = set()
        self.fail: dict[str, Exception] = {}
        self.before: Callable[[Delivery], Awaitable[None]] | None = None
        self.reading = EventReading(SERVICE, {TOPIC: self.handle}, Inbox(engine, 400))
        metrics = Metrics(CollectorRegistry())
        self.runner = PartitionRunner(SERVICE, engine, self.reading, metrics, consecutive_limit_count)

    async def start_at(self, offset: int, partition: int = 0) -> None:
        """Make the partition's row, as an assignment does."""
        async with self.engine.begin() as connection:
            await create_offset(connection, TOPIC, partition, offset)

    async def handle(self, delivery: Delivery) -> None:
        """Write the event down, conclude, and fail where told to."""
        if self.before:
            await self.before(delivery)
        await delivery.connection.exec_driver_sql(
            "INSERT INTO probe_seen (subject, event_id) VALUES ($1, $2)", (delivery.event.subject, delivery.event.id)
        )
        payload = AssetUnregistered(
            missing="model",
            how="deployed",
            seen_in=EventReference(source=delivery.event.source, type=delivery.event.type, id=delivery.event.id),
        )
        delivery.outbox.append(conclude(SERVICE, delivery.event.subject, payload, delivery.event), topics.INVENTORY)
        if delivery.event.id in self.refuse:
            raise Unprocessable("intended_purpose_missing", "the fact names no purpose")
        if delivery.event.id in self.fail:
            raise self.fail[delivery.event.id]

    async def seen(self) -> list[str]:
        """Return the ids of the events handled, in order."""
        return [str(row[0]) for row in await self.rows("SELECT event_id FROM probe_seen ORDER BY position")]

    async def next_offset(self) -> int:
        """Return where reading goes on."""
        return int((await self.rows("SELECT next_offset FROM eventing_offset WHERE partition = 0"))[0][0])

    async def outgoing(self, type_: str) -> list[dict[str, str]]:
        """Return the attributes of the outbox's events of a type, oldest first."""
        found = []
        for row in await self.rows("SELECT headers FROM eventing_outbox ORDER BY id"):
            headers = {name: (value or b"").decode() for name, value in unpack_headers(bytes(row[0]))}
            if headers["ce_type"] == f"dev.govbus.{type_}.v1":
                found.append(headers)
        return found

    async def parked(self) -> list[tuple[int, str, bool]]:
        """Return offset, reason and whether the key is held of what is parked."""
        statement = 'SELECT "offset", reason, holds_key FROM eventing_parked WHERE state = \'parked\' ORDER BY "offset"'
        return [(row[0], row[1], row[2]) for row in await self.rows(statement)]

    async def rows(self, statement: str) -> list[tuple[object, ...]]:
        """Return the rows of a query."""
        async with self.engine.connect() as connection:
            return [tuple(row) for row in await connection.exec_driver_sql(statement)]

"""What a handler gets for one record, and how it says that it cannot."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.contracts.catalogue import Payload
from govbus.contracts.envelope import Event
from govbus.eventing.outbox import Outbox
from govbus.eventing.records import RawRecord


@dataclass(frozen=True, slots=True)
class Delivery:
    """One new event inside the transaction of its partition; the handler neither commits nor publishes.

    `payload` is the typed data, None for a type that Govbus does not understand. The record's subject is locked.
    """

    event: Event
    payload: Payload | None
    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    connection: AsyncConnection
    outbox: Outbox


@dataclass(frozen=True, slots=True)
class RawDelivery:
    """Consecutive records of one partition as they were read, for a service that decides itself what rubbish is.

    All of them are taken, or the handler raises: then they come again, one by one. `prepared` is what the service's
    own preparation made of these records and perhaps more of the same fetch, None where nothing was prepared.
    """

    records: Sequence[RawRecord]
    connection: AsyncConnection
    outbox: Outbox
    prepared: object = None


Handler = Callable[[Delivery], Awaitable[None]]
RawHandler = Callable[[RawDelivery], Awaitable[None]]

Prepare = Callable[[Sequence[RawRecord]], Awaitable[object]]
"""What a service does with consecutive raw records of one partition before their transaction begins."""


class Unprocessable(Exception):
    """A permanent refusal by a handler: the record is parked and later records of its key wait behind it."""

    def __init__(self, reason: str, detail: str) -> None:
        """Keep a closed-list reason (snake_case) and a sentence."""
        super().__init__(detail)
        self.reason = reason
        self.detail = detail

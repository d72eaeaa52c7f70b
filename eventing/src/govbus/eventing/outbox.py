"""Outgoing events: appended in the transaction that decides them, published by the relay after it committed."""

from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.contracts.envelope import Event
from govbus.contracts.limits import EVENT_BYTES
from govbus.eventing.database import driver_of
from govbus.eventing.records import Headers, encode
from govbus.eventing.tracing import current_traceparent

RECORD_BYTES: Final = 4 * EVENT_BYTES - 64 * 1024
"""Below the topics' `max.message.bytes` (1 MiB), with room for the batch around the record."""

COPIED_COUNT: Final = 32
"""From so many rows on, COPY costs less than the round trip that it takes."""

CHANNEL: Final = "eventing_outbox"
_COLUMNS: Final = ("topic", "key", "value", "headers")
_NOTIFY: Final = f"SELECT pg_notify('{CHANNEL}', '')"
_INSERT: Final = (
    "WITH written AS (INSERT INTO eventing_outbox (topic, key, value, headers) "  # noqa: S608 - a constant
    "SELECT * FROM unnest($1::text[], $2::bytea[], $3::bytea[], $4::bytea[])) "
    f"SELECT pg_notify('{CHANNEL}', '')"
)


_PACKER: Final = msgspec.msgpack.Encoder()
_UNPACKER: Final = msgspec.msgpack.Decoder(Headers)
"""Made once: a type is understood anew on every call of `msgspec.msgpack.decode`."""


class EventTooLarge(ValueError):
    """Refused here, where one record or request fails: in the outbox it would hold up everything behind it."""

    reason = "event_too_large"


class Outbox:
    """Buffer of one transaction's outgoing events, written with one INSERT by `flush`.

    Order of `append` is order on the topic for one subject, given that the caller holds the subject's lock.
    """

    def __init__(self, *, muted: bool = False) -> None:
        """Start empty; a muted outbox drops what is appended (rebuild)."""
        self._rows: list[tuple[str, bytes, bytes, bytes]] = []
        self.muted = muted

    def append(self, event: Event, topic: str) -> None:
        """Add `event` for `topic`, with the current span as its trace parent when there is one.

        Raises:
            EventTooLarge: Kafka would refuse it for ever.
        """
        if self.muted:
            return
        key, value, headers = encode(event, current_traceparent())
        self.append_encoded(topic, key, value, pack_headers(headers))

    def append_encoded(self, topic: str, key: bytes, value: bytes, packed_headers: bytes) -> None:
        """Add a record as it will stand on `topic`, its headers packed by `pack_headers`.

        Raises:
            EventTooLarge: Kafka would refuse it for ever.
        """
        if self.muted:
            return
        if len(key) + len(value) + len(packed_headers) > RECORD_BYTES:
            raise EventTooLarge(f"an event on {topic} would be {len(value)} bytes: no topic takes it")
        self._rows.append((topic, key, value, packed_headers))

    def mark(self) -> int:
        """Return a point that `rewind` goes back to."""
        return len(self._rows)

    def rewind(self, mark: int) -> None:
        """Drop what was appended since `mark`: its savepoint was rolled back."""
        del self._rows[mark:]

    async def flush(self, connection: AsyncConnection) -> int:
        """Write the buffered events in the caller's transaction and return how many; the relay is told on commit."""
        if not self._rows:
            return 0
        rows, self._rows = self._rows, []
        if len(rows) < COPIED_COUNT:
            columns: tuple[list[object], ...] = tuple(list(column) for column in zip(*rows, strict=True))
            await connection.exec_driver_sql(_INSERT, columns)
        else:
            await connection.exec_driver_sql(_NOTIFY)  # first, so that the transaction has surely begun
            own = await driver_of(connection)
            await own.copy_records_to_table("eventing_outbox", records=rows, columns=_COLUMNS)
        return len(rows)


def pack_headers(headers: Headers) -> bytes:
    """Return record headers as bytes for a table column."""
    return _PACKER.encode(headers)


def unpack_headers(packed: bytes) -> Headers:
    """Return what `pack_headers` packed."""
    return _UNPACKER.decode(packed)

# ruff: noqa: SLF001 - the whole point is aiokafka's own batch reader, pinned below 0.15
"""Lets the fetcher survive a record whose header names are not UTF-8.

aiokafka decodes header names while it unpacks a batch and raises out of the fetch loop, at the same offset for ever:
one such record of one platform would stop every partition. Here the record becomes one without key and headers, whose
value is its raw bytes, so that it is refused by name like other rubbish.

Source: Kafka protocol guide, "Record Batch" (a record begins with its length, attributes, timestamp and offset deltas).
"""

from collections.abc import Iterator
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import _MemoryRecordsPy
from aiokafka.record.util import decode_varint
from typing_extensions import override


class _UnreadableRecord:
    """What the fetcher needs of a record."""

    checksum = None
    key = None

    def __init__(self, offset: int, timestamp_ms: int, timestamp_type: int, value: bytes) -> None:
        self.offset = offset
        self.timestamp = timestamp_ms
        self.timestamp_type = timestamp_type
        self.value = value
        self.headers: list[tuple[str, bytes]] = []


class _TolerantBatch:
    """A batch that yields every record; the fast path is aiokafka's own until a header name fails."""

    def __init__(self, batch: Any, raw: memoryview) -> None:
        self._batch = batch
        self._raw = raw

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __iter__(self) -> Iterator[Any]:
        read_count = 0
        try:
            for record in self._batch:
                yield record
                read_count += 1
        except UnicodeDecodeError:
            yield from _read_one_by_one(_DefaultRecordBatchPy(self._raw), read_count)


class TolerantMemoryRecords(_MemoryRecordsPy):  # type: ignore[misc]  # final for the type checker only
    """aiokafka's records of one fetch, in tolerant batches."""

    @override
    def next_batch(self, *args: Any) -> Any:
        raw = self._next_slice
        batch = super().next_batch(*args)
        return _TolerantBatch(batch, raw) if raw is not None and hasattr(batch, "is_control_batch") else batch


def tolerate() -> None:
    """Make aiokafka's fetcher use tolerant records; a test with such a record fails without it."""
    fetcher.MemoryRecords = TolerantMemoryRecords


def _read_one_by_one(batch: Any, skip_count: int) -> Iterator[Any]:
    batch._maybe_uncompress()
    for index in range(batch._num_records):
        begin = batch._pos
        try:
            record = batch._read_msg()
        except UnicodeDecodeError:
            record = _unreadable(batch, begin)
        if index >= skip_count:
            yield record


def _unreadable(batch: Any, begin: int) -> _UnreadableRecord:
    """Return the record at `begin` by its length alone, and move the batch behind it."""
    length, start = decode_varint(batch._buffer, begin)
    _, position = decode_varint(batch._buffer, start)
    timestamp_delta, position = decode_varint(batch._buffer, position)
    offset_delta, _ = decode_varint(batch._buffer, position)
    batch._pos = start + length
    appended = batch.timestamp_type == batch.LOG_APPEND_TIME
    timestamp_ms = batch.max_timestamp if appended else batch.first_timestamp + timestamp_delta
    value = bytes(batch._buffer[start : start + length])
    return _UnreadableRecord(batch.base_offset + offset_delta, timestamp_ms, batch.timestamp_type, value)

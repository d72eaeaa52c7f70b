"""Says events on a platform's own topic: idempotent, and after any doubt with a new producer from the first unknown."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from aiokafka import AIOKafkaProducer

from system.batching import Batch
from system.facts import Said
from system.pace import Pace

TOPIC: Final = "govbus.intake.demo"
RUBBISH: Final = b"\xff\xfenobody can read this"
_ACKNOWLEDGE_SECONDS: Final = 8.0
_PAUSE_SECONDS: Final = 0.3


class KafkaFeeder:
    """One producer; a batch is done when every record of it is acknowledged."""

    def __init__(self, connection: Mapping[str, Any], batches: Sequence[Batch], pace: Pace) -> None:
        """Send one record of rubbish, then `batches` in order as `pace` allows."""
        self._connection = connection
        self._batches = batches
        self._pace = pace
        self._producer: AIOKafkaProducer | None = None
        self.retries_count = 0

    async def run(self) -> None:
        """Return when everything is acknowledged."""
        try:
            await self._until_acknowledged([(None, RUBBISH, [])])
            for number, batch in enumerate(self._batches):
                await self._pace.wait_for(number / len(self._batches))
                await self._until_acknowledged([_record(said) for said in batch])
        finally:
            await self._drop()

    async def _until_acknowledged(self, records: Sequence[tuple[bytes | None, bytes, list[tuple[str, bytes]]]]) -> None:
        while True:
            try:
                await asyncio.wait_for(self._send(records), _ACKNOWLEDGE_SECONDS)
            except Exception:  # noqa: BLE001 - whatever it was, nobody knows what arrived
                self.retries_count += 1
                await self._drop()
                await asyncio.sleep(_PAUSE_SECONDS)
            else:
                return

    async def _send(self, records: Sequence[tuple[bytes | None, bytes, list[tuple[str, bytes]]]]) -> None:
        if self._producer is None:
            self._producer = AIOKafkaProducer(acks="all", enable_idempotence=True, **self._connection)
            await self._producer.start()
        sent = [await self._producer.send(TOPIC, value, key=key, headers=headers) for key, value, headers in records]
        await asyncio.gather(*sent)

    async def _drop(self) -> None:
        producer, self._producer = self._producer, None
        if producer is None:
            return
        with contextlib.suppress(Exception):
            await asyncio.wait_for(producer.stop(), 2)


def _record(said: Said) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
    """Return key, value and headers in binary mode; the key is the subject, so a stream has one partition."""
    headers = [(f"ce_{name}", value.encode()) for name, value in said.attributes.items() if name != "datacontenttype"]
    headers.append(("content-type", said.attributes["datacontenttype"].encode()))
    return said.attributes["subject"].encode(), said.data, headers

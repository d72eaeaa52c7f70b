"""`Emitter` for asyncio: the same spool, the same background thread, and no blocking of the event loop.

>>> async with AsyncEmitter(source="//demo/platform") as emitter:
...     await emitter.emit("model.registered", subject="model/demo/churn", data={"purpose": "predict churn"})
"""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from govbus.contracts.envelope import Event
from govbus.sdk.emitter import CLOSE_SECONDS, Emitter, EventId, Flushed, TypedPayload
from govbus.sdk.spool.rows import Limits, SpoolStatus
from govbus.sdk.trace_context import current_trace


class AsyncEmitter:
    """Says what happened through a durable spool; every method means what it means of `Emitter`.

    A task that is cancelled while it emits may have said it: say it again under the same `id_`, it counts once.
    """

    def __init__(
        self,
        *,
        source: str,
        url: str | None = None,
        token: str | None = None,
        spool: Path | None = None,
        limits: Limits | None = None,
    ) -> None:
        """Open the spool, which takes some milliseconds; the arguments are those of `Emitter`."""
        self._emitter = Emitter(source=source, url=url, token=token, spool=spool, limits=limits)
        self._one_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="govbus-spool")

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        """Close."""
        await self.close()

    async def emit(
        self,
        type_: str,
        *,
        subject: str,
        data: Mapping[str, Any] | TypedPayload | None = None,
        id_: str | None = None,
        time: datetime | None = None,
        traceparent: str | None = None,
        dataclassification: str | None = None,
    ) -> EventId:
        """Return once the event would survive a power cut; events keep the order in which they were begun."""
        traced = traceparent or current_trace().traceparent
        return await asyncio.get_running_loop().run_in_executor(
            self._one_thread,
            lambda: self._emitter.emit(
                type_,
                subject=subject,
                data=data,
                id_=id_,
                time=time,
                traceparent=traced,
                dataclassification=dataclassification,
            ),
        )

    async def emit_event(self, event: Event) -> EventId:
        """Spool a whole event."""
        return await asyncio.get_running_loop().run_in_executor(self._one_thread, self._emitter.emit_event, event)

    async def flush(self, timeout_seconds: float) -> Flushed:
        """Send what waits now, and wait until it was answered for."""
        return await asyncio.to_thread(self._emitter.flush, timeout_seconds)

    async def status(self) -> SpoolStatus:
        """Return what the spool holds, and how sending goes."""
        return await asyncio.to_thread(self._emitter.status)

    async def close(self, timeout_seconds: float = CLOSE_SECONDS) -> Flushed:
        """Flush, stop and close; what could not be sent stays in the spool."""
        left = await asyncio.to_thread(self._emitter.close, timeout_seconds)
        self._one_thread.shutdown(wait=False)
        return left

"""The log as server-sent events: entries in index order as soon as a checkpoint covers them.

Source: WHATWG HTML, section 9.2 (server-sent events): a block without data moves the position a browser goes on from.
"""

import asyncio
import dataclasses
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import StreamingResponse
from sqlalchemy.ext.asyncio import AsyncEngine

from govbus.audit_log.api import refusals
from govbus.audit_log.api.disclosure import Disclosure, is_recorded
from govbus.audit_log.api.narrowing import wanted_entries
from govbus.audit_log.api.presentation import listed
from govbus.audit_log.api.sending import SentInTime
from govbus.audit_log.domain.export import stated_filter
from govbus.audit_log.domain.search import Wanted
from govbus.audit_log.progress import Progress
from govbus.audit_log.settings import Settings
from govbus.audit_log.store.entries import StoredRecord
from govbus.audit_log.store.search import TooManyTypes, find_entries
from govbus.audit_log.store.state import LogState, read_state
from govbus.contracts import strict_json
from govbus.eventing.access import Access, Principal

PAGE_COUNT: Final = 200
RECORDED_COUNT: Final = 10_000
"""Indexes that one access entry of a session speaks of: a session of days is put on record again and again."""

_INDEX: Final = r"^[0-9]{1,18}$"
_MEDIA_TYPE: Final = "text/event-stream"
_HEARTBEAT: Final = b": the log is quiet\n\n"
_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_EVENTS: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {_MEDIA_TYPE: {}}}}
_RETRY_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class Session:
    """One reader: what is wanted, and who sees closed payloads, if anybody does."""

    wanted: Wanted
    auditor: Principal | None


class Streams:
    """The sessions of this process, a limited number of them, each of a limited time."""

    def __init__(self, engine: AsyncEngine, progress: Progress, disclosure: Disclosure, settings: Settings) -> None:
        """Follow `progress` and read through `engine`, a connection only while a page is read."""
        self._engine = engine
        self._progress = progress
        self._disclosure = disclosure
        self._settings = settings
        self._count = 0

    async def begin(self, session: Session) -> AsyncGenerator[bytes, None]:
        """Return the pieces of a session.

        Raises:
            Problem: 429, as many are read as may be at once; 422, a pattern of too many types.
        """
        if self._count >= self._settings.audit_log_streams_count:
            raise refusals.too_many_streams(_RETRY_SECONDS)
        try:
            await self._page(session.wanted, 0)
        except TooManyTypes as error:
            raise refusals.invalid_query("type", str(error)) from None
        pieces = self._pieces(session)
        await anext(pieces)
        return pieces

    async def start(self) -> int:
        """Return where a session begins that names no index: behind what is signed."""
        return (await self._progress.now()).checkpoint_size

    async def _pieces(self, session: Session) -> AsyncGenerator[bytes, None]:
        """Yield nothing once, so that it has begun (what never began, Python does not end), then every entry."""
        self._count += 1
        try:
            yield b""
            ends_at = time.monotonic() + self._settings.audit_log_stream_seconds
            index, recorded_below = session.wanted.from_index, 0
            while time.monotonic() < ends_at and not _is_done(session.wanted, index):
                signed_size = await self._signed_beyond(index)
                if signed_size is None:
                    yield _HEARTBEAT
                    continue
                below = _bounded(session.wanted, signed_size)
                state, found = await self._page(dataclasses.replace(session.wanted, from_index=index), below)
                for record in found:
                    if session.auditor and is_recorded(record) and record.index >= recorded_below:
                        recorded_below = record.index + RECORDED_COUNT
                        await self._record(session.auditor, session.wanted, record.index)
                    yield _event(record, state, confidential=session.auditor is not None)
                index = found[-1].index + 1 if len(found) == PAGE_COUNT else below
                yield b"id: %d\n\n" % (index - 1)
        finally:
            self._count -= 1

    async def _signed_beyond(self, index: int) -> int | None:
        """Return the size under the newest checkpoint once it is more than `index`; None: a heartbeat is due."""
        try:
            async with asyncio.timeout(self._settings.audit_log_stream_heartbeat_seconds):
                return await self._progress.beyond(index)
        except TimeoutError:
            return None

    async def _page(self, wanted: Wanted, below: int) -> tuple[LogState, list[StoredRecord]]:
        async with self._engine.connect() as connection:
            state = await read_state(connection)
            found = await find_entries(connection, dataclasses.replace(wanted, below_index=below), PAGE_COUNT)
        return state, found

    async def _record(self, auditor: Principal, wanted: Wanted, first: int) -> None:
        read = {"filter": stated_filter(wanted), "first": first, "below": _bounded(wanted, first + RECORDED_COUNT)}
        await self._disclosure.record(auditor, {"stream": read})


def router(access: Access, streams: Streams, settings: Settings) -> APIRouter:
    """Return the route."""
    routes = APIRouter(prefix="/v1/log", tags=["log"])
    viewer = Annotated[Principal, Depends(access.require("viewer"))]

    @routes.get("/stream", response_class=StreamingResponse, responses=_EVENTS)
    async def stream(
        request: Request,
        principal: viewer,
        wanted: Annotated[Wanted, Depends(wanted_entries)],
        last_event_id: Annotated[str | None, Header(pattern=_INDEX)] = None,
        *,
        confidential: bool = False,
    ) -> SentInTime:
        """Send every entry that is asked for from index `from` on (without it: from now on), then each new one.

        A reconnecting browser goes on behind `Last-Event-ID`. A stream ends after an hour, as a token does, and when
        its reader takes nothing. Payloads that are not public or internal are withheld; `confidential=true` shows them
        to auditors, on record.
        """
        if confidential and not principal.has("auditor"):
            raise refusals.auditors_only()
        if wanted.text is not None:
            raise refusals.invalid_query("text", "words are indexed behind the stream: search `/v1/log/entries`")
        if last_event_id is not None:
            wanted = dataclasses.replace(wanted, from_index=int(last_event_id) + 1)
        elif "from" not in request.query_params:
            wanted = dataclasses.replace(wanted, from_index=await streams.start())
        wanted = dataclasses.replace(wanted, sees_closed=confidential)
        pieces = await streams.begin(Session(wanted, principal if confidential else None))
        stalled_seconds = settings.audit_log_stream_stalled_seconds
        return SentInTime(pieces, stalled_seconds=stalled_seconds, media_type=_MEDIA_TYPE, headers=dict(_HEADERS))

    return routes


def _is_done(wanted: Wanted, index: int) -> bool:
    return wanted.below_index is not None and index >= wanted.below_index


def _bounded(wanted: Wanted, index: int) -> int:
    return index if wanted.below_index is None else min(index, wanted.below_index)


def _event(record: StoredRecord, state: LogState, *, confidential: bool) -> bytes:
    shown = strict_json.dump(listed(record, state, confidential=confidential))
    return b"id: %d\nevent: entry\ndata: %s\n\n" % (record.index, shown)

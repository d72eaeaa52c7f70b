"""Composes one service: database, access, consumption, relay, jobs and HTTP, started and stopped together."""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from typing import Final

from fastapi import APIRouter, FastAPI
from prometheus_client import CollectorRegistry
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.contracts import topics as topic_names
from govbus.eventing import operations
from govbus.eventing.access import Access
from govbus.eventing.assignment import Assignment, OnLost
from govbus.eventing.background import Job
from govbus.eventing.body_limit import BodyLimit
from govbus.eventing.bus import Bus
from govbus.eventing.consumer import Run, all_partitions, each_partition
from govbus.eventing.database import new_engine
from govbus.eventing.delivery import Handler, Prepare, RawHandler
from govbus.eventing.following import Discover
from govbus.eventing.inbox import Inbox
from govbus.eventing.lag import Lag
from govbus.eventing.manifest import StartRefused
from govbus.eventing.metrics import Metrics
from govbus.eventing.outbox import Outbox
from govbus.eventing.outflow import Outflow
from govbus.eventing.partition import PartitionRunner
from govbus.eventing.reading import EventReading, RawReading
from govbus.eventing.rebuilding import CannotRebuild, rebuild
from govbus.eventing.relay import Relay
from govbus.eventing.replaying import Replaying
from govbus.eventing.sequencing import Sequencer, SequencingRunner
from govbus.eventing.settings import ServiceSettings
from govbus.eventing.web import new_web_app

_log: Final = logging.getLogger(__name__)
_PRUNE_SECONDS: Final = 3600.0
_NOT_FOLDED: Final = "This service keeps nothing that is folded from the topics record by record."


class Service:
    """One service process; declare what it consumes, then take its `app`."""

    def __init__(self, name: str, settings: ServiceSettings) -> None:
        """Create engine, access and metrics; nothing connects before the app starts."""
        self.name = name
        self.settings = settings
        self.registry = CollectorRegistry()
        self.metrics = Metrics(self.registry)
        self.engine = new_engine(settings)
        self.access = Access(settings.jwks_file, settings.token_issuer, settings.token_audience)
        self.refusal: str | None = None
        self._handlers: dict[str, Handler] = {}
        self._types: dict[str, frozenset[bytes]] = {}
        self._raw: tuple[tuple[str, ...], RawHandler, Prepare | None] | None = None
        self._sequenced: tuple[tuple[str, ...], Sequencer] | None = None
        self._on_lost: OnLost | None = None
        self._discover: Discover | None = None
        self._jobs: list[Job] = []
        self._closers: list[Callable[[], Awaitable[None]]] = []
        self._rebuilt_tables: tuple[str, ...] = ()
        self._relay = Relay(name, settings, self.engine, self.metrics)
        self._outflow = Outflow(self.engine, settings.stalled_after_seconds)
        self._inbox = Inbox(self.engine, settings.inbox_retention_days)
        self._lag: Lag | None = None
        self._bus: Bus | None = None

    def consume(self, *topics: str, handler: Handler, types: Collection[str] = ()) -> None:
        """Handle typed events of these topics; duplicates of producers are dropped before the handler.

        With `types` other records are passed over undecoded: for a topic of which a service needs little.
        """
        self._handlers |= dict.fromkeys(topics, handler)
        if types:
            self._types |= dict.fromkeys(topics, frozenset(name.encode() for name in types))

    def consume_each_raw(
        self, *topics: str, handler: RawHandler, discover: Discover | None = None, prepare: Prepare | None = None
    ) -> None:
        """Handle raw records; the handler decides what rubbish is. `discover` names topics that come and go.

        `prepare` is given the records before their transaction begins, and its result to the handler.
        """
        self._raw = (topics, handler, prepare)
        self._discover = discover

    def consume_raw(self, *topics: str, sequencer: Sequencer, on_lost: OnLost | None = None) -> None:
        """Give raw records of all partitions to one sequencer, in one transaction.

        `on_lost` records that some were deleted unread, and reading goes on; without it the partition is refused.
        """
        self._sequenced = (topics, sequencer)
        self._on_lost = on_lost

    def every(self, name: str, interval_seconds: float, job: Callable[[], Awaitable[None]]) -> None:
        """Do `job` every so often while the service runs."""
        self._jobs.append(Job(name, interval_seconds, job))

    def closes(self, close: Callable[[], Awaitable[None]]) -> None:
        """Await `close` when the service stops, after its jobs have ended."""
        self._closers.append(close)

    async def close(self) -> None:
        """Close what `closes` named and the pool; the lifespan does so, whoever serves without one does it himself."""
        for close in self._closers:
            await close()
        await self.engine.dispose()

    def rebuilds(self, *tables: str) -> None:
        """Name the tables, children first, that are a pure fold of the consumed topics and may be rebuilt."""
        self._rebuilt_tables = tables

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[tuple[AsyncConnection, Outbox]]:
        """Give a connection in a transaction and its outbox; both are committed together at the end."""
        outbox = Outbox()
        async with self.engine.begin() as connection:
            yield connection, outbox
            await outbox.flush(connection)
        self._relay.wake()

    def oldest_unread_age_seconds(self, *topics: str) -> float | None:
        """Return an upper bound of the age of the oldest unread record (of these topics), None while unknown."""
        return self._lag.oldest_unread_age_seconds(topics) if self._lag and self._lag.is_known() else None

    def app(self, *routers: APIRouter) -> FastAPI:
        """Return the HTTP application whose lifespan is the service's life."""
        run, topics, reading = self._consumption()
        self._lag = Lag(topics, self.engine, self.metrics, self.settings.stalled_after_seconds)
        assignment = Assignment(self.engine, self._on_lost)
        self._bus = Bus(self.name, self.settings, topics, run, assignment, self._lag, self.metrics, self._discover)
        app = new_web_app(self.name, self.registry, self.engine, self.problems, self._lifespan)
        app.state.service = self
        for router in routers:
            app.include_router(router)
        app.add_middleware(BodyLimit, limit_bytes=self.settings.http_body_bytes)
        if reading is None:
            app.include_router(operations.router_of_nothing(self.name, self.access, _NOT_FOLDED))
        else:
            replaying = Replaying(self.name, self.engine, reading)
            app.include_router(operations.router(self.name, self.engine, self.access, replaying, self._rebuild))
        return app

    def problems(self) -> list[str]:
        """Return in words why the service is not ready, nothing when it is; the database is asked separately."""
        found = [self.refusal] if self.refusal else []
        found += self._outflow.problems()
        return found + (self._bus.problems() if self._bus else ["not composed"])

    def _publishes(self) -> bool:
        """Return whether this process empties an outbox."""
        return self.name in topic_names.SERVICE_TOPIC and self._sequenced is None

    def _consumption(self) -> tuple[Run, tuple[str, ...], EventReading | RawReading | None]:
        """Return the run, its topics and the reading; a service reads in exactly one way."""
        ways = [way for way in (self._handlers, self._raw, self._sequenced) if way]
        if len(ways) > 1:
            raise ValueError(f"{self.name} declares more than one way of reading")
        if self._sequenced:
            topics, sequencer = self._sequenced
            return all_partitions(SequencingRunner(self.engine, sequencer, self.metrics)), topics, None
        reading: EventReading | RawReading
        if self._raw:
            topics, raw_handler, prepare = self._raw
            reading = RawReading(self.name, raw_handler, prepare)
        else:
            topics = tuple(self._handlers)
            reading = EventReading(self.name, self._handlers, self._inbox, self._types)
        limit_count = self.settings.parked_consecutive_limit_count
        runner = PartitionRunner(self.name, self.engine, reading, self.metrics, limit_count, committed=self._relay.wake)
        return each_partition(runner), topics, reading if topics else None

    async def _rebuild(self, by: str) -> int:
        if not self._rebuilt_tables:
            raise CannotRebuild(f"{self.name} keeps state that the topics do not hold")
        live = self._bus.live if self._bus else None
        if live is None:
            raise CannotRebuild("Kafka is not connected; try again when the service is ready")
        count = await rebuild(self.engine, live, self._rebuilt_tables)
        if self._bus:
            self._bus.read_anew()
        _log.warning("rebuild asked for by %s: %d records are handled again", by, count)
        return count

    @asynccontextmanager
    async def _lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(job.run(self.metrics)) for job in self._all_jobs()]
        if self._publishes():
            tasks.append(asyncio.create_task(self._relay.run()))
        for task in tasks:
            task.add_done_callback(self._on_ended)
        tasks.append(asyncio.create_task(self._start_bus()))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._bus:
                await self._bus.stop()
            await self.close()

    def _on_ended(self, task: asyncio.Task[None]) -> None:
        """End the process when a job or the relay ended by itself, as by a library's own cancellation: start anew."""
        if not task.cancelling():
            error = None if task.cancelled() else task.exception()
            _log.critical("a background task ended, the process ends with it", exc_info=error)
            os.kill(os.getpid(), signal.SIGTERM)

    def _all_jobs(self) -> list[Job]:
        measure = [Job("lag", self.settings.progress_poll_seconds, self._bus.measure)] if self._bus else []
        prune = [Job("inbox", _PRUNE_SECONDS, self._inbox.prune)] if self._handlers else []
        follow = [Job("topics", self.settings.topics_poll_seconds, self._bus.follow_topics)] if self._bus else []
        look = [Job("outbox", self.settings.progress_poll_seconds, self._outflow.look)] if self._publishes() else []
        return self._jobs + measure + prune + look + (follow if self._discover else [])

    async def _start_bus(self) -> None:
        try:
            if self._bus:
                await self._bus.start()
        except StartRefused as refusal:
            self.refusal = str(refusal)
            _log.critical("start refused: %s", refusal)
            os.kill(os.getpid(), signal.SIGTERM)

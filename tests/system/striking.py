"""Carries the schedule out on the live stack and counts what was hit."""

import asyncio
import contextlib
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import httpx2
from aiokafka.errors import KafkaError

from govbus.contracts.topics import LOGGED
from system.comparing import repeated_records
from system.freezing import Frozen, freeze
from system.live_stack import LiveStack
from system.moments import Watcher
from system.pace import Pace
from system.reading_topics import read_topics
from system.rebalancing import rebalance
from system.schedule import Freeze, Kill, Rebalance, Strike

_ALIVE_SECONDS: Final = 90.0
"""How long a target may be down before that is a failure: restart pause, start, recovery."""

_WORKING_SECONDS: Final = 30.0
SOURCE_OF_LOAD: Final = "intake"
_BUSY_SECONDS: Final = 2.0
_EXTRA_SECONDS: Final = 3.0
_COUNTED_SECONDS: Final = 30.0


@dataclass(slots=True)
class Hits:
    """What the strikes did."""

    kills: Counter[str] = field(default_factory=Counter)
    in_flight: Counter[str] = field(default_factory=Counter)
    publishing_count: int = 0
    freezes_count: int = 0
    cut_off_count: int = 0
    rebalances_count: int = 0
    taken_over_count: int = 0


class Striker:
    """One run of strikes; facts are let out as it goes."""

    def __init__(self, stack: LiveStack, schedule: tuple[Strike, ...], pace: Pace, say: Callable[[str], None]) -> None:
        """Take the schedule; `say` tells each strike as it happens."""
        self._stack = stack
        self._schedule = schedule
        self._pace = pace
        self._say = say
        self._locks: dict[str, asyncio.Lock] = {}
        self._began = time.monotonic()
        self.hits = Hits()

    async def run(self, let_out_ratio: float) -> None:
        """Carry out every strike, letting out facts up to `let_out_ratio`; freezes and rebalance run beside kills."""
        step = let_out_ratio / len(self._schedule)
        async with asyncio.TaskGroup() as beside:
            for number, strike in enumerate(self._schedule):
                match strike:
                    case Kill():
                        await self._kill(strike, _BUSY_SECONDS, (number * step, (number + 1) * step))
                        await asyncio.sleep(strike.pause_seconds)
                    case Freeze():
                        beside.create_task(self._freeze(strike))
                    case Rebalance():
                        beside.create_task(self._rebalance(strike))

    async def until_a_duplicate(self, most_kills_count: int, let_out_from_ratio: float) -> None:
        """Strike at publishers at work until a record stands on Kafka twice, with the facts held back until now."""
        step = (1 - let_out_from_ratio) / (most_kills_count + 1)
        for number in range(most_kills_count):
            if await self._duplicates_count():
                return
            at = let_out_from_ratio + number * step
            strike = Kill(("intake", "postgres")[number % 2], "intake", publishing=True, early=False, pause_seconds=0)
            await self._kill(strike, _EXTRA_SECONDS, (at, at + step))

    async def _duplicates_count(self) -> int:
        """Return how many records say again what an earlier one said; 0 while nobody can say."""
        try:
            async with asyncio.timeout(_COUNTED_SECONDS):
                return repeated_records(await read_topics(self._stack.kafka(), LOGGED))
        except (TimeoutError, KafkaError):
            return 0

    async def _kill(self, strike: Kill, busy_seconds: float, let_out: tuple[float, float]) -> None:
        async with self._lock(strike.target):
            process = await self._alive(strike.target)
            if not strike.early:
                await self._working(SOURCE_OF_LOAD, strike.watched)
            trickling = asyncio.create_task(self._pace.trickle(*let_out, busy_seconds))
            watcher = Watcher(self._stack, strike.watched)
            busy = await watcher.wait_until_busy(publishing=strike.publishing, most_seconds=busy_seconds)
            os.kill(process, signal.SIGKILL)
            trickling.cancel()
            await self._pace.open_to(let_out[1])
            self.hits.kills[strike.target] += 1
            if busy:
                self.hits.in_flight[strike.target] += 1
            self.hits.publishing_count += busy == "publishing"
            at = f"{strike.watched} {busy}" if busy else "nothing seen in flight"
            self._tell(f"killed {strike.target} ({process}): {at}")
            await self._gone(strike.target, process)

    async def _freeze(self, strike: Freeze) -> None:
        async with self._lock(strike.target):
            process = await self._alive(strike.target)
            frozen = await freeze(Watcher(self._stack, strike.target), process, strike.seconds)
            self._note_frozen(strike.target, frozen)

    async def _rebalance(self, strike: Rebalance) -> None:
        async with self._lock(strike.target), self._lock("kafka"), self._lock("postgres"):
            first = await self._alive(strike.target)
            moved = await rebalance(self._stack, strike.target, first, strike.frozen_seconds)
            self.hits.rebalances_count += (moved.joined > moved.before) + (moved.left > moved.joined)
            self.hits.taken_over_count += moved.taken_over_count
            counts = f"{moved.before:.0f}, {moved.joined:.0f}, {moved.left:.0f}"
            self._tell(f"a second {strike.target} joined and was killed: the first one's assignments {counts}")
            if strike.frozen_seconds:
                self._note_frozen(strike.target, moved.zombie)
                self._tell(f"the second {strike.target} took over {moved.taken_over_count} records meanwhile")

    def _note_frozen(self, target: str, frozen: Frozen | None) -> None:
        if frozen is None:
            self._tell(f"{target} was never found idle in a transaction to freeze it")
            return
        self.hits.freezes_count += 1
        self.hits.cut_off_count += not frozen.standing
        end = f"still standing: {frozen.standing}" if frozen.standing else "ended by PostgreSQL"
        self._tell(f"{target} was frozen inside {len(frozen.held)} transactions ({frozen.held[0]}), {end}")

    async def _working(self, *services: str) -> None:
        """Return when the services are ready, or after a while: a strike at what only starts hits nothing."""
        deadline = time.monotonic() + _WORKING_SECONDS
        async with httpx2.AsyncClient(timeout=2, trust_env=False) as client:
            for service in services:
                while time.monotonic() < deadline:
                    with contextlib.suppress(httpx2.HTTPError):
                        if (
                            await client.get(f"{self._stack.service_url(service)}/readyz")
                        ).status_code == httpx2.codes.OK:
                            break
                    await asyncio.sleep(0.1)

    async def _alive(self, target: str) -> int:
        """Return the target's process id once it runs."""
        deadline = time.monotonic() + _ALIVE_SECONDS
        while time.monotonic() < deadline:
            process = self._stack.process(target)
            if process is not None:
                return process.pid
            await asyncio.sleep(0.05)
        raise AssertionError(f"{target} did not come back within {_ALIVE_SECONDS:.0f} s: {self._stack.told()[-1500:]}")

    async def _gone(self, target: str, pid: int) -> None:
        """Return when the killed process is no longer the target's; it may be a zombie until its starter looks."""
        while (process := self._stack.process(target)) is not None and process.pid == pid:  # noqa: ASYNC110 - not ours
            await asyncio.sleep(0.02)

    def _lock(self, target: str) -> asyncio.Lock:
        return self._locks.setdefault(target, asyncio.Lock())

    def _tell(self, what: str) -> None:
        self._say(f"{time.monotonic() - self._began:7.1f} s  {what}")

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

import asyncpg
import httpx2
from aiokafka.errors import KafkaError

from govbus.contracts.topics import LOGGED
from system.comparing import repeated_records
from system.live_stack import LiveStack
from system.moments import Watcher
from system.pace import Pace
from system.reading_topics import read_topics
from system.schedule import Freeze, Kill, Rebalance, Strike
from system.second_process import SecondProcess

_ALIVE_SECONDS: Final = 90.0
"""How long a target may be down before that is a failure: restart pause, start, recovery."""

_WORKING_SECONDS: Final = 30.0
SOURCE_OF_LOAD: Final = "intake"
_BUSY_SECONDS: Final = 2.0
_EXTRA_SECONDS: Final = 3.0
_SETTLED_SECONDS: Final = 60.0
_COUNTED_SECONDS: Final = 30.0
_FREEZE_TRIES_COUNT: Final = 30


@dataclass(slots=True)
class Hits:
    """What the strikes did."""

    kills: Counter[str] = field(default_factory=Counter)
    in_flight: Counter[str] = field(default_factory=Counter)
    publishing_count: int = 0
    freezes_count: int = 0
    cut_off_count: int = 0
    rebalances_count: int = 0


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
            watcher = Watcher(self._stack, strike.target)
            for _ in range(_FREEZE_TRIES_COUNT):
                busy = await watcher.wait_until_busy(publishing=False, most_seconds=_BUSY_SECONDS)
                os.kill(process, signal.SIGSTOP)
                try:
                    held = await self._transactions(watcher) if busy else []
                    if held:
                        self._tell(f"froze {strike.target} ({process}) inside a transaction: {held}")
                        await asyncio.sleep(strike.seconds)
                        await self._note_thawed(strike, watcher)
                        return
                finally:
                    os.kill(process, signal.SIGCONT)
            self._tell(f"{strike.target} was never found inside a transaction to freeze it")

    async def _note_thawed(self, strike: Freeze, watcher: Watcher) -> None:
        standing = await self._transactions(watcher)
        self.hits.freezes_count += 1
        self.hits.cut_off_count += not standing
        self._tell(
            f"let {strike.target} go on; its transaction {f'still stood: {standing}' if standing else 'was ended'}"
        )

    @staticmethod
    async def _transactions(watcher: Watcher) -> list[str]:
        """Return the transactions a frozen process holds; none when the database is down, as it holds none then."""
        try:
            return await watcher.open_transactions()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
            return []

    async def _rebalance(self, strike: Rebalance) -> None:
        """Let a second process join the group: the first must be assigned anew, and again when the second is dead."""
        async with self._lock(strike.target), self._lock("kafka"), self._lock("postgres"):
            first = await self._alive(strike.target)
            before = await self._settled_assignments(strike.target)
            second = SecondProcess(self._stack, strike.target, first)
            try:
                joined = await self._rises(strike.target, before)
                watcher = Watcher(self._stack, strike.target)
                await watcher.wait_until_busy(publishing=False, most_seconds=_BUSY_SECONDS)
            finally:
                second.kill()
            left = await self._rises(strike.target, joined)
            self.hits.rebalances_count += (joined > before) + (left > joined)
            self._tell(
                f"second {strike.target} ({second.pid}) joined and was killed: assignments {before}, {joined}, {left}"
            )

    async def _settled_assignments(self, service: str) -> float:
        """Return the service's count of assignments once it has had its first."""
        return await self._rises(service, 0)

    async def _rises(self, service: str, from_: float) -> float:
        """Return the count of assignments when it has risen, or what it is after a while."""
        deadline, found = time.monotonic() + _SETTLED_SECONDS, from_
        while time.monotonic() < deadline:
            found = max(found, await self._assignments(service))
            if found > from_:
                break
            await asyncio.sleep(0.2)
        return found

    async def _assignments(self, service: str) -> float:
        try:
            async with httpx2.AsyncClient(timeout=2, trust_env=False) as client:
                text = (await client.get(f"{self._stack.service_url(service)}/metrics")).text
        except httpx2.HTTPError:
            return 0
        values = [line.split()[1] for line in text.splitlines() if line.startswith("govbus_assignments_total ")]
        return float(values[0]) if values else 0

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

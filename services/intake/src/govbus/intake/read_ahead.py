"""Reading ahead: records are read in processes beside this one, while this one writes those before them.

Nothing here is needed: what was not read ahead, or by a process that died, is read by whoever needs it.
"""

import asyncio
import logging
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Final

from govbus.eventing.error_words import describe
from govbus.eventing.records import RawRecord
from govbus.eventing.tracing import current_traceparent, span
from govbus.intake.domain.source import Source
from govbus.intake.plain_facts import Plain, read_plain
from govbus.intake.reading_process import LENGTH_BYTES, Request, answer_of, packed

_log: Final = logging.getLogger(__name__)

PART_COUNT: Final = 250
"""Records of one request: enough to be worth its way, few enough that writing can begin soon."""

WORTHWHILE_COUNT: Final = 50
"""Fewer are read faster than they are sent to be read."""

_PIPE_BYTES: Final = 4 * 1024 * 1024
_END_SECONDS: Final = 2.0

RESTART_SECONDS: Final = 5.0
"""A process that dies again and again costs a start that often."""

_PROBE: Final = Request(Source("", "", None), datetime.fromtimestamp(0, UTC), None, [])
"""Its answer says that a process has started."""

ANSWER_SECONDS: Final = 5.0
"""Below `idle_in_transaction_session_timeout` (10 s); a part takes some 10 ms."""

Answer = asyncio.Future[list[Plain | None] | None]


@dataclass(frozen=True, slots=True)
class Asked:
    """What will be answered, until when it is waited for, and how the process that owes it is ended."""

    answer: Answer
    within_seconds: float
    end: Callable[[], None]


class Ahead:
    """Consecutive records of one partition on their way through other processes, as `source` says them."""

    def __init__(self, source: Source, now: datetime, first_offset: int, parts: Sequence[Asked]) -> None:
        """Keep where the records begin and their parts in order."""
        self.source = source
        self.now = now
        self.first_offset = first_offset
        self._parts = parts

    async def of(self, record: RawRecord) -> tuple[list[Plain | None] | None, int]:
        """Return the part that a record was read in, None when its process died, and the record's place in it.

        A process that does not answer in time is ended: a transaction waits here.
        """
        part, place = divmod(record.offset - self.first_offset, PART_COUNT)
        asked = self._parts[part]
        await asyncio.wait({asked.answer}, timeout=asked.within_seconds)
        if not asked.answer.done():
            asked.end()
            return None, place
        return asked.answer.result(), place


class ReadAhead:
    """Some processes that read, started when there is much to read for the first time."""

    def __init__(
        self,
        processes_count: int,
        clock: Callable[[], datetime],
        restart_seconds: float = RESTART_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        """With 0 processes nothing is read ahead."""
        self._clock = clock
        self._answer_seconds = answer_seconds
        self._processes = [ReadingProcess(restart_seconds) for _ in range(processes_count)]
        self._sources: dict[str, Source] = {}
        self._turn = 0

    def remember(self, topic: str, source: Source) -> None:
        """Note as whom a topic's records were last taken in: those to come are read so, and again if that changed."""
        self._sources[topic] = source

    async def prepare(self, records: Sequence[RawRecord]) -> Ahead | None:
        """Have many consecutive records of one partition read; None where that is not worth it or not possible."""
        source = self._sources.get(records[0].topic)
        if source is None or source.mapping is not None or len(records) < WORTHWHILE_COUNT:
            return None
        ready = [process for process in self._processes if process.is_ready()]
        if not ready:
            return None
        now = self._clock()
        parts: list[Asked] = []
        with span(f"intake read {records[0].topic}"):
            traceparent = current_traceparent()
            for start in range(0, len(records), PART_COUNT):
                raw = [(record.headers, record.value) for record in records[start : start + PART_COUNT]]
                self._turn += 1
                process = ready[self._turn % len(ready)]
                answer = process.ask(Request(source, now, traceparent, raw))
                parts.append(Asked(answer, self._answer_seconds, process.end))
        return Ahead(source, now, records[0].offset, parts)

    async def close(self) -> None:
        """End the processes."""
        await asyncio.gather(*(process.close() for process in self._processes))


class ReadingProcess:
    """One process and what it was asked; its answers come in order."""

    def __init__(self, restart_seconds: float) -> None:
        """Start nothing; one that died is not started again before `restart_seconds` have passed."""
        self._restart_seconds = restart_seconds
        self._process: asyncio.subprocess.Process | None = None
        self._asked: deque[Answer] = deque()
        self._life: asyncio.Task[None] | None = None

    def is_ready(self) -> bool:
        """Return whether the process runs; one that does not is started, and ready later."""
        if self._life is None or self._life.done():
            self._life = asyncio.create_task(self._live())
        return self._process is not None

    def ask(self, request: Request) -> Answer:
        """Return what will be answered; None once the process has died."""
        answer: Answer = asyncio.get_running_loop().create_future()
        if self._process is None or self._process.stdin is None or self._process.stdin.is_closing():
            answer.set_result(None)
            return answer
        self._asked.append(answer)
        self._process.stdin.write(packed(request))
        return answer

    def end(self) -> None:
        """End a process that does not answer; all that it was asked is answered with None."""
        if self._process is not None:
            _log.warning("a reading process does not answer and is ended")
            self._process.kill()

    async def close(self) -> None:
        """End the process, which has nothing to lose."""
        if self._life is not None:
            self._life.cancel()
            await asyncio.gather(self._life, return_exceptions=True)

    async def _live(self) -> None:
        """Start the process and pass its answers on until it ends."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "govbus.intake.reading_process"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_PIPE_BYTES,
        )
        try:
            await self._pass_on(process)
        except (OSError, ValueError, asyncio.IncompleteReadError) as error:
            _log.warning("a reading process ended, its records are read here: %s", describe(error))
        finally:
            self._process = None
            while self._asked:
                _settle(self._asked.popleft(), None)
            await _ended(process)
        await asyncio.sleep(self._restart_seconds)

    async def _pass_on(self, process: asyncio.subprocess.Process) -> None:
        answers = process.stdout
        if process.stdin is None or answers is None:
            raise OSError("no pipes")
        probe: Answer = asyncio.get_running_loop().create_future()
        self._asked.append(probe)
        process.stdin.write(packed(_PROBE))
        while True:
            length = await answers.readexactly(LENGTH_BYTES)
            body = await answers.readexactly(int.from_bytes(length))
            self._process = process
            _settle(self._asked.popleft(), answer_of(body))


def _settle(answer: Answer, plain: list[Plain | None] | None) -> None:
    if not answer.done():  # whoever asked may have been cancelled
        answer.set_result(plain)


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Let the process end by itself, or end it."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(_END_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def parts_of(ahead: Ahead | None, records: Sequence[RawRecord]) -> Iterator[list[RawRecord]]:
    """Yield consecutive records in the parts that they were read in, or would have been."""
    first_offset = ahead.first_offset if ahead is not None else records[0].offset
    for _, part in groupby(records, key=lambda record: (record.offset - first_offset) // PART_COUNT):
        yield list(part)


async def plain_of(
    ahead: Ahead | None, records: Sequence[RawRecord], source: Source, now: datetime
) -> list[Plain | None]:
    """Return what is plain of consecutive records: as read ahead for the same source, otherwise read now."""
    if ahead is not None and ahead.source == source:
        part, place = await ahead.of(records[0])
        if part is not None and place + len(records) <= len(part):
            return part[place : place + len(records)]
    raw = ((record.headers, record.value) for record in records)
    return read_plain(raw, source, now, current_traceparent())

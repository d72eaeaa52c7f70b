"""Two processes of one log, and one that freezes inside a transaction: the log neither forks nor stalls."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from audit_log.desk import Desk, event
from audit_log.fault_points import FREEZE, IN_THE_MIDDLE
from audit_log.guarded import database_of
from audit_log.log_processes import LogProcesses, log_processes
from audit_log.test_faults import ROUNDS_COUNT, process_settings
from audit_log.whole_log import check_whole
from backends.running import RunningKafka, RunningPostgres
from eventing.live import produce, until
from govbus.audit_log.settings import Settings

HELD = ["head advanced", IN_THE_MIDDLE]
ALSO_HELD = ["offsets moved", "entries copied", "hashed again", "checkpoint stored", "published", "cursor moved"]

pytestmark = pytest.mark.timeout(180)


class Pair:
    """A log with room for two processes, and the records that it was given."""

    def __init__(self, kafka: RunningKafka, dsn: str, folder: Path, processes: LogProcesses) -> None:
        """Start nothing yet."""
        self._kafka = kafka
        self._folder = folder
        self._told = [process_settings(kafka, dsn, folder, instance=str(number)) for number in range(2)]
        self._processes = processes
        self.desk = Desk(Settings(**self._told[0]))
        self.ids: list[str] = []

    async def start(self, number: int, frozen_at: str | None = None) -> int:
        """Start the first or the second process."""
        return await self._processes.start(self._told[number], frozen_at, FREEZE)

    async def kill(self, pid: int) -> None:
        """End a process as a crash would."""
        await self._processes.kill(pid)

    async def say(self, count: int) -> None:
        """Write so many records, on every partition."""
        new = [f"e{len(self.ids) + n}" for n in range(count)]
        await produce(self._kafka, *(event(id_, subject=f"model/x/m{n % 30}") for n, id_ in enumerate(new)))
        self.ids += new

    async def all_published(self) -> None:
        """Wait until everything that was written is published and copied."""

        async def done() -> bool:
            return await self.desk.rows("SELECT min(checkpoint_size) FROM place_cursor") == [(len(self.ids),)]

        await until(done, f"{len(self.ids)} entries published")

    async def check(self) -> None:
        """Check that there is one history of everything."""
        await check_whole(self.desk, self._kafka, self._folder / "copies", self.ids)


@asynccontextmanager
async def _pair(kafka: RunningKafka, dsn: str, folder: Path) -> AsyncIterator[Pair]:
    async with log_processes(folder) as processes:
        pair = Pair(kafka, dsn, folder, processes)
        try:
            yield pair
        finally:
            await pair.desk.close()


async def _cut_soon(postgres: RunningPostgres, dsn: str) -> None:
    """Have PostgreSQL end what idles in a transaction of this database sooner than in production."""
    connection = await asyncpg.connect(postgres.access.admin_dsn)
    try:
        await connection.execute(
            f"ALTER ROLE govbus_audit_log IN DATABASE {database_of(dsn)} SET idle_in_transaction_session_timeout = '2s'"
        )
    finally:
        await connection.close()


def _is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


async def test_two_sequencers_started_at_once_write_one_log_and_one_goes_on_alone(
    govbus_topics: RunningKafka, log_dsn: str, tmp_path: Path
) -> None:
    async with _pair(govbus_topics, log_dsn, tmp_path) as pair:
        await pair.say(100)
        first, _ = await pair.start(0), await pair.start(1)
        await pair.say(200)
        await pair.all_published()
        await pair.say(100)
        await pair.kill(first)
        await pair.all_published()
        await pair.check()


@pytest.mark.parametrize("held", HELD if ROUNDS_COUNT == 1 else HELD + ALSO_HELD)
async def test_one_that_freezes_inside_a_transaction_neither_stalls_nor_forks_the_log(
    govbus_topics: RunningKafka, postgres: RunningPostgres, log_dsn: str, tmp_path: Path, held: str
) -> None:
    await _cut_soon(postgres, log_dsn)
    async with _pair(govbus_topics, log_dsn, tmp_path) as pair:
        await pair.say(60)
        frozen = await pair.start(0, frozen_at=held)

        async def is_frozen() -> bool:
            return _is_stopped(frozen)

        await until(is_frozen, f"frozen: {held}")
        await pair.start(1)
        await pair.say(60)
        await pair.all_published()
        assert _is_stopped(frozen), "the log went on while the first one held its transaction"
        os.kill(frozen, signal.SIGCONT)
        await pair.say(60)
        await pair.all_published()
        await pair.check()

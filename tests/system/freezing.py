"""SIGSTOP inside a transaction, and SIGCONT when everybody has given the process up: what a zombie is made of."""

import asyncio
import os
import signal
from dataclasses import dataclass
from typing import Final

import asyncpg

from system.moments import Watcher

_TRIES_COUNT: Final = 40
_BUSY_SECONDS: Final = 2.0
_SETTLE_SECONDS: Final = 0.3
"""For PostgreSQL to finish what the process had asked for before it froze, and for other processes to go on."""

_IDLE: Final = "idle in transaction"


@dataclass(frozen=True, slots=True)
class Frozen:
    """Transactions that the process held when it froze, and those that still stood when it went on."""

    held: tuple[str, ...]
    standing: tuple[str, ...]


async def freeze(watcher: Watcher, pid: int, seconds: float) -> Frozen | None:
    """Stop the process while it idles in a transaction, wait, let it go on; None when it was never found so.

    A process that froze between the messages of one statement holds its transaction up to `transaction_timeout`
    instead: PostgreSQL calls that session active. It is let go and tried again.
    """
    for _ in range(_TRIES_COUNT):
        busy = await watcher.wait_until_busy(publishing=False, most_seconds=_BUSY_SECONDS)
        os.kill(pid, signal.SIGSTOP)
        try:
            held = await _held(watcher) if busy else {}
            if held and all(what.startswith(_IDLE) for what in held.values()):
                await asyncio.sleep(seconds)
                standing = (await _transactions(watcher)).keys() & held.keys()
                return Frozen(tuple(held.values()), tuple(held[one] for one in standing))
        finally:
            os.kill(pid, signal.SIGCONT)
    return None


async def _held(watcher: Watcher) -> dict[str, str]:
    """Return the transactions of the frozen process: those that do not move, other processes' do."""
    await asyncio.sleep(_SETTLE_SECONDS)
    before = await _transactions(watcher)
    await asyncio.sleep(_SETTLE_SECONDS)
    return {one: what for one, what in (await _transactions(watcher)).items() if one in before}


async def _transactions(watcher: Watcher) -> dict[str, str]:
    """Return the service's open transactions; none when the database is down, as it holds none then."""
    try:
        return await watcher.open_transactions()
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
        return {}

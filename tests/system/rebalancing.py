"""A second process of a service joins its group: partitions move, and move again when it is dead."""

import asyncio
import time
from dataclasses import dataclass
from typing import Final

import httpx2

from system.freezing import Frozen, freeze
from system.live_stack import LiveStack
from system.moments import Watcher
from system.second_process import SecondProcess

_SETTLED_SECONDS: Final = 60.0
_BUSY_SECONDS: Final = 2.0
_ASSIGNED: Final = "govbus_assignments_total"
HANDLED: Final = "govbus_records_handled_total"


@dataclass(frozen=True, slots=True)
class Moved:
    """How often the first process was assigned: before, with the second one, after its death; and what the zombie did.

    `taken_over_count` are the records that the second process handled while the first was frozen in a transaction.
    """

    before: float
    joined: float
    left: float
    zombie: Frozen | None
    taken_over_count: int


async def rebalance(stack: LiveStack, service: str, first_pid: int, frozen_seconds: float) -> Moved:
    """Let a second process join, freeze the first one for `frozen_seconds` if any, kill the second."""
    url = stack.service_url(service)
    before = await _rises(url, 0)
    watcher = Watcher(stack, service)
    second = SecondProcess(stack, service, first_pid)
    zombie, taken_over_count = None, 0
    try:
        joined = await _rises(url, before)
        if frozen_seconds:
            earlier = await metric(second.url, HANDLED)
            zombie = await freeze(watcher, first_pid, frozen_seconds)
            taken_over_count = int(await metric(second.url, HANDLED) - earlier)
            joined = max(joined, await metric(url, _ASSIGNED))
        await watcher.wait_until_busy(publishing=False, most_seconds=_BUSY_SECONDS)
    finally:
        second.kill()
    left = await _rises(url, joined)
    return Moved(before, joined, left, zombie, taken_over_count)


async def metric(url: str, name: str) -> float:
    """Return the sum of a metric over its labels; 0 when nobody answers."""
    try:
        async with httpx2.AsyncClient(timeout=2, trust_env=False) as client:
            text = (await client.get(f"{url}/metrics")).text
    except httpx2.HTTPError:
        return 0
    lines = (line for line in text.splitlines() if line.startswith((f"{name} ", f"{name}{{")))
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


async def _rises(url: str, from_: float) -> float:
    """Return the count of assignments when it has risen, or what it is after a while."""
    deadline, found = time.monotonic() + _SETTLED_SECONDS, from_
    while time.monotonic() < deadline and found <= from_:
        found = max(found, await metric(url, _ASSIGNED))
        await asyncio.sleep(0.2)
    return found

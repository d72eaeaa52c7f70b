"""Intake over HTTP against a bare endpoint that COPYs the same bytes and commits: batches of 100, then single events.

Both stand on the same PostgreSQL with syncing on and take turns; eight clients; intake's relay publishes meanwhile.
"""

import asyncio
import statistics
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import httpx2

from bench.bare_endpoint import bare_endpoint
from bench.processor_time import load, per_event, used_seconds
from bench.running_intake import RunningIntake, running_intake
from bench.said import batches, events

CLIENTS_COUNT: Final = 8
BATCH_COUNT: Final = 100
ROUNDS_COUNT: Final = 6
ROUND_SECONDS: Final = 4.0
WARM_SECONDS: Final = 2.0
BATCH_FLOOR: Final = 0.25
BATCH_MOONSHOT: Final = 0.4
SINGLE_LIMIT: Final = 2.0

_BATCH: Final = {"content-type": "application/cloudevents-batch+json"}
_SINGLE: Final = {"content-type": "application/cloudevents+json"}


class NotTaken(Exception):
    """Something was not accepted, so that there is nothing to compare."""


@dataclass
class Side:
    """One of the two that are compared."""

    url: str
    headers: dict[str, str]
    per_second: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


def main() -> int:
    """Print both sides and their ratios; return 1 when one misses its floor."""
    with running_intake() as intake, bare_endpoint(intake.superuser_dsn) as bare:
        batch_ratio = asyncio.run(_batches(intake, bare))
        single_ratio = asyncio.run(_singles(intake, bare))
    return 0 if batch_ratio >= BATCH_FLOOR and single_ratio <= SINGLE_LIMIT else 1


async def _batches(intake: RunningIntake, bare: str) -> float:
    ours, theirs = _sides(intake, bare, _BATCH)
    bodies = batches(uuid.uuid4().hex, BATCH_COUNT)
    used_before = used_seconds(intake)
    batches_count = await _take_turns(ours, theirs, bodies)
    used = per_event(used_before, used_seconds(intake), batches_count * BATCH_COUNT)
    _say(f"processor time: {used}; {load()}")
    for name, side in (("bare COPY and commit", theirs), ("intake", ours)):
        rate = statistics.median(side.per_second) * BATCH_COUNT
        _say(f"batches of {BATCH_COUNT}: {name:22} {rate:9.0f} events/s")
    ratio = statistics.median(ours.per_second) / statistics.median(theirs.per_second)
    _say(f"ratio {ratio:.3f}     floor {BATCH_FLOOR}, moonshot {BATCH_MOONSHOT}")
    return ratio


async def _singles(intake: RunningIntake, bare: str) -> float:
    ours, theirs = _sides(intake, bare, _SINGLE)
    await _take_turns(ours, theirs, events(uuid.uuid4().hex))
    for name, side in (("null endpoint + one commit", theirs), ("intake", ours)):
        found = [value * 1000 for value in (statistics.median(side.seconds), _p99(side.seconds))]
        _say(f"single events: {name:27} p50 {found[0]:7.2f} ms  p99 {found[1]:7.2f} ms")
    ratio = _p99(ours.seconds) / _p99(theirs.seconds)
    _say(f"ratio of p99 {ratio:.2f}     limit {SINGLE_LIMIT}")
    return ratio


def _sides(intake: RunningIntake, bare: str, headers: dict[str, str]) -> tuple[Side, Side]:
    ours = Side(f"{intake.url}/v1/events", {**headers, "authorization": f"Bearer {intake.token}"})
    return ours, Side(f"{bare}/events", headers)


async def _take_turns(ours: Side, theirs: Side, bodies: Iterator[bytes]) -> int:
    """Let both sides work in turns, so that they meet the same moods of the disk; the first turn only warms up.

    Returns how many bodies our side took, those of the first turn too.
    """
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as client:
        warm = [Side(side.url, side.headers) for side in (theirs, ours)]
        for side in warm:
            await _turn(client, side, bodies, WARM_SECONDS)
        for _ in range(ROUNDS_COUNT):
            for side in (theirs, ours):
                await _turn(client, side, bodies, ROUND_SECONDS)
    return len(warm[-1].seconds) + len(ours.seconds)


async def _turn(client: httpx2.AsyncClient, side: Side, bodies: Iterator[bytes], seconds: float) -> None:
    begun = time.perf_counter()

    async def one_client() -> int:
        count = 0
        while time.perf_counter() - begun < seconds:
            body = next(bodies)
            asked = time.perf_counter()
            answer = await client.post(side.url, content=body, headers=side.headers)
            side.seconds.append(time.perf_counter() - asked)
            if answer.status_code != httpx2.codes.ACCEPTED or b'"rejected"' in answer.content:
                raise NotTaken(f"{side.url} answered {answer.status_code}: {answer.text[:500]}")
            count += 1
        return count

    counts = await asyncio.gather(*(one_client() for _ in range(CLIENTS_COUNT)))
    side.per_second.append(sum(counts) / (time.perf_counter() - begun))


def _p99(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=100)[98]


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())

"""One run: start, feed, strike, wait for quiet, compare. What it leaves is a report and a list of differences."""

import asyncio
import hashlib
import random
import sys
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx2

from backends.running import CHECKOUT
from govbus.contracts.topics import AUDIT, LOGGED
from govbus.notifier.routes_file import load_routes
from system import comparing, expected, expected_notices, quiet
from system.batching import batches_of, workers_of
from system.facts import SOURCE, make_streams, taken
from system.feeding_http import HttpFeeder
from system.feeding_kafka import RUBBISH, KafkaFeeder
from system.live_stack import LiveStack
from system.log_content import LogContent, read_content
from system.pace import Pace
from system.reading_topics import read_topics
from system.receiver import WebhookReceiver
from system.schedule import make_schedule
from system.striking import Hits, Striker

_WORKERS_COUNT: Final = 4
_HELD_BACK_RATIO: Final = 0.1
"""Facts kept for the search for a duplicate, should the schedule not have made one."""

_EXTRA_KILLS_COUNT: Final = 15
_FED_SECONDS: Final = 240.0
"""Longest time that feeders may need once everything is let out and nobody is killed any more."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is said and how often is struck; `quiet_seconds` bounds the wait after it."""

    facts_count: int
    subjects_count: int
    kills_count: int
    quiet_seconds: float

    @property
    def batch_count(self) -> int:
        """Most events of a batch: small enough that every strike falls into several."""
        return max(2, min(25, self.facts_count // (self.kills_count * _WORKERS_COUNT * 5)))


@dataclass(slots=True)
class Outcome:
    """What a run found."""

    seed: int
    size: Size
    hits: Hits
    figures: dict[str, int] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)
    seconds: float = 0.0


class CrashRun:
    """Everything of one run; `go` may be called once."""

    def __init__(self, home: Path, seed: int, size: Size, say: Callable[[str], None]) -> None:
        """Prepare facts and schedule; nothing is started but a webhook's receiver."""
        self._seed, self._size, self._say = seed, size, say
        self.streams = make_streams(seed, size.facts_count, size.subjects_count)
        self._receiver = WebhookReceiver()
        self._notifier = self._receiver.environment() | {
            "GOVBUS_NOTIFIER_TIMEOUT_SECONDS": "3",
            "GOVBUS_NOTIFIER_DEADLINE_SECONDS": "5",
            "GOVBUS_NOTIFIER_LEASE_SECONDS": "8",
        }
        self.stack = LiveStack(home, self._notifier)
        self._pace = Pace()
        self.outcome = Outcome(seed, size, Hits())

    async def go(self) -> Outcome:
        """Return what was found; the stack has ended then."""
        began = time.monotonic()
        try:
            await self.stack.start()
            self._say(f"ready after {time.monotonic() - began:.1f} s on {self.stack.url}")
            told = await self._feed_and_strike()
            self._say(f"fed and struck after {time.monotonic() - began:.1f} s")
            await quiet.wait_until_quiet(self.stack, self._size.quiet_seconds)
            self._say(f"quiet after {time.monotonic() - began:.1f} s")
            await self._compare(told)
            self.outcome.seconds = time.monotonic() - began
        finally:
            await asyncio.to_thread(self.stack.stop)
            self._receiver.stop()
        return self.outcome

    async def _feed_and_strike(self) -> dict[bytes, str]:
        """Return what emitters over HTTP were told."""
        https, kafka = self._feeders()
        striker = Striker(self.stack, make_schedule(self._seed, self._size.kills_count), self._pace, self._say)
        self.outcome.hits = striker.hits
        feeding = [*(asyncio.create_task(feeder.run()) for feeder in https), asyncio.create_task(kafka.run())]
        try:
            await _unless_failed(striker.run(1 - _HELD_BACK_RATIO), feeding)
            await _unless_failed(striker.until_a_duplicate(_EXTRA_KILLS_COUNT, 1 - _HELD_BACK_RATIO), feeding)
            await self._pace.open_to(1)
            async with asyncio.timeout(_FED_SECONDS):
                await asyncio.gather(*feeding)
        finally:
            for task in feeding:
                task.cancel()
            await asyncio.gather(*feeding, return_exceptions=True)
        retries = kafka.retries_count + sum(feeder.retries_count for feeder in https)
        self.outcome.figures["batches sent again"] = retries
        return {identity: answer for feeder in https for identity, answer in feeder.told.items()}

    def _feeders(self) -> tuple[list[HttpFeeder], KafkaFeeder]:
        chance = random.Random(f"{self._seed}/batches")  # noqa: S311 - replayable, no secret
        over_http = [stream for stream in self.streams if stream.channel == "http"]
        over_kafka = [stream for stream in self.streams if stream.channel == "kafka"]
        credential = self.stack.credential("source:demo")
        https = [
            HttpFeeder(self.stack.url, credential, batches_of(streams, chance, self._size.batch_count), self._pace)
            for streams in workers_of(over_http, _WORKERS_COUNT)
        ]
        return https, KafkaFeeder(
            self.stack.kafka(), batches_of(over_kafka, chance, self._size.batch_count), self._pace
        )

    async def _compare(self, told: dict[bytes, str]) -> None:
        records = await read_topics(self.stack.kafka(), LOGGED)
        audit = await read_topics(self.stack.kafka(), [AUDIT])
        log = read_content(audit[AUDIT, 0])
        counted = await quiet.duplicates_count(self.stack)
        self.outcome.figures |= {
            "facts": len(taken(self.streams)),
            "entries in the log": len(log.entries),
            "duplicates on Kafka": comparing.repeated_records(records) + log.repeats_count,
        }
        self.outcome.differences += [
            *log.differences,
            *comparing.compare_accepted(self.streams, log),
            *comparing.compare_order(self.streams, log),
            *comparing.compare_refused(self.streams, told, log, hashlib.sha256(RUBBISH).hexdigest()),
            *comparing.compare_places(records, log, counted),
            *compare_services(log, self.outcome.figures),
            *await self._compare_notices(log),
            *await quiet.parked(self.stack),
            *await self._verify(),
        ]

    async def _compare_notices(self, log: LogContent) -> list[str]:
        routes = load_routes(CHECKOUT / "infra/notifier/routes.yaml", self._notifier)
        told_about = [event for event in log.events("//govbus") if event.source != "//govbus/notifier"]
        outcomes = log.events("//govbus/notifier")
        self.outcome.figures["notifications"] = len(outcomes)
        self.outcome.figures["webhooks that arrived"] = sum(self._receiver.arrived.values())
        shown = await self._delivery_log()
        wanted = expected_notices.notices(told_about, routes)
        return expected_notices.compare_notices(wanted, outcomes, shown, set(self._receiver.arrived))

    async def _delivery_log(self) -> list[dict[str, Any]]:
        """Return all of `GET /v1/notifications`."""
        found: list[dict[str, Any]] = []
        headers = {"Authorization": f"Bearer {self.stack.credential('operator')}"}
        parameters = {"limit": "500"}
        async with httpx2.AsyncClient(base_url=self.stack.url, headers=headers, trust_env=False, timeout=30) as client:
            while True:
                page = (await client.get("/v1/notifications", params=parameters)).raise_for_status().json()
                found += page["items"]
                if page["next"] is None:
                    return found
                parameters["cursor"] = page["next"]

    async def _verify(self) -> list[str]:
        """Run `govbus verify` on the whole log, with nothing to believe but the key that was told at the start."""
        process = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).parent / "govbus"), "verify", "--all", "--key", self.stack.log_vkey,
            "--older", str(self.stack.home / "checkpoints"), "--json",
            env={"GOVBUS_URL": self.stack.url, "GOVBUS_TOKEN": self.stack.credential("auditor")},
            cwd=self.stack.home, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await process.communicate()
        if process.returncode == 0:
            return []
        return [f"govbus verify --all ended with {process.returncode}: {output.decode(errors='replace')[-600:]}"]


def compare_services(log: LogContent, figures: dict[str, int]) -> list[str]:
    """Compare what each service concluded with the fold of the log's facts."""
    facts = log.events(SOURCE)
    found = {name: log.events(f"//govbus/{name}") for name in ("inventory", "risk", "oversight")}
    activated = [event for event in found["risk"] if event.subject == "service/risk"]
    of_subjects = [event for event in found["risk"] if event.subject != "service/risk"]
    answers = {event.causationid or "": event for event in of_subjects if ".release." in event.type}
    policies = CHECKOUT / "policies"
    risk = list(expected.risk_conclusions(facts, policies, answers))
    by_oversight = expected.oversight_conclusions([*facts, *risk], policies / "incidents.yaml")
    figures["conclusions"] = sum(map(len, found.values()))
    figures["answers of the gate"] = len(answers)
    return [
        *comparing.compare_conclusions(list(expected.inventory_conclusions(facts)), found["inventory"], "inventory"),
        *comparing.compare_conclusions(risk, of_subjects, "risk"),
        *comparing.compare_conclusions(list(by_oversight), found["oversight"], "oversight"),
        *expected.compare_incidents_seen(answers.values(), found["oversight"]),
        *([] if len(activated) == 1 else [f"risk: {len(activated)} policies activated instead of one"]),
    ]


async def _unless_failed(striking: Coroutine[Any, Any, None], feeding: list[asyncio.Task[None]]) -> None:
    """Wait for the strikes, unless a feeder fails first."""
    task = asyncio.ensure_future(striking)
    try:
        while not task.done():
            await asyncio.wait([task, *(one for one in feeding if not one.done())], return_when=asyncio.FIRST_COMPLETED)
            for one in feeding:
                if one.done():
                    one.result()
        task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

"""Who is struck when: made from a seed before the run, so that the seed replays it."""

import random
from dataclasses import dataclass
from typing import Final

from system.live_stack import SERVERS, SERVICES

TARGETS: Final = (*SERVICES, *SERVERS)
FROZEN_SECONDS: Final = 17.0
"""Longer than a transaction may wait for a lock (5 s) and then be idle (10 s), and than Kafka's session (6 s)."""

_WEIGHTS: Final = {"kafka": 2, "postgres": 2, "console": 1}
"""All others 3: they hold state of ours. Servers take everybody with them and cost the most time."""

ZOMBIE_FROM_KILLS_COUNT: Final = 40
"""Runs with so many kills have time for a second process to take over from a frozen one."""

_BESIDE_COUNT: Final = 8
_PUBLISHERS: Final = ("intake", "inventory", "risk", "oversight", "audit_log", "notifier")


@dataclass(frozen=True, slots=True)
class Kill:
    """SIGKILL, at a moment when the target (or for a server: `watched`) works, `early`: whatever it does; then wait."""

    target: str
    watched: str
    publishing: bool
    early: bool
    pause_seconds: float


@dataclass(frozen=True, slots=True)
class Freeze:
    """SIGSTOP inside a transaction, SIGCONT after PostgreSQL and Kafka gave the process up."""

    target: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Rebalance:
    """A second process of a service joins its group, works, and is killed.

    With `frozen_seconds` the first is frozen in a transaction for so long: the second takes over from a zombie.
    """

    target: str
    frozen_seconds: float


_ZOMBIE: Final = Rebalance("risk", FROZEN_SECONDS)

Strike = Kill | Freeze | Rebalance


def make_schedule(seed: int, kills_count: int) -> tuple[Strike, ...]:
    """Return the strikes: every target at least once, then at random; freezes and a rebalance among them."""
    chance = random.Random(f"{seed}/schedule")  # noqa: S311 - a replayable schedule, no secret
    weights = [_WEIGHTS.get(target, 3) for target in TARGETS]
    first = list(TARGETS)[:kills_count]
    chance.shuffle(first)
    rest = chance.choices(TARGETS, weights, k=kills_count - len(first))
    strikes: list[Strike] = [_kill(chance, target) for target in (*first, *rest)]
    moves = [Rebalance("risk", 0.0)] if kills_count < ZOMBIE_FROM_KILLS_COUNT else [_ZOMBIE]
    at = len(strikes) // 4
    strikes[at:] = [*moves, *_sparing(strikes[at:], {"risk", "kafka", "postgres"})]
    for number in range(max(1, kills_count // 40)):
        strikes.insert((2 * number + 1) * len(strikes) // (2 * max(1, kills_count // 40)) + 1, _freeze(chance))
    return tuple(strikes)


def _sparing(strikes: list[Strike], spared: set[str]) -> list[Strike]:
    """Return the strikes with a few first that leave `spared` alone: they fall into the rebalance."""
    first = [number for number, strike in enumerate(strikes) if strike.target not in spared][:_BESIDE_COUNT]
    return [strikes[number] for number in first] + [one for at, one in enumerate(strikes) if at not in first]


def kills_of(schedule: tuple[Strike, ...]) -> int:
    """Return how many processes are killed, the rebalance's second process not counted."""
    return sum(isinstance(strike, Kill) for strike in schedule)


def _kill(chance: random.Random, target: str) -> Kill:
    watched = target if target in _PUBLISHERS else chance.choice(_PUBLISHERS)
    publishing, early = chance.random() < 0.5, chance.random() < 0.15
    return Kill(target, watched, publishing, early, pause_seconds=round(chance.uniform(0.1, 1.0), 2))


def _freeze(chance: random.Random) -> Freeze:
    return Freeze(chance.choice(("intake", "risk", "audit_log", "inventory")), FROZEN_SECONDS)

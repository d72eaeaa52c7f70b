"""What the platforms of a run say: facts over many subjects, the same ones for the same seed.

A stream is what one emitter says in order about one subject; it goes over one channel from beginning to end.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from govbus.contracts import strict_json
from govbus.contracts.identity import identity_digest
from govbus.contracts.types import full_name
from system.life import Life

Channel = Literal["http", "kafka"]

SOURCE: Final = "//demo/platform"
NAMESPACE: Final = "demo"
KAFKA_EVERY: Final = 4
"""Every fourth stream comes over Kafka, the others over HTTP."""


@dataclass(frozen=True, slots=True)
class Said:
    """One event as its emitter says it; `refused_for` is the reason that intake must give, None: it must be taken."""

    attributes: Mapping[str, str]
    data: bytes
    refused_for: str | None = None

    @property
    def identity(self) -> bytes:
        """Who it is."""
        return identity_digest(self.attributes["source"], self.attributes["type"], self.attributes["id"])

    @property
    def id(self) -> str:
        """Its `id`, unique in the run."""
        return self.attributes["id"]

    def structured(self) -> bytes:
        """Return the event in JSON, data verbatim."""
        head = strict_json.dump(dict(self.attributes))
        return head[:-1] + b',"data":' + self.data + b"}"


@dataclass(frozen=True, slots=True)
class Stream:
    """Everything that is said about one subject, in order, over one channel."""

    subject: str
    channel: Channel
    said: tuple[Said, ...]


def make_streams(seed: int, facts_count: int, subjects_count: int) -> tuple[Stream, ...]:
    """Return streams with `facts_count` events that must be taken, and some that must be refused besides."""
    chance = random.Random(seed)  # noqa: S311 - a replayable schedule, no secret
    shares = _shares(chance, facts_count, subjects_count)
    return tuple(_stream(seed, number, share) for number, share in enumerate(shares))


def taken(streams: Sequence[Stream]) -> list[Said]:
    """Return all events that must be in the log."""
    return [said for stream in streams for said in stream.said if said.refused_for is None]


def refused(streams: Sequence[Stream]) -> list[Said]:
    """Return all events that must be refused."""
    return [said for stream in streams for said in stream.said if said.refused_for is not None]


def _shares(chance: random.Random, facts_count: int, subjects_count: int) -> list[int]:
    """Return uneven lengths: hot subjects are where order is hardest to keep."""
    weights = [chance.choice((1, 1, 1, 2, 4)) for _ in range(subjects_count)]
    shares = [max(1, facts_count * weight // sum(weights)) for weight in weights]
    shares[0] += facts_count - sum(shares)
    return shares


def _stream(seed: int, number: int, facts_count: int) -> Stream:
    chance = random.Random(f"{seed}/{number}")  # noqa: S311 - a replayable schedule, no secret
    channel: Channel = "kafka" if number % KAFKA_EVERY == KAFKA_EVERY - 1 else "http"
    subject = f"model/{NAMESPACE}/m{seed % 10_000:04d}-{number:03d}"
    life = Life(chance)
    said: list[Said] = []
    for ordinal in range(facts_count):
        name, data, minutes = life.next()
        stated = subject if "." in name and not name.startswith("com.") else f"pipeline/{number}"
        said.append(_said(f"{seed}-{number}-{ordinal}", name, stated, data, minutes))
    if number % 7 == 0:
        said.insert(chance.randrange(len(said) + 1), _wrong(chance, f"{seed}-{number}-wrong", subject))
    return Stream(subject, channel, tuple(said))


def _said(id_: str, name: str, subject: str, data: object, minutes: int, refused_for: str | None = None) -> Said:
    day, minute = divmod(minutes, 24 * 60)
    attributes = {
        "specversion": "1.0",
        "id": id_,
        "source": f"{SOURCE}/{len(id_) % 3}",
        "type": name if name.startswith("com.") else full_name(name),
        "subject": subject,
        "time": f"2026-{1 + day // 28:02d}-{1 + day % 28:02d}T{minute // 60:02d}:{minute % 60:02d}:00Z",
        "datacontenttype": "application/json",
    }
    return Said(attributes, strict_json.dump(data), refused_for)


def _wrong(chance: random.Random, id_: str, subject: str) -> Said:
    """Return an event that intake must refuse, with its reason."""
    reason, name, about, data = chance.choice(
        (
            ("contract_broken", "validation.completed", subject, {"version": "1", "kind": "fairness"}),
            ("foreign_namespace", "model.registered", "model/elsewhere/m", {}),
            ("foreign_type", "risk.scored", subject, {}),
        )
    )
    return _said(id_, name, about, data, 0, reason)

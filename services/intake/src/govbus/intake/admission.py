"""Admission: units of one sender enter the register, and facts and refusals go to the outbox, in one transaction."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from govbus.contracts import topics
from govbus.contracts.envelope import Event
from govbus.contracts.identity import fresh_id
from govbus.eventing.outbox import Outbox
from govbus.eventing.serialise import lock_subjects
from govbus.eventing.tracing import span
from govbus.intake.domain import rejection
from govbus.intake.domain.acceptance import Fact, Verdict, attribute, judge_all, reused
from govbus.intake.domain.inputs import Input, Unit
from govbus.intake.domain.personal_fields import stated_person, subject_of_person
from govbus.intake.domain.redaction import SECRET_HEADERS
from govbus.intake.domain.refusals import Refused
from govbus.intake.domain.sequence import Numbered, advance, by_uri, gap_event
from govbus.intake.domain.source import Source, check_source, prefixes
from govbus.intake.domain.units import stated_sources
from govbus.intake.keyring import Keyring
from govbus.intake.sealing import Sealer
from govbus.intake.store import person_keys, register, rejected, sequences, sources
from govbus.intake.store.rejected import Rejection
from govbus.intake.store.sources import Activity

UNITS_COUNT: Final = 200
"""Units of one transaction: each locks its subject, and PostgreSQL's lock table is shared by all."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one unit: `accepted`, `duplicate`, `rejected` or `ignored`; positions of its facts."""

    status: str
    unit: Unit
    positions: tuple[str, ...] = ()
    refusal: Refused | None = None
    rejected_id: str | None = None


@dataclass(slots=True)
class _Pending:
    """What one transaction will write."""

    keyring: Keyring
    facts: list[Fact] = field(default_factory=list)
    deliveries: list[register.Delivered] = field(default_factory=list)
    rejections: list[tuple[Rejection, bytes | None]] = field(default_factory=list)
    events: list[tuple[Event, str]] = field(default_factory=list)


class Admission:
    """Admits units on an open transaction; the caller commits."""

    def __init__(self, sealer: Sealer, clock: Callable[[], datetime], new_id: Callable[[], str] = fresh_id) -> None:
        """Take what is not pure as arguments."""
        self._sealer = sealer
        self._clock = clock
        self._new_id = new_id

    async def admit(
        self, connection: AsyncConnection, outbox: Outbox, source: Source, units: Sequence[Unit]
    ) -> list[Outcome]:
        """Return the outcome of each unit, in order, after everything about them is written.

        Set-based: the number of statements does not depend on the number of units.

        Raises:
            IntegrityError: `register.was_raced`: to be tried again from the beginning.
        """
        now = self._clock()
        owners = await self._owners(connection, source, units)
        attributed = [_attributed(unit, source, owners, now) for unit in units]
        await lock_subjects(connection, _locks(source, attributed))
        deliveries = await register.known_deliveries(
            connection, source.name, (unit.delivery for unit, _ in attributed if unit.delivery)
        )
        known = await register.known_digests(connection, (fact.identity for _, facts in attributed for fact in facts))
        persons = {person for _, facts in attributed for fact in facts if (person := stated_person(fact.event))}
        pending = _Pending(Keyring(self._sealer, self._new_id, now, await person_keys.live(connection, persons)))
        seen, taken = dict(known), dict(deliveries)
        outcomes = [self._decide(unit, facts, source, seen, taken, pending, now) for unit, facts in attributed]
        await self._write(connection, outbox, source, pending, outcomes, now)
        await self._count(connection, outbox, source, outcomes, now)
        return outcomes

    def _decide(
        self,
        unit: Unit,
        facts: Sequence[Fact],
        source: Source,
        seen: dict[bytes, bytes],
        taken: dict[bytes, tuple[bytes, ...]],
        pending: _Pending,
        now: datetime,
    ) -> Outcome:
        if unit.refused is not None:
            return self._refuse(unit, unit.refused, source, pending, now)
        if unit.delivery is not None and unit.delivery in taken:
            return Outcome("duplicate", unit, tuple(one.hex() for one in taken[unit.delivery]))
        verdicts = judge_all(facts, seen)
        clash = next(
            (fact for fact, verdict in zip(facts, verdicts, strict=True) if verdict is Verdict.ID_REUSED), None
        )
        if clash is not None:
            return self._refuse(unit, reused(clash), source, pending, now)
        fresh = [fact for fact, verdict in zip(facts, verdicts, strict=True) if verdict is Verdict.ACCEPTED]
        seen.update({fact.identity: fact.digest for fact in fresh})
        pending.facts.extend(fresh)
        pending.events.extend((pending.keyring.without_plain(fact), topics.FACTS) for fact in fresh)
        if unit.delivery is not None:
            taken[unit.delivery] = tuple(fact.identity for fact in facts)
            pending.deliveries.append(register.Delivered(unit.delivery, unit.carrier, taken[unit.delivery]))
        if unit.ignored is not None:
            return self._ignore(unit, source, pending, now)
        return Outcome("accepted" if fresh else "duplicate", unit, tuple(fact.position for fact in facts))

    def _refuse(self, unit: Unit, refusal: Refused, source: Source, pending: _Pending, now: datetime) -> Outcome:
        rejected_id = self._new_id()
        event = rejection.rejected(rejected_id, unit, refusal, source, now)
        self._record(event, unit, source, refusal.reason, refusal.detail, pending, now, places=refusal)
        return Outcome("rejected", unit, refusal=refusal, rejected_id=rejected_id)

    def _ignore(self, unit: Unit, source: Source, pending: _Pending, now: datetime) -> Outcome:
        if unit.ignored is None:
            raise ValueError("not ignored")
        rejected_id = self._new_id()
        event = rejection.ignored(rejected_id, unit, unit.ignored.reason, unit.ignored.rule, source, now)
        self._record(event, unit, source, unit.ignored.reason, unit.ignored.rule, pending, now)
        return Outcome("ignored", unit, rejected_id=rejected_id)

    def _record(
        self,
        event: Event,
        unit: Unit,
        source: Source,
        reason: str,
        detail: str,
        pending: _Pending,
        now: datetime,
        places: Refused | None = None,
    ) -> None:
        pending.events.append((event, topics.REJECTED))
        kept = Rejection(
            id=UUID(event.id),
            source_name=source.name,
            channel=unit.input.channel,
            disposition="rejected" if places else "ignored",
            reason=reason,
            detail=rejection.storable(detail),
            claimed={name: rejection.storable(value) for name, value in unit.claimed.items()},
            errors=[
                {"pointer": rejection.storable(place.pointer), "detail": rejection.storable(place.detail)}
                for place in (places.places if places else ())
            ],
            received_at=now,
            raw_sha256=unit.input.digest,
            raw_bytes_count=None if unit.input.body is None else len(unit.input.body),
        )
        pending.rejections.append((kept, self._sealed(unit.input, event.id)))

    def _sealed(self, input_: Input, rejected_id: str) -> bytes | None:
        if input_.body is None:
            return None
        headers = tuple(pair for pair in input_.headers if pair[0] not in SECRET_HEADERS)
        kept = msgspec.msgpack.encode(replace(input_, headers=headers))
        return self._sealer.seal(kept, f"rejected/{rejected_id}")

    def opened(self, kept: Rejection, sealed: bytes) -> Input:
        """Return the input of a rejection again."""
        return msgspec.msgpack.decode(self._sealer.open(sealed, f"rejected/{kept.id}"), type=Input)

    @staticmethod
    async def _owners(connection: AsyncConnection, source: Source, units: Sequence[Unit]) -> set[str]:
        foreign = stated_sources(units) - {source.uri}
        if not foreign or source.auth_type == "person":
            return {source.uri}
        candidates = {prefix for uri in foreign for prefix in prefixes(uri)}
        return await sources.registered_uris(connection, candidates) | {source.uri}

    @staticmethod
    async def _write(
        connection: AsyncConnection,
        outbox: Outbox,
        source: Source,
        pending: _Pending,
        outcomes: Sequence[Outcome],
        now: datetime,
    ) -> None:
        await register.add(connection, source.name, {fact.identity: fact.digest for fact in pending.facts}, now)
        await register.add_deliveries(connection, source.name, pending.deliveries, now)
        await rejected.add(connection, pending.rejections)
        await person_keys.add(connection, pending.keyring.made)
        statuses = Counter(outcome.status for outcome in outcomes)
        counted = (statuses["accepted"], statuses["duplicate"], statuses["rejected"], statuses["ignored"])
        await sources.seen(connection, source.name, Activity(*counted, now))
        for event, topic in pending.events:
            with span("admit", parent=event.traceparent) if event.traceparent else nullcontext():
                outbox.append(event, topic)

    @staticmethod
    async def _count(
        connection: AsyncConnection, outbox: Outbox, source: Source, outcomes: Sequence[Outcome], now: datetime
    ) -> None:
        """Count the `sequence` numbers that arrived; a reported gap that has now arrived as well is closed."""
        arrivals = by_uri(_arrived(outcomes))
        if not arrivals:
            return
        kept = await sequences.read(connection, source.name, arrivals)
        changes = {uri: advance(*kept[uri], numbers) for uri, numbers in arrivals.items()}
        for name, gap in await sequences.write(connection, source.name, changes, now):
            outbox.append(gap_event(name, gap, now), topics.REJECTED)


def _attributed(unit: Unit, source: Source, owners: set[str], now: datetime) -> tuple[Unit, tuple[Fact, ...]]:
    """Return the unit with its facts, or refused because of what its source may not say. Pure."""
    if unit.refused is not None:
        return unit, ()
    try:
        if "source" in unit.claimed:
            check_source(source, unit.claimed["source"], owners)
        return unit, tuple(attribute(draft, source, now) for draft in unit.drafts)
    except Refused as refusal:
        return replace(unit, refused=refusal), ()


def _locks(source: Source, attributed: Sequence[tuple[Unit, tuple[Fact, ...]]]) -> set[str]:
    """Return what two transactions must not touch at once: subjects, persons, deliveries and counters.

    Identities need no lock: the register's unique index makes the second one wait and fail.
    """
    locks: set[str] = set()
    for unit, facts in attributed:
        locks.update(fact.event.subject for fact in facts)
        locks.update(subject_of_person(person) for fact in facts if (person := stated_person(fact.event)))
        if unit.delivery is not None:
            locks.add(f"delivery/{source.name}/{unit.delivery.hex()}")
        if unit.numbered is not None:
            locks.add(f"sequence/{source.name}/{unit.numbered.uri}")
        if unit.refused is not None:
            locks.add(rejection.subject_of(source.name))
    return locks


def _arrived(outcomes: Sequence[Outcome]) -> list[Numbered]:
    """Return the numbers that count: refused events arrived too, duplicates did before, others' are not ours."""
    counted = [one for one in outcomes if one.status != "duplicate"]
    ours = (one for one in counted if one.refusal is None or one.refusal.reason != "foreign_source")
    return [one.unit.numbered for one in ours if one.unit.numbered is not None]


def chunks(units: Sequence[Unit]) -> list[Sequence[Unit]]:
    """Return the units in runs small enough for one transaction each."""
    return [units[start : start + UNITS_COUNT] for start in range(0, len(units), UNITS_COUNT)]

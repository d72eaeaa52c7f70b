"""Key figures as data: which events they are made of, what pairs them, and how they are put together."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from pydantic import with_config

from govbus.audit_log.domain.event_field import LoggedEvent, payload_paths
from govbus.audit_log.domain.matching import STRICT, Conditions, Match, Schemas, is_meant


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Events that mark a point: `key` says which belong together, `at` when it was (default: the event's time)."""

    types: tuple[str, ...]
    key: tuple[str, ...]
    at: str = "entry.time"
    where: Conditions = field(default_factory=dict)
    unless: Conditions = field(default_factory=dict)

    @property
    def match(self) -> Match:
        """Which events."""
        return Match(types=self.types, where=self.where, unless=self.unless)

    def accepts(self, event: LoggedEvent) -> bool:
        """Return whether an event of one of the types is meant; its payload can be read."""
        return is_meant(event.document, self.where, self.unless)

    def faults(self, schemas: Schemas) -> tuple[str, ...]:
        """Return what cannot be meant."""
        empty = () if self.key else ("key: names nothing",)
        return empty + self.match.faults(schemas, payload_paths(*self.key, self.at))


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """Time from a start to the first end of the same key; `repeats`: a key may start again after its end."""

    start: Mark
    end: Mark
    repeats: bool = False

    def faults(self, schemas: Schemas) -> tuple[str, ...]:
        """Return what cannot be meant."""
        unequal = () if len(self.start.key) == len(self.end.key) else ("start and end have keys of different length",)
        return unequal + self.start.faults(schemas) + self.end.faults(schemas)

    @property
    def all_types(self) -> frozenset[str]:
        """The types it is made of, short."""
        return frozenset(self.start.types + self.end.types)


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many events, by a field of theirs."""

    types: tuple[str, ...]
    by: str | None = None
    where: Conditions = field(default_factory=dict)
    unless: Conditions = field(default_factory=dict)

    @property
    def match(self) -> Match:
        """Which events."""
        return Match(types=self.types, where=self.where, unless=self.unless)

    @property
    def needs_payload(self) -> bool:
        """Whether the type alone does not tell."""
        return self.match.needs_payload or self.by is not None

    def accepts(self, event: LoggedEvent) -> bool:
        """Return whether an event of one of the types is meant."""
        return is_meant(event.document, self.where, self.unless)

    def faults(self, schemas: Schemas) -> tuple[str, ...]:
        """Return what cannot be meant."""
        return self.match.faults(schemas, payload_paths(self.by) if self.by else ())

    @property
    def all_types(self) -> frozenset[str]:
        """The types it is made of, short."""
        return frozenset(self.types)


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Events after which something stands in a place: the place is `key`, what stands there `value` (null: nothing)."""

    types: tuple[str, ...]
    key: tuple[str, ...]
    value: tuple[str, ...] = ()

    def faults(self, schemas: Schemas) -> tuple[str, ...]:
        """Return what cannot be meant."""
        return Match(types=self.types).faults(schemas, payload_paths(*self.key, *self.value))


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Which part of the distinct things that stand somewhere now was ever proved: deployed versions, validated."""

    standing: tuple[Place, ...]
    proof: Mark

    def faults(self, schemas: Schemas) -> tuple[str, ...]:
        """Return what cannot be meant."""
        found = [fault for place in self.standing for fault in place.faults(schemas)]
        widths = {len(place.key) for place in self.standing}
        if len(widths) != 1:
            found.append("standing: every place needs a key of the same length")
        if any(place.value and len(place.value) < len(self.proof.key) for place in self.standing):
            found.append("proof: its key is longer than what stands in a place")
        return (*found, *self.proof.faults(schemas))

    @property
    def all_types(self) -> frozenset[str]:
        """The types it is made of, short."""
        return frozenset(self.proof.types).union(*(place.types for place in self.standing))


Measure: TypeAlias = Duration | Count | Coverage


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Kpi:
    """One figure; exactly one of `duration`, `count` and `coverage` says how it is made."""

    id: str
    title: str
    sources: tuple[str, ...]
    frameworks: tuple[str, ...] = ()
    duration: Duration | None = None
    count: Count | None = None
    coverage: Coverage | None = None

    @property
    def measure(self) -> Measure:
        """How it is made."""
        [found] = self._measures()
        return found

    def faults(self, schemas: Schemas) -> Iterator[str]:
        """Yield what is inconsistent, each with its place."""
        if len(self._measures()) != 1:
            yield f"kpis/{self.id}: exactly one of duration, count, coverage makes a figure"
            return
        yield from (f"kpis/{self.id}: {fault}" for fault in self.measure.faults(schemas))

    def _measures(self) -> tuple[Measure, ...]:
        return tuple(one for one in (self.duration, self.count, self.coverage) if one is not None)


@with_config(STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class KpiSet:
    """All of `kpis.yaml`; `digest` names its content and is set by the loader."""

    kpis: tuple[Kpi, ...]
    digest: str = ""

    def faults(self, schemas: Schemas) -> Iterator[str]:
        """Yield what is inconsistent."""
        ids = [kpi.id for kpi in self.kpis]
        yield from (f"kpis/{name}: the id stands twice" for name in sorted({one for one in ids if ids.count(one) > 1}))
        for kpi in self.kpis:
            yield from kpi.faults(schemas)

    @property
    def all_types(self) -> frozenset[str]:
        """The types that any figure is made of, short."""
        return frozenset[str]().union(*(kpi.measure.all_types for kpi in self.kpis))

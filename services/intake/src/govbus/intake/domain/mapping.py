"""A mapping: how one platform's payloads become facts. Data of a YAML file, for `applying` to apply."""

from collections.abc import Mapping as Dictionary
from dataclasses import dataclass, field
from typing import Any

from govbus.intake.domain.decoding import Decoder
from govbus.intake.domain.expressions import Expression
from govbus.intake.domain.redaction import RedactedPath

Definitions = Dictionary[str, Expression]


@dataclass(frozen=True, slots=True)
class FactTemplate:
    """One fact, or one per element of `for_each`.

    Attributes:
        when: holds where this fact is meant. None: always.
        for_each: yields the list of which every element becomes a fact.
        define: named expressions of this fact, computed where they are mentioned.
        subject_kind: `external`, `stated`, or a kind of governed subject.
        time: when it happened; None: as the file says.
        data: expressions, literals, and nested lists and objects of them.
    """

    type: str
    subject_kind: str
    subject_name: Expression
    data: Any
    when: Expression | None = None
    for_each: Expression | None = None
    define: Definitions = field(default_factory=dict)
    time: Expression | None = None


@dataclass(frozen=True, slots=True)
class Inner:
    """Payloads inside a wrapper, each to be read by a mapping of its own.

    Attributes:
        bodies: yields the list of decoded payloads.
        read_by: names of the mappings that may read them, first match first; empty: any with a `match`.
        headers: yields the headers they are read with.
        otherwise: what one means that no mapping reads, as `item`; None: the whole is refused.
    """

    bodies: Expression
    read_by: tuple[str, ...] = ()
    headers: Expression | None = None
    otherwise: FactTemplate | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """What one kind of payload becomes: ignored with a reason, facts, or what is inside it."""

    name: str
    when: Expression | None = None
    ignore: str | None = None
    facts: tuple[FactTemplate, ...] = ()
    inner: Inner | None = None


@dataclass(frozen=True, slots=True)
class Mapping:
    """One platform's mapping file.

    Attributes:
        digest: SHA-256 of the file.
        match: whether a payload is of this platform. None: not told.
        split: yields the list of which every element is a delivery of its own.
        delivery: the platform's own id of a delivery. None: the digest of its bytes.
        requires: what must have a value, whatever the rule.
        redact: places that are blanked before anything is stored.
        carried_types: globs of CloudEvents types whose data this mapping reads when they arrive as CloudEvents.
    """

    name: str
    version: str
    digest: str
    decoder: Decoder
    time: Expression
    rules: tuple[Rule, ...]
    match: Expression | None = None
    split: Expression | None = None
    delivery: Expression | None = None
    requires: tuple[Expression, ...] = ()
    redact: tuple[RedactedPath, ...] = ()
    define: Definitions = field(default_factory=dict)
    carried_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ignored:
    """A payload that was taken and means nothing: a test delivery."""

    reason: str
    rule: str

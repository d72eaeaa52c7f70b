"""Trust policies: which logs and witnesses are known, and which witnesses' cosignatures are enough.

Names are for the file alone and are compared byte for byte; keys are what is believed.

Source: c2sp.org/tlog-policy.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from govbus.contracts.translog.vkey import COSIGNATURE, ED25519, KeyRejected, VerificationKey, parse_vkey

NONE: Final = "none"
"""The quorum that needs no witness."""

_FORBIDDEN: Final = re.compile(rb"[^\t\n\x20-\x7e\x80-\xff]")
_THRESHOLD: Final = re.compile("[1-9][0-9]{0,3}")
_BYTES: Final = 1_000_000
"""Far above the 32 logs, witnesses and groups that the source asks for."""

_LOG_ITEMS: Final = range(1, 3)
_WITNESS_ITEMS: Final = range(2, 4)
_GROUP_ITEMS_COUNT: Final = 3


class PolicyRejected(ValueError):
    """A file that is no policy; `faults` names every wrong line."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        """Keep the sentences, each with the number of its line."""
        super().__init__("; ".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class KnownLog:
    """A log whose checkpoints are accepted."""

    key: VerificationKey
    url: str | None


@dataclass(frozen=True, slots=True)
class KnownWitness:
    """A witness, its name in the file, and where it is asked; without an address it is only believed."""

    name: str
    key: VerificationKey
    url: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """Witnesses a checkpoint when at least `threshold_count` of its members do."""

    name: str
    threshold_count: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """A whole file; groups are in their order, so each names only what stands before it."""

    logs: tuple[KnownLog, ...]
    witnesses: tuple[KnownWitness, ...]
    groups: tuple[Group, ...]
    quorum: str

    @property
    def witness_keys(self) -> tuple[VerificationKey, ...]:
        """Whose cosignatures are believed."""
        return tuple(witness.key for witness in self.witnesses)


def quorum_met(policy: Policy, cosigned_by: Collection[VerificationKey]) -> bool:
    """Return whether these witnesses, whose cosignatures of one checkpoint were verified, are enough."""
    met = {witness.name for witness in policy.witnesses if witness.key in cosigned_by}
    for group in policy.groups:
        if sum(member in met for member in group.members) >= group.threshold_count:
            met.add(group.name)
    return policy.quorum == NONE or policy.quorum in met


def parse_policy(raw: bytes) -> Policy:
    """Return the policy in a file's bytes.

    Raises:
        PolicyRejected: names every line that is wrong.
    """
    if len(raw) > _BYTES:
        raise PolicyRejected((f"line 1: the file is longer than {_BYTES} bytes",))
    reading = _Reading()
    lines = raw.split(b"\n")
    for number, line in enumerate(lines, 1):
        try:
            reading.take(line)
        except (_Wrong, KeyRejected) as wrong:
            reading.faults.append(f"line {number}: {wrong}")
    if reading.quorum is None and not reading.quorum_seen:
        reading.faults.append(f"line {len(lines)}: the file ends without a quorum line")
    if reading.faults or reading.quorum is None:
        raise PolicyRejected(tuple(reading.faults))
    return Policy(tuple(reading.logs), tuple(reading.witnesses), tuple(reading.groups), reading.quorum)


class _Wrong(ValueError):
    """What is wrong with one line."""


@dataclass(slots=True)
class _Reading:
    """What was read so far."""

    logs: list[KnownLog] = field(default_factory=list)
    witnesses: list[KnownWitness] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    quorum: str | None = None
    quorum_seen: bool = False
    faults: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    members: set[str] = field(default_factory=set)

    def take(self, line: bytes) -> None:
        """Add one line."""
        if _FORBIDDEN.search(line):
            raise _Wrong("a control character other than tab and newline")
        items = line.decode("utf-8", "surrogateescape").replace("\t", " ").split(" ")
        word, *rest = [item for item in items if item] or ["#"]
        match word:
            case _ if word.startswith("#"):
                return
            case "log":
                self._log(rest)
            case "witness":
                self._witness(rest)
            case "group":
                self._group(rest)
            case "quorum":
                self._quorum(rest)
            case _:
                raise _Wrong(f"{word[:40]!r} is none of log, witness, group, quorum")

    def _log(self, items: list[str]) -> None:
        if len(items) not in _LOG_ITEMS:
            raise _Wrong("a log is written: log <vkey> [<url>]")
        key = _key(items[0], ED25519, "a log")
        if key.public_key in {known.key.public_key for known in self.logs}:
            raise _Wrong("a log of this key stands on a line before")
        self.logs.append(KnownLog(key, _last(items, 1)))

    def _witness(self, items: list[str]) -> None:
        if len(items) not in _WITNESS_ITEMS:
            raise _Wrong("a witness is written: witness <name> <vkey> [<url>]")
        key = _key(items[1], COSIGNATURE, "a witness")
        if key.public_key in {known.key.public_key for known in self.witnesses}:
            raise _Wrong("a witness of this key stands on a line before")
        self._name(items[0])
        self.witnesses.append(KnownWitness(items[0], key, _last(items, 2)))

    def _group(self, items: list[str]) -> None:
        if len(items) < _GROUP_ITEMS_COUNT:
            raise _Wrong("a group is written: group <name> <number|any|all> <member>...")
        name, threshold, *members = items
        for place, member in enumerate(members):
            if member not in self.names:
                raise _Wrong(f"{_quoted(member)} is not defined on a line before")
            if member in self.members or member in members[:place]:
                raise _Wrong(f"{_quoted(member)} is a member already: it would count twice")
        count = {"any": 1, "all": len(members)}.get(threshold)
        if count is None:
            count = int(threshold) if _THRESHOLD.fullmatch(threshold) else 0
        if not 1 <= count <= len(members):
            raise _Wrong(f"{_quoted(threshold)} is not any, all, or a number from 1 to {len(members)}")
        self._name(name)
        self.members.update(members)
        self.groups.append(Group(name, count, tuple(members)))

    def _quorum(self, items: list[str]) -> None:
        if self.quorum_seen:
            raise _Wrong("a quorum stands on a line before")
        self.quorum_seen = True
        if len(items) != 1:
            raise _Wrong("a quorum is written: quorum <name>")
        if items[0] != NONE and items[0] not in self.names:
            raise _Wrong(f"{_quoted(items[0])} is not defined on a line before")
        self.quorum = items[0]

    def _name(self, name: str) -> None:
        if name == NONE:
            raise _Wrong(f"{NONE!r} cannot be defined: it is the quorum without witnesses")
        if name in self.names:
            raise _Wrong(f"{_quoted(name)} is defined on a line before")
        self.names.add(name)


def _key(text: str, kind: int, whose: str) -> VerificationKey:
    try:
        key = parse_vkey(text)
    except UnicodeEncodeError:
        raise _Wrong("a key whose name is not UTF-8") from None
    if key.kind != kind:
        raise _Wrong(f"{whose} has a key of type {kind:#04x}, not {key.kind:#04x}")
    return key


def _last(items: list[str], place: int) -> str | None:
    return items[place] if len(items) > place else None


def _quoted(name: str) -> str:
    return ascii(name[:40])

"""The audit log as `govbus.audit` tells it: read as an outsider does, every entry opened and checked."""

from collections.abc import Sequence
from dataclasses import dataclass

from govbus.contracts import strict_json
from govbus.contracts.catalogue import read
from govbus.contracts.conclusions.log import CheckpointPublished, EntryPublished
from govbus.contracts.envelope import Event
from govbus.contracts.identity import event_identity
from govbus.contracts.translog import base64_strict
from govbus.contracts.translog.entry import EVENT, Entry, parse_entry
from govbus.contracts.translog.verification import VerificationFailed, verify_payload
from govbus.eventing.records import RawRecord, decode


@dataclass(frozen=True, slots=True)
class Logged:
    """One entry; `event` is what it commits to, None when it is no event or its payload is not told."""

    index: int
    entry: Entry
    event: Event | None

    @property
    def identity(self) -> bytes | None:
        """Who the event is."""
        return None if self.event is None else event_identity(self.event)


@dataclass(frozen=True, slots=True)
class LogContent:
    """Entries by index, how many records of `govbus.audit` were repeats, and everything that did not hold."""

    entries: tuple[Logged, ...]
    repeats_count: int
    differences: tuple[str, ...]

    def events(self, source: str) -> list[Event]:
        """Return the events of one source (or of every source below it), in the log's order."""
        found = (logged.event for logged in self.entries if logged.entry.kind == EVENT)
        return [event for event in found if event is not None and _is_of(event.source, source)]


def read_content(records: Sequence[RawRecord]) -> LogContent:
    """Return the log that the records of `govbus.audit` tell: a repeat says the same, nothing is missing between."""
    told: dict[int, bytes] = {}
    entries: list[Logged] = []
    differences: list[str] = []
    repeats_count, covered = 0, 0
    for record in records:
        payload = read(decode(record))
        match payload:
            case EntryPublished() if payload.index in told:
                repeats_count += 1
                if told[payload.index] != record.value:
                    differences.append(
                        f"govbus.audit@{record.offset}: entry {payload.index} again, saying another thing"
                    )
            case EntryPublished():
                if payload.index != len(entries):
                    differences.append(
                        f"govbus.audit@{record.offset}: entry {payload.index} follows {len(entries) - 1}"
                    )
                told[payload.index] = record.value or b""
                logged, found = _open(payload)
                entries.append(logged)
                differences.extend(found)
            case CheckpointPublished():
                covered = max(covered, payload.size)
                if payload.size > len(entries):
                    differences.append(f"a checkpoint of size {payload.size} stands before entry {payload.size - 1}")
            case _:
                differences.append(f"govbus.audit@{record.offset} is neither an entry nor a checkpoint")
    if covered != len(entries):
        differences.append(f"{len(entries)} entries, but the newest checkpoint covers {covered}")
    return LogContent(tuple(entries), repeats_count, tuple(differences))


def event_of(attributes: bytes, payload: bytes) -> Event:
    """Return the event with these canonical attributes and this payload."""
    said = strict_json.parse(attributes)
    headers = [(f"ce_{name}", value.encode()) for name, value in said.items() if name != "datacontenttype"]
    headers.append(("content-type", said["datacontenttype"].encode()))
    return decode(RawRecord("", 0, 0, 0, None, payload, tuple(headers)))


def _open(published: EntryPublished) -> tuple[Logged, list[str]]:
    raw = base64_strict.decode(published.entry)
    entry = parse_entry(raw)
    where = f"entry {published.index} ({entry.type} of {entry.subject})"
    if entry.kind != EVENT:
        return Logged(published.index, entry, None), [f"{where} is of kind {entry.kind}"]
    if published.payload is None or published.attributes is None or published.commitment_key is None:
        return Logged(published.index, entry, None), [f"{where} is told without its payload"]
    payload = base64_strict.decode(published.payload)
    attributes = base64_strict.decode(published.attributes)
    key = base64_strict.decode(published.commitment_key)
    try:
        verify_payload(raw, payload, key, attributes=attributes)
    except VerificationFailed as error:
        return Logged(published.index, entry, None), [f"{where}: {error}"]
    return Logged(published.index, entry, event_of(attributes, payload)), []


def _is_of(source: str, wanted: str) -> bool:
    return source == wanted or source.startswith(f"{wanted}/")

"""Verifies an export offline: its rows are leaves of the tree that the checkpoint in its manifest signs.

What this shows: every row is in the log, unchanged, at its index. That nothing else would match is shown only of an
export without a filter, whose rows leave no index out.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from govbus.contracts.translog.entry import Entry, EntryRejected, commit, parse_entry
from govbus.contracts.translog.merkle import leaf_hash
from govbus.contracts.translog.multiproof import root_of
from govbus.contracts.translog.verification import VerificationFailed
from govbus.sdk.failures import Difference, NotProved
from govbus.sdk.translog.export_rows import ExportRow
from govbus.sdk.translog.folder_hashing import Tell
from govbus.sdk.translog.manifest import MANIFEST, Manifest
from govbus.sdk.translog.trust import Trust

_FROM_ENTRY: Final = ("kind", "id", "source", "type", "subject", "time", "recordedtime")
"""Columns that repeat what the entry says, so that people can read it: they must agree with it."""

_BOUNDS: Final = frozenset({"from", "to", "size", "format"})
"""Members of a filter that leave no index out."""

_TELL_EVERY_COUNT: Final = 1000


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What an export proves. `complete`: no index between `first` and `last` is left out."""

    origin: str
    size: int
    root: bytes
    count: int
    first: int | None
    last: int | None
    complete: bool
    payloads_count: int
    withheld_count: int


@dataclass(slots=True)
class _Read:
    """What the rows were."""

    leaves: dict[int, bytes] = field(default_factory=dict)
    payloads_count: int = 0
    previous: int = -1
    found: list[Difference] = field(default_factory=list)

    def differs(self, row: ExportRow, detail: str) -> None:
        """Record what is wrong with a row."""
        self.found.append(Difference(row.place, detail, row.index))


def check_export(rows: Iterable[ExportRow], manifest: Manifest, trust: Trust, *, tell: Tell) -> ExportReport:
    """Return what rows and manifest prove together.

    Raises:
        NotProved: with every difference that was found.
    """
    signed = trust.open(manifest.checkpoint, MANIFEST).checkpoint
    read = _Read()
    for row in rows:
        _take(read, row)
        if not len(read.leaves) % _TELL_EVERY_COUNT:
            tell("rows", len(read.leaves), max(manifest.count, len(read.leaves)))
    found = [*read.found, *_against_manifest(read, manifest, signed.origin, signed.size)]
    if not found:
        found += _against_root(read, manifest, signed.root)
    if found:
        raise NotProved.of(found)
    indexes = sorted(read.leaves)
    first, last = (indexes[0], indexes[-1]) if indexes else (None, None)
    complete = bool(indexes) and len(indexes) == indexes[-1] - indexes[0] + 1
    withheld_count = len(indexes) - read.payloads_count
    return ExportReport(
        signed.origin,
        signed.size,
        signed.root,
        len(indexes),
        first,
        last,
        complete,
        read.payloads_count,
        withheld_count,
    )


def _take(read: _Read, row: ExportRow) -> None:
    if row.index <= read.previous:
        read.differs(row, f"index {row.index} stands behind {read.previous}")
    read.previous = row.index
    read.leaves[row.index] = leaf_hash(row.entry)
    try:
        entry = parse_entry(row.entry)
    except EntryRejected as error:
        read.differs(row, f"entry {row.index}: {error}")
        return
    for name, said in _said(entry).items():
        if name in row.shown and _text(row.shown[name]) != _text(said):
            read.differs(row, f"entry {row.index}: column `{name}` is not what the entry says")
    _open_commitments(read, row, entry)


def _said(entry: Entry) -> dict[str, object]:
    """Return the columns that repeat what an entry says."""
    place = entry.kafka
    kafka = {
        "kafka_topic": place and place.topic,
        "kafka_partition": place and place.partition,
        "kafka_offset": place and place.offset,
        "kafka_timestamp": place and place.timestamp_ms,
    }
    return {name: getattr(entry, name) for name in _FROM_ENTRY} | kafka


def _text(value: object) -> str:
    """Return a value as CSV has it, which knows neither numbers nor the absence of a text."""
    return "" if value is None else str(value)


def _open_commitments(read: _Read, row: ExportRow, entry: Entry) -> None:
    """Hold payload and attributes against what the entry commits to."""
    if row.payload is None and row.attributes is None:
        return
    if row.commitment_key is None:
        read.differs(row, f"entry {row.index}: a payload without the key that opens its commitment")
        return
    try:
        pairs = [
            (name, commit(row.commitment_key, content), expected)
            for name, content, expected in (
                ("payload", row.payload, entry.payload_commitment),
                ("attributes", row.attributes, entry.attributes_commitment),
            )
            if content is not None
        ]
    except EntryRejected as error:
        read.differs(row, f"entry {row.index}: {error}")
        return
    for name, made, expected in pairs:
        if not hmac.compare_digest(made, expected):
            read.differs(row, f"entry {row.index}: `{name}` is not what the entry commits to")
    read.payloads_count += row.payload is not None


def _against_manifest(read: _Read, manifest: Manifest, origin: str, size: int) -> list[Difference]:
    indexes = sorted(read.leaves)
    found: list[Difference] = []
    if manifest.origin != origin:
        found.append(Difference(MANIFEST, f"names the log {manifest.origin!r}, its checkpoint is of {origin!r}"))
    if manifest.size != size:
        found.append(Difference(MANIFEST, f"speaks of size {manifest.size}, its checkpoint is of {size}"))
    if manifest.count != len(indexes):
        found.append(Difference(MANIFEST, f"counts {manifest.count} rows, there are {len(indexes)}"))
    framed = (indexes[0], indexes[-1]) if indexes else (None, None)
    if (manifest.first, manifest.last) != framed:
        said = f"frames rows {manifest.first} to {manifest.last}, they are {framed[0]} to {framed[1]}"
        found.append(Difference(MANIFEST, said))
    if not manifest.filter.keys() - _BOUNDS:
        found += _left_out(indexes, manifest)
    return found


def _left_out(indexes: list[int], manifest: Manifest) -> list[Difference]:
    """Return the first index that an export without conditions should hold and does not."""
    try:
        first = int(manifest.filter.get("from", 0))
        end = min(int(manifest.filter.get("to", manifest.size)), manifest.size)
    except (TypeError, ValueError):
        return [Difference(MANIFEST, "its filter is bounded by something that is no index")]
    there = set(indexes)
    missing = next((index for index in range(first, end) if index not in there), None)
    if missing is None:
        return []
    return [Difference(MANIFEST, f"asks for all entries from {first} to {end - 1}, {missing} is missing", missing)]


def _against_root(read: _Read, manifest: Manifest, root: bytes) -> list[Difference]:
    try:
        found = root_of(read.leaves, manifest.nodes, manifest.size)
    except VerificationFailed as error:
        return [Difference(MANIFEST, error.detail)]
    if found == root:
        return []
    said = "rows and nodes together do not lead to the signed root: an entry, an index or a node was changed"
    return [Difference(MANIFEST, f"{said}; ask the log for the proof of each row to see which (govbus verify --index)")]

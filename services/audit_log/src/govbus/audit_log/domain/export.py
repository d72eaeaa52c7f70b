"""What an export holds: its columns, which are the same in every format, and its manifest."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from govbus.audit_log.domain.search import Wanted
from govbus.contracts import strict_json
from govbus.contracts.envelope import format_time
from govbus.contracts.translog import base64_strict
from govbus.contracts.translog.paths import Node

VERSION: Final = 1
NDJSON: Final = "ndjson"
CSV: Final = "csv"
PARQUET: Final = "parquet"
MANIFEST: Final = "manifest"
"""What a writing process is told to write instead of rows."""

MEDIA_TYPES: Final = {
    NDJSON: "application/x-ndjson",
    CSV: "text/csv; charset=utf-8; header=present",
    PARQUET: "application/vnd.apache.parquet",
}
NUMBERS: Final = ("index", "kafka_partition", "kafka_offset", "kafka_timestamp")
TEXTS: Final = (
    "kind", "id", "source", "type", "subject", "time", "recordedtime", "kafka_topic",
    "correlationid", "causationid", "classification",
)  # fmt: skip
BINARIES: Final = ("entry", "attributes", "payload", "commitment_key")
COLUMNS: Final = (
    "index", "kind", "id", "source", "type", "subject", "time", "recordedtime",
    "kafka_topic", "kafka_partition", "kafka_offset", "kafka_timestamp",
    "correlationid", "causationid", "classification", *BINARIES,
)  # fmt: skip
_FROM_ENTRY: Final = ("kind", "id", "source", "type", "subject", "time", "recordedtime")
_FROM_KAFKA: Final = ("topic", "partition", "offset", "timestamp")


@dataclass(frozen=True, slots=True)
class Extent:
    """How much an export holds; `closed_count` of its entries have a payload that is not open to everyone."""

    count: int
    first: int | None
    last: int | None
    closed_count: int


@dataclass(frozen=True, slots=True)
class Exported:
    """One entry of an export; attributes, payload and key are None where withheld, erased or pruned."""

    index: int
    entry: bytes
    correlation_id: str | None
    causation_id: str | None
    classification: str
    attributes: bytes | None
    payload: bytes | None
    key: bytes | None

    def row(self) -> dict[str, Any]:
        """Return the row: text and numbers as the entry says them, the rest as bytes."""
        fields = strict_json.parse(self.entry)
        kafka: Mapping[str, Any] = fields["kafka"] or {}
        return {
            "index": self.index,
            **{name: fields[name] for name in _FROM_ENTRY},
            **{f"kafka_{name}": kafka.get(name) for name in _FROM_KAFKA},
            "correlationid": self.correlation_id,
            "causationid": self.causation_id,
            "classification": self.classification,
            "entry": self.entry,
            "attributes": self.attributes,
            "payload": self.payload,
            "commitment_key": self.key,
        }


def in_text(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row for formats without bytes: those are base64 there."""
    encoded = {name: row[name] if row[name] is None else base64_strict.encode(row[name]) for name in BINARIES}
    return {**row, **encoded}


def manifest_head(origin: str, filter_: Mapping[str, str], extent: Extent, size: int, checkpoint: str) -> bytes:
    """Return the beginning of a manifest; nodes follow, with commas between them, and `MANIFEST_END`."""
    fields = {
        "v": VERSION,
        "origin": origin,
        "filter": dict(filter_),
        "range": {"first": extent.first, "last": extent.last},
        "count": extent.count,
        "size": size,
        "checkpoint": checkpoint,
    }
    return strict_json.dump(fields).removesuffix(b"}") + b',"nodes":['


MANIFEST_END: Final = b"]}\n"


def manifest_node(node: Node, found: bytes) -> bytes:
    """Return one node of a manifest: level, index, hash."""
    return strict_json.dump([*node, base64_strict.encode(found)])


def stated_filter(wanted: Wanted) -> dict[str, str]:
    """Return the conditions by their names on the wire."""
    stated = {
        "id": wanted.id,
        "subject": wanted.subject,
        "type": wanted.type,
        "source": wanted.source,
        "kind": wanted.kind,
        "actor": wanted.actor,
        "correlation": wanted.correlation,
        "causation": wanted.causation,
        "text": wanted.text,
        "since": None if wanted.since is None else format_time(wanted.since),
        "until": None if wanted.until is None else format_time(wanted.until),
        "from": str(wanted.from_index) if wanted.from_index else None,
        "to": None if wanted.below_index is None else str(wanted.below_index),
    }
    return {name: value for name, value in stated.items() if value is not None}

"""Exports and packs of a static log, in every format, as the log writes them."""

import csv
import json
import zipfile
from base64 import b64encode
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pyarrow import Table, parquet

from govbus.contracts.translog.merkle import CompactRange, grow, leaf_hash
from govbus.contracts.translog.multiproof import nodes_needed
from govbus.contracts.translog.paths import inclusion_plan, make
from govbus.contracts.translog.proof import Proof
from sdk.static_log import COMMITMENT_KEY, ORIGIN, checkpoint_of, payload

Row = dict[str, Any]


def rows_of(entries: Sequence[bytes], indexes: Iterable[int]) -> list[Row]:
    """Return rows with payloads; bytes as bytes."""
    return [
        {
            "index": index,
            **{name: json.loads(entries[index])[name] for name in ("id", "type", "subject", "recordedtime")},
            "entry": entries[index],
            "attributes": b"{}",
            "payload": payload(index),
            "commitment_key": COMMITMENT_KEY,
        }
        for index in indexes
    ]


def manifest_of(entries: Sequence[bytes], indexes: Sequence[int], **changes: Any) -> dict[str, Any]:
    """Return the manifest of rows at these indexes."""
    nodes = [
        [level, index, _text(grow(CompactRange(), map(leaf_hash, _below(entries, level, index))).compact.root)]
        for level, index in nodes_needed(indexes, len(entries))
    ]
    return {
        "v": 1,
        "origin": ORIGIN,
        "filter": {"subject": "model/demo/churn"},
        "range": {"first": indexes[0] if indexes else None, "last": indexes[-1] if indexes else None},
        "count": len(indexes),
        "size": len(entries),
        "checkpoint": checkpoint_of(list(entries)),
        "nodes": nodes,
    } | changes


def write_export(folder: Path, format_: str, rows: list[Row], manifest: dict[str, Any]) -> Path:
    """Write both files of an export; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    file = folder / f"entries.{format_}"
    if format_ == "parquet":
        parquet.write_table(Table.from_pylist(rows), file)
    elif format_ == "ndjson":
        file.write_bytes(ndjson(rows))
    else:
        with file.open("w", newline="") as opened:
            writer = csv.DictWriter(opened, list(rows[0]))
            writer.writeheader()
            writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return folder


def ndjson(rows: list[Row]) -> bytes:
    """Return rows as NDJSON."""
    lines = ({name: _cell(value) if isinstance(value, bytes) else value for name, value in row.items()} for row in rows)
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def write_pack(file: Path, entries: Sequence[bytes], indexes: Sequence[int], **changes: bytes) -> Path:
    """Write an evidence pack; `changes` replace files by the last part of their names."""
    files = {
        "manifest.json": json.dumps(manifest_of(entries, indexes)).encode(),
        "entries.ndjson": ndjson(rows_of(entries, indexes)),
        "VERIFY.md": b"# How to verify this\n",
        **{f"proofs/{index}.tlog-proof": proof_of(entries, index) for index in indexes},
    }
    with zipfile.ZipFile(file, "w") as pack:
        for name, content in (files | changes).items():
            if content:
                pack.writestr(name, content)
    return file


def proof_of(entries: Sequence[bytes], index: int) -> bytes:
    """Return the `.tlog-proof` of an entry."""
    plan = inclusion_plan(index, len(entries))
    hashes = {
        node: grow(CompactRange(), map(leaf_hash, _below(entries, *node))).compact.root
        for nodes in plan
        for node in nodes
    }
    return str(Proof(index, make(plan, hashes), checkpoint_of(list(entries)))).encode()


def _below(entries: Sequence[bytes], level: int, index: int) -> Sequence[bytes]:
    return entries[index << level : (index + 1) << level]


def _cell(value: Any) -> Any:
    return _text(value) if isinstance(value, bytes) else value


def _text(value: bytes) -> str:
    return b64encode(value).decode()

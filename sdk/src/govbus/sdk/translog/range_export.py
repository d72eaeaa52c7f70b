"""A stretch of the log taken away as an export, made out of tiles alone: no search, no rights, no payloads."""

from dataclasses import dataclass

from govbus.contracts import strict_json
from govbus.contracts.translog import base64_strict
from govbus.contracts.translog.entry import EntryRejected, parse_entry
from govbus.contracts.translog.merkle import leaf_hash
from govbus.contracts.translog.multiproof import nodes_needed, root_of
from govbus.contracts.translog.paths import Node
from govbus.contracts.translog.tiles import WIDTH, Tile, node_from, tile_of
from govbus.contracts.translog.verification import VerificationFailed
from govbus.sdk.failures import NotConfigured, NotProved
from govbus.sdk.translog.log_reading import LogReader
from govbus.sdk.translog.manifest import Manifest
from govbus.sdk.translog.tile_hashing import width_at
from govbus.sdk.translog.trust import Trust


@dataclass(frozen=True, slots=True)
class RangeExport:
    """The two files of an export: `entries.ndjson` and `manifest.json`."""

    entries: bytes
    manifest: Manifest


def export_range(reader: LogReader, trust: Trust, first: int, last: int) -> RangeExport:
    """Return the entries `first` to `last` with what leads from them to the newest checkpoint; verified.

    Raises:
        NotConfigured: not a stretch.
        NotProved: the log does not show it, or does not reach so far.
    """
    opened = reader.opened_checkpoint(trust)
    signed = opened.checkpoint
    if not 0 <= first <= last:
        raise NotConfigured(f"{first}..{last} is not a stretch of entries")
    if last >= signed.size:
        raise NotProved(f"index {last} is not in a tree of size {signed.size}")
    entries = [
        entry for index in range(first // WIDTH, last // WIDTH + 1) for entry in reader.tile_entries(index, signed.size)
    ][first % WIDTH :][: last - first + 1]
    nodes = _nodes(reader, nodes_needed(range(first, last + 1), signed.size), signed.size)
    leaves = dict(enumerate(map(leaf_hash, entries), start=first))
    try:
        found = root_of(leaves, nodes, signed.size)
    except VerificationFailed as error:
        raise NotProved(error.detail) from None
    if found != signed.root:
        raise NotProved(f"the served entries {first} to {last} and hash tiles do not lead to the signed root")
    manifest = Manifest(
        signed.origin,
        {"from": str(first), "to": str(last + 1)},
        first,
        last,
        len(entries),
        signed.size,
        str(opened.note),
        nodes,
    )
    return RangeExport(b"".join(_line(index, raw) for index, raw in enumerate(entries, start=first)), manifest)


def _nodes(reader: LogReader, needed: tuple[Node, ...], size: int) -> dict[Node, bytes]:
    contents: dict[Tile, bytes] = {}
    nodes: dict[Node, bytes] = {}
    for node in needed:
        narrow, _ = tile_of(node)
        level = int(narrow.level)
        tile = Tile(level, narrow.index, width_at(size, level, narrow.index))
        if tile not in contents:
            contents[tile] = reader.tile(tile)
        nodes[node] = node_from(node, contents[tile])
    return nodes


def _line(index: int, raw: bytes) -> bytes:
    withheld = {"attributes": None, "payload": None, "commitment_key": None}
    return strict_json.dump({"index": index, **_shown(raw), "entry": base64_strict.encode(raw), **withheld}) + b"\n"


def _shown(raw: bytes) -> dict[str, object]:
    """Return what people read of an entry; nothing of what is none of ours."""
    try:
        entry = parse_entry(raw)
    except EntryRejected:
        return {}
    return {name: getattr(entry, name) for name in ("kind", "id", "source", "type", "subject", "time", "recordedtime")}

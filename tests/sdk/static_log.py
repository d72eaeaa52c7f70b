"""A transparency log as a folder of files, which is all that C2SP's surface is, and a plain file server for it."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typing_extensions import override

from govbus.contracts.translog.checkpoint import Checkpoint, sign_checkpoint
from govbus.contracts.translog.entry import EVENT, Entry, KafkaPlace, commit
from govbus.contracts.translog.merkle import CompactRange, grow, leaf_hash
from govbus.contracts.translog.note import NoteSigner
from govbus.contracts.translog.paths import inclusion_plan, make
from govbus.contracts.translog.proof import Proof
from govbus.contracts.translog.tiles import WIDTH, Tile, dump_entries, node_from, tile_of, tiles_at

COMMITMENT_KEY = bytes(range(32))
ORIGIN = "log.example/audit"


def signer(seed: str = "log", name: str = ORIGIN) -> NoteSigner:
    """Return a log's signer from a seed."""
    return NoteSigner(name, Ed25519PrivateKey.from_private_bytes(hashlib.sha256(seed.encode()).digest()))


def payload(number: int) -> bytes:
    """Return what event `number` says."""
    return b'{"number":%d}' % number


def entry(number: int, **changes: Any) -> bytes:
    """Return the canonical bytes of entry `number`."""
    fields: dict[str, Any] = {
        "kind": EVENT,
        "id": f"event-{number}",
        "source": "//demo/platform",
        "type": "dev.govbus.model.registered.v1",
        "subject": "model/demo/churn",
        "time": "2026-03-01T12:00:00Z",
        "recordedtime": None,
        "kafka": KafkaPlace("govbus.facts", 0, number, 1),
        "attributes_commitment": commit(COMMITMENT_KEY, b"{}"),
        "payload_commitment": commit(COMMITMENT_KEY, payload(number)),
    }
    return Entry(**(fields | changes)).canonical()


def checkpoint_of(entries: list[bytes], by: NoteSigner | None = None) -> str:
    """Return the signed checkpoint of a tree of these entries."""
    root = grow(CompactRange(), map(leaf_hash, entries)).compact.root
    chosen = by or signer()
    return str(sign_checkpoint(Checkpoint(chosen.name, len(entries), root), chosen))


def write_log(folder: Path, entries: list[bytes]) -> str:
    """Write checkpoint, tiles and proofs of a log as files; return the checkpoint."""
    base = folder / "v1" / "log"
    levels = [[leaf_hash(one) for one in entries]]
    for level, index, root in grow(CompactRange(), levels[0]).full_tiles:
        levels += [[]] if level + 1 == len(levels) else []
        assert index == len(levels[level + 1])
        levels[level + 1].append(root)
    for tile in tiles_at(len(entries)):
        level_hashes = levels[int(tile.level)]
        _write(base / "tile" / tile.path(), b"".join(level_hashes[tile.start : tile.start + tile.width]))
    for index in range(-(-len(entries) // WIDTH)):
        part = entries[index * WIDTH : (index + 1) * WIDTH]
        _write(base / "tile" / Tile("entries", index, len(part)).path(), dump_entries(part))
    checkpoint = checkpoint_of(entries)
    _write(base / "checkpoint", checkpoint.encode())
    for index in range(len(entries)):
        plan = inclusion_plan(index, len(entries))
        hashes = {}
        for node in {node for nodes in plan for node in nodes}:
            tile, _ = tile_of(node)
            hashes[node] = node_from(node, b"".join(levels[int(tile.level)][tile.start : tile.start + tile.width]))
        text = str(Proof(index, make(plan, hashes), checkpoint))
        _write(base / "entries" / str(index) / "proof", text.encode())
    return checkpoint


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder over HTTP; yield the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    @override
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)

"""A log looked at from all sides: its tables, its topic, its copies outside; they must tell one history."""

import asyncio
import json
from base64 import b64decode
from pathlib import Path
from typing import Any

from audit_log.desk import Desk
from backends.running import RunningKafka
from eventing.live import published
from govbus.audit_log.examining import Examined
from govbus.audit_log.fsck import Busy, fsck
from govbus.audit_log.settings import Settings
from govbus.contracts import topics
from govbus.contracts.translog.checkpoint import open_checkpoint
from govbus.contracts.translog.merkle import CompactRange, grow, leaf_hash
from govbus.contracts.translog.vkey import parse_vkey

_BUSY_SECONDS = 60.0
_AGAIN_SECONDS = 0.2


async def published_log(kafka: RunningKafka) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return entries and checkpoints in the order of the topic, each entry once."""
    entries: dict[int, dict[str, Any]] = {}
    checkpoints = []
    for record in await published(kafka, topics.AUDIT):
        data = json.loads(record.value or b"")
        if "index" in data:
            assert data["index"] <= len(entries), "an entry came before its predecessor"
            assert entries.setdefault(data["index"], data)["entry"] == data["entry"]
        else:
            assert data["size"] <= len(entries), "a checkpoint came before its entries"
            checkpoints.append(data)
    return list(entries.values()), checkpoints


async def _examined(settings: Settings) -> Examined:
    """Return what fsck finds, after the process of the log that was killed has left its own examination."""
    async with asyncio.timeout(_BUSY_SECONDS):
        while True:
            try:
                return await fsck(settings)
            except Busy:
                await asyncio.sleep(_AGAIN_SECONDS)


async def check_whole(desk: Desk, kafka: RunningKafka, copies: Path, ids: list[str]) -> None:
    """Check that every id is logged once, and that no signed checkpoint anywhere is of another history."""
    rows = await desk.rows("SELECT idx, id, entry FROM entry ORDER BY idx")
    assert [row[0] for row in rows] == list(range(len(ids))), "a gap"
    assert sorted(row[1] for row in rows) == sorted(ids), "a record is missing, or there twice"
    key = parse_vkey((await desk.get("/v1/log/key")).text)
    assert (await _examined(desk.settings)).faults == ()
    entries, checkpoints = await published_log(kafka)
    raw = [bytes(row[2]) for row in rows]
    assert [b64decode(item["entry"]) for item in entries] == raw, "the topic has other entries"
    assert [item["size"] for item in checkpoints][-1:] == [len(ids)]
    notes = [row[0] for row in await desk.rows("SELECT note FROM checkpoint")]
    notes += [item["checkpoint"] for item in checkpoints]
    notes += await asyncio.to_thread(_copied, copies)
    roots = _roots(raw)
    for note in notes:
        signed = open_checkpoint(note, key).checkpoint
        assert signed.root == roots[signed.size], f"a checkpoint of size {signed.size} is of another history"


def _copied(folder: Path) -> list[str]:
    return [file.read_text() for file in folder.rglob("*") if file.is_file()]


def _roots(entries: list[bytes]) -> list[bytes]:
    """Return the root of the tree of every size."""
    tree = CompactRange()
    roots = [tree.root]
    for entry in entries:
        tree = grow(tree, [leaf_hash(entry)]).compact
        roots.append(tree.root)
    return roots

"""A database restored from an old backup: the log refuses, `govbus log recover` brings back what the topic holds."""

import os
import subprocess
import sys
from base64 import b64decode
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from pydantic import SecretStr

from audit_log.desk import Desk, event
from audit_log.kafka_retention import delete_records
from audit_log.live import live_settings, read_published, running, until_published
from backends.running import RunningKafka, RunningPostgres
from eventing.live import produce, until
from govbus.audit_log.close import close_log
from govbus.audit_log.fsck import fsck
from govbus.audit_log.keys import load_keys
from govbus.audit_log.originals import Originals
from govbus.audit_log.outside import CopyPlace
from govbus.audit_log.proving import Proving
from govbus.audit_log.recovering import Recovery
from govbus.audit_log.republished import RepublishedLog
from govbus.audit_log.settings import Settings
from govbus.contracts import topics
from govbus.contracts.translog.checkpoint import open_checkpoint, parse_checkpoint
from govbus.contracts.translog.merkle import CompactRange, grow, leaf_hash
from govbus.contracts.translog.paths import verify_consistency
from govbus.contracts.translog.vkey import ED25519, VerificationKey, parse_vkey
from govbus.eventing.database import new_engine

pytestmark = pytest.mark.timeout(180)

_ENTRIES = (
    "SELECT idx, kind, entry, identity, id, source, type, subject, known_at, topic, partition, kafka_offset,"
    " correlation_id, causation_id, classification, logged_on FROM entry ORDER BY idx"
)
_PAYLOADS = "SELECT idx, logged_on, key, attributes, payload, actor FROM payload ORDER BY idx"


def facts(first: int, count: int, **changes: Any) -> list[Any]:
    """Return facts about a handful of models."""
    return [event(f"f{n}", subject=f"model/retail/m{n % 5}", **changes) for n in range(first, first + count)]


async def back_up(postgres: RunningPostgres, dsn: str) -> str:
    """Copy a database as it is now; return the runtime role's URL of the copy."""
    name = urlsplit(dsn).path.lstrip("/")
    connection = await asyncpg.connect(postgres.access.admin_dsn)
    try:
        await connection.execute(f'CREATE DATABASE "{name}_b" TEMPLATE "{name}" STRATEGY FILE_COPY')
    finally:
        await connection.close()
    return dsn.replace(name, f"{name}_b")


def recover(kafka: RunningKafka, settings: Settings, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the command in a process of its own, as an operator does."""
    environment = {
        **os.environ,
        **kafka.environment("audit_log"),
        "GOVBUS_POSTGRES_URL": settings.postgres_url.get_secret_value(),
        "GOVBUS_DATA_DIRECTORY": str(settings.data_directory),
    }
    command = [sys.executable, "-m", "govbus.audit_log.recover", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


async def test_a_restored_log_is_refused_recovered_and_goes_on(
    govbus_topics: RunningKafka, postgres: RunningPostgres, log_dsn: str, tmp_path: Path
) -> None:
    kafka = govbus_topics
    secret = {"dataclassification": "confidential", "correlationid": "c1", "causationid": "f1", "data": b'{"x":"y"}'}
    await produce(kafka, *facts(0, 40), event("s0", **secret))
    settings = live_settings(kafka, log_dsn, tmp_path)
    async with running(Desk(settings)) as desk:
        await until_published(desk, 41)
    backup = await back_up(postgres, log_dsn)
    async with running(Desk(settings)) as desk:
        await produce(kafka, *facts(40, 600), event("s1", **secret), *facts(0, 3))
        await produce(kafka, event("r1", causationid="f3"), topic=topics.RISK, principal="risk")
        await until_published(desk, 41 + 602)
        assert (await desk.get("/v1/log/entries/642", "auditor")).status_code == 200
        await desk.get("/v1/log/entries?type=dev.govbus.model.registered.v1&limit=500&cursor=", "auditor")
        entries, payloads = await desk.rows(_ENTRIES), await desk.rows(_PAYLOADS)
        notes = await desk.rows("SELECT size, note FROM checkpoint ORDER BY size")
        size = len(entries)
        await until_published(desk, size)

    restored = settings.model_copy(update={"postgres_url": SecretStr(backup)})
    await _refuses(restored, 41, size)
    dry = recover(kafka, restored)
    assert dry.returncode == 0, dry.stderr
    assert f"Entries 41..{size - 1} were read from govbus.audit" in dry.stdout
    assert "Nothing was written" in dry.stdout
    await _apply_and_die(restored)
    await _refuses(restored, 541, size)
    done = recover(kafka, restored, "--apply")
    assert done.returncode == 0, done.stderr
    again = recover(kafka, restored, "--json", "--apply")
    assert '"applied": false' in again.stdout

    async with running(Desk(restored)) as desk:
        await produce(kafka, *facts(1000, 5))
        await until_published(desk, size + 1 + 5)
        found = await desk.rows(_ENTRIES)
        assert found[:size] == entries
        assert [row[1] for row in found[size:]] == ["gap"] + ["event"] * 5
        closed = [row[0] for row in entries if row[0] > 41 and row[14] == "confidential"]
        assert closed
        assert [row for row in payloads if row[0] not in closed] == [
            row for row in await desk.rows(_PAYLOADS) if row[0] < size
        ]
        gap = (await desk.get(f"/v1/log/entries/{size}", "viewer")).json()
        assert (gap["payload"]["what"], gap["payload"]["missing_count"]) == ("payloads", len(closed))
        await _verify_all(desk, notes)
        assert (await fsck(restored)).faults == ()
        published, _ = await read_published(kafka)
        assert [b64decode(item["entry"]) for item in published] == [bytes(row[2]) for row in found]
        assert desk.service.refusal is None


async def test_a_closed_log_is_recovered_to_its_end_and_takes_no_entry_about_it(
    govbus_topics: RunningKafka, postgres: RunningPostgres, log_dsn: str, tmp_path: Path
) -> None:
    kafka = govbus_topics
    await produce(kafka, *facts(0, 3))
    settings = live_settings(kafka, log_dsn, tmp_path)
    async with running(Desk(settings)) as desk:
        await until_published(desk, 3)
    backup = await back_up(postgres, log_dsn)
    async with running(Desk(settings)) as desk:
        await produce(kafka, event("secret", dataclassification="confidential"))
        await until_published(desk, 4)
        await close_log(settings, VerificationKey("govbus.local/audit-2", ED25519, bytes(32)), "moved")
        await until_published(desk, 5)
        entries = await desk.rows(_ENTRIES)
    restored = settings.model_copy(update={"postgres_url": SecretStr(backup)})
    done = recover(kafka, restored, "--apply")
    assert done.returncode == 0, done.stderr
    desk = Desk(restored)
    await desk.sign()
    assert await desk.rows(_ENTRIES) == entries
    await desk.do("closed")
    assert "is closed at 5 entries" in str(desk.service.refusal)
    await desk.close()
    postgres.drop_database(backup)


async def test_what_cannot_be_recovered_is_said_and_nothing_is_written(
    govbus_topics: RunningKafka, postgres: RunningPostgres, log_dsn: str, tmp_path: Path
) -> None:
    kafka = govbus_topics
    await produce(kafka, *facts(0, 10))
    settings = live_settings(kafka, log_dsn, tmp_path)
    async with running(Desk(settings)) as desk:
        await until_published(desk, 10)
        newest = (await desk.get("/v1/log/checkpoint")).text
    empty = settings.model_copy(update={"postgres_url": SecretStr(postgres.create_service_database("audit_log"))})
    keys, place = load_keys(settings), CopyPlace(settings.copies[0])
    assert parse_checkpoint(newest.partition("\n\n")[0] + "\n").size == 10
    await place.put(10, newest)

    await place.put(12, str(keys.sign(12, bytes(32))))
    _is_refused(recover(kafka, empty, "--apply"), "entries 10..11 are missing")
    remove_copy(tmp_path, 12)
    await place.put(5, str(keys.sign(5, bytes(32))))
    _is_refused(recover(kafka, empty, "--apply"), "has another root for size 5: there are two histories")
    remove_copy(tmp_path, 5)
    await place.put(5, newest)
    _is_refused(recover(kafka, empty, "--apply"), "the copy of size 5 in")
    remove_copy(tmp_path, 5)
    delete_records(kafka, topics.AUDIT, 0, 4)
    _is_refused(recover(kafka, empty, "--apply"), "are missing on govbus.audit")
    async with running(Desk(empty)) as desk:
        assert await desk.rows("SELECT count(*) FROM entry") == [(0,)]


def remove_copy(folder: Path, size: int) -> None:
    """Take one copy away."""
    (folder / "data" / "checkpoints" / f"{size:020d}").unlink()


def _is_refused(done: "subprocess.CompletedProcess[str]", because: str) -> None:
    assert (done.returncode, because in done.stderr) == (1, True), done.stderr
    assert done.stderr.count("\n") == 1


async def _apply_and_die(settings: Settings) -> None:
    """Recover in this process, and fail in the last transaction."""

    def dying() -> datetime:
        raise ZeroDivisionError

    keys, topic, engine = load_keys(settings), RepublishedLog(settings), new_engine(settings)
    originals = Originals(settings)
    missing = await Proving(engine, keys, topic, [CopyPlace(url) for url in settings.copies]).find()
    with pytest.raises(ZeroDivisionError):
        await Recovery(engine, keys.origin, topic, originals, dying).apply(missing)
    await originals.close()
    await engine.dispose()


async def _refuses(settings: Settings, first: int, size: int) -> None:
    async with running(Desk(settings)) as desk:
        await until(lambda: _refused(desk), "the log refused")
        assert f"entries {first}..{size - 1} are missing" in str(desk.service.refusal)
        assert f"the newest outside checkpoint is of size {size}" in str(desk.service.refusal)
        assert any("govbus log recover" in problem for problem in desk.service.problems())
        assert await desk.rows("SELECT count(*) FROM entry") == [(first,)]


async def _refused(desk: Desk) -> bool:
    return desk.service.refusal is not None


async def _verify_all(desk: Desk, notes: list[tuple[Any, ...]]) -> None:
    """Hold the log against every checkpoint it signed before the restore."""
    key = parse_vkey((await desk.get("/v1/log/key")).text)
    newest = open_checkpoint((await desk.get("/v1/log/checkpoint")).text, key).checkpoint
    leaves = [leaf_hash(bytes(row[0])) for row in await desk.rows("SELECT entry FROM entry ORDER BY idx")]
    assert grow(CompactRange(), leaves).compact.root == newest.root
    for size, note in notes:
        signed = open_checkpoint(note, key).checkpoint
        answer = (await desk.get(f"/v1/log/consistency?from={size}&to={newest.size}")).json()
        hashes = [b64decode(item) for item in answer["hashes"]]
        verify_consistency(size, newest.size, hashes, signed.root, newest.root)

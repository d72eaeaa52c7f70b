"""fsck: a sound log has no faults, and each planted one is named."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from audit_log.desk import Desk, event, settings
from audit_log.guarded import ask, connect, erased, guarded_desk
from audit_log.tampering import tamper
from backends.running import RunningPostgres
from govbus.audit_log.fsck import Busy, fsck


@pytest.fixture
async def filled(desk: Desk) -> Desk:
    """A log of 600 entries under two checkpoints, and ten without one."""
    await desk.enter(*(event(str(number)) for number in range(290)), event("0", data=b"{}"))
    await desk.sign()
    await desk.sequence([desk.raw(b"k", b"\xff"), *(desk.record(event(str(number))) for number in range(290, 600))])
    await desk.sign()
    await desk.enter(*(event(f"late{number}") for number in range(10)))
    return desk


@pytest.fixture
async def log(postgres: RunningPostgres, log_dsn: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """A signed log of 300 entries that may erase."""
    made = guarded_desk(postgres, log_dsn, tmp_path)
    await made.sign()
    await made.enter(*(event(str(number)) for number in range(300)))
    await made.sign()
    yield made
    await made.close()


async def test_a_sound_log_has_no_faults_and_one_fingerprint(filled: Desk) -> None:
    first, second = await fsck(filled.settings), await fsck(filled.settings)
    assert (first.size, first.checkpoint_count, first.faults) == (612, 2, ())
    assert first == second


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE entry SET subject = 'model/x/y' WHERE idx = 5", "entry 5 is found by other words"),
        ("UPDATE entry SET kafka_offset = 9000 WHERE idx = 5", "entry 5 is found by other words"),
        ("UPDATE entry SET identity = substr(sha256('x'), 1, 16) WHERE idx = 5", "entry 5 has another identity"),
        ("UPDATE payload SET payload = 'forged' WHERE idx = 605", "payload 605 is not what the entry commits to"),
        ("UPDATE payload SET attributes = '{}' WHERE idx = 5", "payload 5 is not what the entry commits to"),
        (
            "UPDATE entry SET entry = entry || ' ', leaf_hash = sha256('\\x00'::bytea || entry || ' ') WHERE idx = 5",
            "entry 5",
        ),
        (
            "UPDATE entry e SET entry = o.entry, leaf_hash = o.leaf_hash FROM entry o WHERE e.idx = 5 AND o.idx = 6",
            "entry 5 is not what tile 0/0 has in its place",
        ),
        ("DELETE FROM entry WHERE idx = 300", "entry 300 is missing"),
        ("UPDATE tile SET root = sha256('x') WHERE idx = 0", "tile 0/0 is not the tree's"),
        ("UPDATE checkpoint SET root = sha256('x') WHERE size = 291", "another root for size 291"),
        ("UPDATE checkpoint SET note = replace(note, '291', '290')", "is not signed by this log"),
        (
            "UPDATE log_head SET subtrees = overlay(subtrees placing sha256('x') from 1)",
            "the head of the log at size 612",
        ),
        ("UPDATE entry SET classification = 'public' WHERE idx = 5", "entry 5 is classified as public"),
        ("UPDATE entry SET correlation_id = 'x' WHERE idx = 5", "entry 5 is found by another correlation"),
        ("UPDATE entry SET logged_on = '2020-01-01' WHERE idx = 5", "entry 5 is kept under another day"),
        ("UPDATE payload SET actor = 'x' WHERE idx = 5", "payload 5 is found by another actor"),
        ("DELETE FROM payload WHERE idx = 5", "payload 5 is missing, and no entry says"),
        (
            "INSERT INTO payload SELECT idx, '2020-01-01', key, attributes, payload FROM payload WHERE idx = 5",
            "a second",
        ),
        ("DELETE FROM tile WHERE level = 0 AND idx = 1", "tile 0/1 is missing"),
        ("DELETE FROM checkpoint WHERE size = 602", "the checkpoint of size 602 lies in"),
        (
            "UPDATE log_head SET size = 600, subtrees = substr(subtrees, 1, 128)",
            "12 entries lie beyond the head at 600",
        ),
        ("INSERT INTO tile SELECT 0, 7, root, hashes FROM tile WHERE idx = 0", "1 tiles lie beyond the head"),
        ("DROP TRIGGER entry_no_truncate ON entry", "trigger entry.entry_no_truncate is gone"),
        ("CREATE RULE quiet AS ON DELETE TO entry DO INSTEAD NOTHING", "rule entry.quiet was added"),
    ],
)
async def test_a_planted_fault_is_named(
    filled: Desk, postgres: RunningPostgres, log_dsn: str, statement: str, fault: str
) -> None:
    if "FROM checkpoint" in statement:
        await filled.do("copy")
    await tamper(postgres, log_dsn, statement)
    found = (await fsck(filled.settings)).faults
    assert any(fault in said for said in found), found


async def test_a_payload_that_two_people_erased_is_no_fault_until_it_is_there_again(
    log: Desk, postgres: RunningPostgres, log_dsn: str
) -> None:
    [kept] = await log.rows("SELECT encode(key, 'hex'), encode(attributes, 'hex') FROM payload WHERE idx = 5")
    assert (await erased(log, indexes=[5, 6, 7])).status_code == 200
    assert (await fsck(log.settings)).faults == ()
    columns = f"5, logged_on, '\\x{kept[0]}', '\\x{kept[1]}', payload, actor"
    await tamper(postgres, log_dsn, f"INSERT INTO payload SELECT {columns} FROM payload WHERE idx = 4")  # noqa: S608
    found = (await fsck(log.settings)).faults
    assert "payload 5 is there, and an entry says that it was erased or pruned" in found
    await tamper(postgres, log_dsn, "DELETE FROM payload WHERE idx = 300")
    found = (await fsck(log.settings)).faults
    assert any(fault.startswith("entry 300 says no longer what it took away") for fault in found)
    assert [fault for fault in found if fault.startswith("payload 6 is missing")]


async def test_an_erasure_that_is_not_carried_out_is_said_and_no_fault(log: Desk) -> None:
    asked = await ask(log, indexes=[0])
    eraser = next(job.do.__self__ for job in log.service._jobs if job.name == "erase")  # type: ignore[attr-defined]
    await eraser.confirm(asked.json()["id"], "//govbus/people/vera")
    found = await fsck(log.settings)
    assert found.faults == ()
    assert any("1 erasures or prunings on record are not carried out yet" in notice for notice in found.notices)


async def test_the_result_is_kept_and_another_examination_waits_for_nobody(filled: Desk, log_dsn: str) -> None:
    await fsck(filled.settings)
    assert await filled.rows("SELECT size, checkpoint_count, fault_count, faults FROM fsck_run") == [(612, 2, 0, [])]
    other = await connect(log_dsn)
    try:
        await other.execute("SELECT pg_advisory_lock(hashtextextended('audit_log_fsck', 0))")
        with pytest.raises(Busy):
            await fsck(filled.settings)
    finally:
        await other.close()


async def test_copies_outside_are_compared(filled: Desk) -> None:
    await filled.do("copy")
    assert (await fsck(filled.settings)).faults == ()
    [copies] = [path for path in filled.settings.data_directory.rglob("checkpoints") if path.is_dir()]
    (copies / f"{291:020d}").write_text("forged", encoding="utf-8")
    (copies / f"{292:020d}").write_text("forged", encoding="utf-8")
    found = (await fsck(filled.settings)).faults
    assert [fault.partition(" in file")[0] for fault in found] == [
        "the checkpoint of size 292 lies",
        "the copy of size 291",
        "the copy of size 292",
    ]


async def test_the_command_says_what_it_found(filled: Desk, log_dsn: str, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "GOVBUS_POSTGRES_URL": log_dsn,
        "GOVBUS_KAFKA_BOOTSTRAP_SERVERS": "localhost:1",
        "GOVBUS_DATA_DIRECTORY": str(settings(log_dsn, tmp_path).data_directory),
    }
    command = [sys.executable, "-m", "govbus.audit_log.fsck"]
    found = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)  # noqa: ASYNC221 - nothing else runs
    assert found.returncode == 0
    assert found.stdout.startswith("612 entries, 2 checkpoints, guards ")
    assert filled.service.refusal is None

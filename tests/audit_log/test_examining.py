"""fsck: a sound log has no faults, and each planted one is named."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from audit_log.desk import Desk, event, settings
from audit_log.tampering import tamper
from backends.running import RunningPostgres
from govbus.audit_log.fsck import fsck


@pytest.fixture
async def filled(desk: Desk) -> Desk:
    """A log of 600 entries under two checkpoints, and ten without one."""
    await desk.enter(*(event(str(number)) for number in range(290)), event("0", data=b"{}"))
    await desk.sign()
    await desk.sequence([desk.raw(b"k", b"\xff"), *(desk.record(event(str(number))) for number in range(290, 600))])
    await desk.sign()
    await desk.enter(*(event(f"late{number}") for number in range(10)))
    return desk


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
            "tile 0/0 is not the tree's",
        ),
        ("DELETE FROM entry WHERE idx = 300", "entry 300 is missing"),
        ("UPDATE tile SET root = sha256('x') WHERE idx = 0", "tile 0/0 is not the tree's"),
        ("UPDATE checkpoint SET root = sha256('x') WHERE size = 291", "another root for size 291"),
        ("UPDATE checkpoint SET note = replace(note, '291', '290')", "is not signed by this log"),
        (
            "UPDATE log_head SET subtrees = overlay(subtrees placing sha256('x') from 1)",
            "the head of the log at size 612",
        ),
        ("DROP TRIGGER entry_no_truncate ON entry", "trigger entry_no_truncate on entry is gone"),
        ("CREATE RULE quiet AS ON DELETE TO entry DO INSTEAD NOTHING", "rule quiet on entry rewrites"),
    ],
)
async def test_a_planted_fault_is_named(
    filled: Desk, postgres: RunningPostgres, log_dsn: str, statement: str, fault: str
) -> None:
    before = await fsck(filled.settings)
    await tamper(postgres, log_dsn, statement)
    after = await fsck(filled.settings)
    assert any(fault in found for found in after.faults), after.faults
    assert after.guards_sha256 != before.guards_sha256


async def test_an_erased_payload_is_no_fault(filled: Desk, postgres: RunningPostgres, log_dsn: str) -> None:
    await tamper(postgres, log_dsn, "DELETE FROM payload WHERE idx = 5")
    assert not [fault for fault in (await fsck(filled.settings)).faults if "trigger" not in fault]


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

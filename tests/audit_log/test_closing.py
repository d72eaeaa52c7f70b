"""How a log ends: closed, its key lost, its key stolen; each rehearsed with a successor that names it."""

import json
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from audit_log.desk import Desk, event, settings
from audit_log.tampering import tamper
from backends.running import RunningPostgres
from govbus.audit_log.close import close, close_log
from govbus.audit_log.domain.closing import (
    LogClosed,
    PredecessorRejected,
    check_succession,
    predecessor_of,
)
from govbus.audit_log.domain.consistency import Inconsistent
from govbus.audit_log.fsck import fsck
from govbus.audit_log.keys import LogKeys, load_keys
from govbus.audit_log.seeds import KeyUnusable, make_key, read_key
from govbus.audit_log.succeed import begin_log, succeed
from govbus.contracts.translog.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from govbus.contracts.translog.entry import parse_entry
from govbus.contracts.translog.note import NoteRejected, NoteSigner
from govbus.contracts.translog.verification import verify_payload, verify_proof
from govbus.contracts.translog.vkey import VerificationKey

REASON = "moved to another data centre"
NEXT_ORIGIN = "govbus.local/audit-2"


@pytest.fixture
def next_dsn(postgres: RunningPostgres) -> Iterator[str]:
    """The database of the successor."""
    dsn = postgres.create_service_database("audit_log")
    yield dsn
    postgres.drop_database(dsn)


def _successor(dsn: str, folder: Path) -> Any:
    """Return settings of the log that goes on; its key is made beforehand."""
    home = folder / "successor"
    home.mkdir()
    make_key(home / "key")
    return settings(dsn, home, audit_log_origin=NEXT_ORIGIN, audit_log_key_file=home / "key")


async def _grown(with_settings: Any, count: int) -> Desk:
    desk = Desk(with_settings)
    await desk.sign()
    await desk.enter(*(event(str(number)) for number in range(count)))
    await desk.sign()
    await desk.do("copy")
    return desk


def _newest_copy(folder: Path) -> bytes:
    return max(path for path in (folder / "data").rglob("checkpoints/*") if path.is_file()).read_bytes()


async def _first_entry(desk: Desk) -> dict[str, Any]:
    """Return what the first entry says, after verifying it as a stranger would."""
    await desk.sign()
    await desk.sign()
    shown = (await desk.get("/v1/log/entries/0", "viewer")).json()
    entry, payload, key = (b64decode(shown[name]) for name in ("entry", "payload_base64", "commitment_key"))
    proof, vkey = (await desk.get("/v1/log/entries/0/proof")).text, (await desk.get("/v1/log/key")).text
    assert verify_proof(entry, proof, vkey).index == 0
    assert verify_payload(entry, payload, key).kind == "successor"
    assert shown["classification"] == "public"
    said: dict[str, Any] = json.loads(payload)
    return said


async def test_a_closed_log_ends_in_a_signed_entry_that_names_its_successor_which_names_it(
    log_dsn: str, next_dsn: str, tmp_path: Path
) -> None:
    old, new = settings(log_dsn, tmp_path), _successor(next_dsn, tmp_path)
    running = await _grown(old, 3)
    [successor] = load_keys(new).signing
    closing, file = await close_log(old, successor, REASON)
    assert (closing.index, closing.successor, closing.reason) == (3, successor, REASON)

    with pytest.raises(DBAPIError, match="the audit log is closed"):
        await running.enter(event("late"))
    await running.do("closed")
    with pytest.raises(LogClosed, match=NEXT_ORIGIN):
        await running.enter(event("late"))
    assert any(NEXT_ORIGIN in problem for problem in running.service.problems())
    assert (await running.get("/readyz")).status_code == 503
    assert await running.rows("SELECT kind FROM entry ORDER BY idx DESC LIMIT 1") == [("closed",)]

    keys = load_keys(old).signing
    final = open_checkpoint(_newest_copy(tmp_path), keys).checkpoint
    assert final.size == 4
    predecessor = predecessor_of(file, keys)
    assert (predecessor.checkpoint, predecessor.successor) == (final, successor)
    assert (await fsck(old)).faults == ()

    await begin_log(new, predecessor, "closed", REASON)
    following = Desk(new)
    said = await _first_entry(following)
    assert said["predecessor"]["origin"] == "govbus.local/audit"
    assert said["predecessor"]["size"] == 4
    assert open_checkpoint(said["predecessor"]["checkpoint"], keys).checkpoint == final
    assert (said["ended"], said["closed_in_favour_of_this_log"]) == ("closed", True)
    await following.enter(event("late"))
    with pytest.raises(Inconsistent, match="only a log's first entry"):
        await begin_log(new, predecessor, "closed", REASON)
    for desk in (running, following):
        await desk.close()


async def test_a_closed_log_is_still_read_signed_and_copied_after_a_restart(log_dsn: str, tmp_path: Path) -> None:
    desk = await _grown(settings(log_dsn, tmp_path), 1)
    successor = VerificationKey(NEXT_ORIGIN, 0x01, bytes(32))
    await close_log(desk.settings, successor, REASON)
    again = Desk(settings(log_dsn, tmp_path))
    await again.sign()
    await again.do("closed")
    await again.do("copy")
    shown = (await again.get("/v1/log/entries/1", "viewer")).json()
    assert (shown["kind"], shown["state"], shown["payload"]["successor"]["origin"]) == (
        "closed",
        "published",
        NEXT_ORIGIN,
    )
    refused = await again.get("/v1/log/entries?limit=5", "auditor")
    assert refused.status_code == 200
    await desk.close()
    await again.close()


async def test_closing_again_finishes_what_was_interrupted_and_refuses_another_successor(
    log_dsn: str, tmp_path: Path
) -> None:
    desk = await _grown(settings(log_dsn, tmp_path), 2)
    successor = VerificationKey(NEXT_ORIGIN, 0x01, bytes(32))
    first, _ = await close_log(desk.settings, successor, REASON)
    second, _ = await close_log(desk.settings, successor, "another reason")
    assert first == second
    with pytest.raises(Inconsistent, match="is closed at 3 entries"):
        await close_log(desk.settings, VerificationKey("other/log", 0x01, bytes(32)), REASON)
    assert await desk.rows("SELECT count(*) FROM entry WHERE kind = 'closed'") == [(1,)]
    await desk.close()


async def test_fsck_finds_entries_that_somebody_put_behind_the_closing(
    log_dsn: str, postgres: RunningPostgres, tmp_path: Path
) -> None:
    desk = await _grown(settings(log_dsn, tmp_path), 1)
    await close_log(desk.settings, VerificationKey(NEXT_ORIGIN, 0x01, bytes(32)), REASON)
    await tamper(postgres, log_dsn)
    await desk.enter(event("late"))
    assert "entry 1 closed the log, and entries follow it" in (await fsck(desk.settings)).faults
    await desk.close()


async def test_a_log_whose_key_is_lost_cannot_be_closed_and_its_successor_names_the_last_checkpoint_outside(
    log_dsn: str, next_dsn: str, tmp_path: Path
) -> None:
    old, new = settings(log_dsn, tmp_path), _successor(next_dsn, tmp_path)
    desk = await _grown(old, 3)
    keys = load_keys(old).signing
    (tmp_path / "data" / "checkpoint-key").unlink()
    with pytest.raises(KeyUnusable, match="restore the key from its copy"):
        await close_log(old, load_keys(new).signing[0], REASON)
    restarted = Desk(settings(log_dsn, tmp_path))
    await restarted.sign()
    assert "restore the log's own key file" in str(restarted.service.refusal)

    predecessor = predecessor_of(_newest_copy(tmp_path), keys)
    with pytest.raises(PredecessorRejected, match="not by a checkpoint"):
        await begin_log(new, predecessor, "closed", REASON)
    await begin_log(new, predecessor, "key_lost", "the disk with the key burnt")
    following = Desk(new)
    said = await _first_entry(following)
    assert (said["ended"], said["closed_in_favour_of_this_log"], said["predecessor"]["size"]) == ("key_lost", False, 3)
    assert said["predecessor"]["vkeys"] == [str(keys[0])]
    for one in (desk, restarted, following):
        await one.close()


async def test_a_log_whose_key_was_stolen_is_closed_under_a_second_key_that_the_thief_does_not_have(
    log_dsn: str, next_dsn: str, tmp_path: Path
) -> None:
    new = _successor(next_dsn, tmp_path)
    desk = await _grown(settings(log_dsn, tmp_path), 3)
    make_key(tmp_path / "clean")
    both = settings(log_dsn, tmp_path, audit_log_next_key_file=tmp_path / "clean")
    clean, stolen = load_keys(both).signing
    _, file = await close_log(both, load_keys(new).signing[0], "the key was seen on another machine")
    final = open_checkpoint(_newest_copy(tmp_path), clean)
    assert final.checkpoint.size == 4

    thief = NoteSigner(stolen.name, read_key(tmp_path / "data" / "checkpoint-key"))
    fork = str(sign_checkpoint(Checkpoint(stolen.name, 9, bytes(32)), thief))
    assert open_checkpoint(fork, stolen).checkpoint.size == 9, "whoever believes the stolen key alone is deceived"
    with pytest.raises(NoteRejected):
        open_checkpoint(fork, clean)
    with pytest.raises(PredecessorRejected, match="not of the log of these keys"):
        predecessor_of(fork.encode(), [clean])

    await begin_log(new, predecessor_of(file, [clean]), "key_stolen", "the key was seen on another machine")
    following = Desk(new)
    said = await _first_entry(following)
    assert (said["ended"], said["predecessor"]["vkeys"]) == ("key_stolen", [str(clean)])
    await desk.close()
    await following.close()


async def test_only_the_log_that_the_closing_names_succeeds_it(log_dsn: str, next_dsn: str, tmp_path: Path) -> None:
    desk = await _grown(settings(log_dsn, tmp_path), 1)
    keys: LogKeys = load_keys(desk.settings)
    _, file = await close_log(desk.settings, VerificationKey("other/log", 0x01, bytes(32)), REASON)
    new = _successor(next_dsn, tmp_path)
    with pytest.raises(PredecessorRejected, match="names another successor: other/log"):
        await begin_log(new, predecessor_of(file, keys.signing), "closed", REASON)
    with pytest.raises(PredecessorRejected, match="an origin of its own"):
        check_succession(predecessor_of(file, keys.signing), "closed", keys.signing)
    document = json.loads(file)
    other = await desk.rows("SELECT entry FROM entry WHERE idx = 0")
    for name, value in (("payload", "e30="), ("entry", "e30="), ("proof", "x"), ("commitment_key", 1)):
        with pytest.raises(PredecessorRejected):
            predecessor_of(json.dumps(document | {name: value}).encode(), keys.signing)
    assert parse_entry(bytes(other[0][0])).kind == "event"
    await desk.close()


def test_the_commands_say_in_a_sentence_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert close(successor="x", reason="r", output=tmp_path / "out") == 2
    assert "run it with the settings of the audit log" in capsys.readouterr().err
    assert close(successor="x", reason="r", output=tmp_path / "absent" / "out") == 2
    assert "is no folder: nothing was closed" in capsys.readouterr().err
    assert succeed(predecessor=tmp_path / "absent", key=("a+b",), reason="r", ended="tired") == 2
    assert "--ended is one of closed, key_lost, key_stolen" in capsys.readouterr().err
    monkeypatch.setenv("GOVBUS_POSTGRES_URL", "postgresql+asyncpg://nobody@127.0.0.1:1/x")
    monkeypatch.setenv("GOVBUS_KAFKA_BOOTSTRAP_SERVERS", "localhost:1")
    monkeypatch.setenv("GOVBUS_DATA_DIRECTORY", str(tmp_path))
    assert close(successor="x", reason="r", output=tmp_path / "out") == 2
    assert "is not <name>+<key id>+<key>" in capsys.readouterr().err
    own = VerificationKey("govbus.local/audit", 0x01, bytes(32))
    assert close(successor=str(own), reason="r", output=tmp_path / "out") == 2
    assert "an origin of its own" in capsys.readouterr().err
    make_key(tmp_path / "checkpoint-key")
    monkeypatch.setenv("GOVBUS_AUDIT_LOG_COMPARE_TOPIC", "false")
    other = VerificationKey(NEXT_ORIGIN, 0x01, bytes(32))
    assert close(successor=str(other), reason="r", output=tmp_path / "out") == 3
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "out").exists()

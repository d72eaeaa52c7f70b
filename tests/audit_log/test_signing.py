"""The signer: signs only what is stored and continues what was signed; on any doubt the log stops."""

from base64 import b64decode
from pathlib import Path

import pytest

from audit_log.desk import Desk, event, settings
from audit_log.tampering import tamper
from backends.running import RunningPostgres
from govbus.audit_log.domain.consistency import Inconsistent
from govbus.contracts.translog.checkpoint import OpenedCheckpoint, open_checkpoint
from govbus.contracts.translog.paths import verify_consistency
from govbus.contracts.translog.vkey import parse_vkey


async def _newest(desk: Desk) -> OpenedCheckpoint:
    key = parse_vkey((await desk.get("/v1/log/key")).text)
    return open_checkpoint((await desk.get("/v1/log/checkpoint")).text, key)


async def _stops(desk: Desk, because: str) -> None:
    before = await desk.rows("SELECT max(size) FROM checkpoint")
    await desk.sign()
    assert desk.service.refusal is not None
    assert because in desk.service.refusal
    with pytest.raises(Inconsistent):
        await desk.enter(event("after"))
    assert await desk.rows("SELECT max(size) FROM checkpoint") == before
    assert any(because in problem for problem in desk.service.problems())


async def test_each_checkpoint_continues_the_one_before(desk: Desk) -> None:
    sizes, roots = [], []
    for count in (1, 2, 300, 5):
        await desk.enter(*(event(f"{count}-{number}") for number in range(count)))
        await desk.sign()
        opened = await _newest(desk)
        sizes.append(opened.checkpoint.size)
        roots.append(opened.checkpoint.root)
    assert sizes == [1, 3, 303, 308]
    for old, new in zip(range(3), range(1, 4), strict=True):
        answer = (await desk.get(f"/v1/log/consistency?from={sizes[old]}&to={sizes[new]}")).json()
        hashes = [b64decode(item) for item in answer["hashes"]]
        verify_consistency(sizes[old], sizes[new], hashes, roots[old], roots[new])


async def test_nothing_is_signed_when_nothing_was_added(desk: Desk) -> None:
    await desk.enter(event("a"))
    for _ in range(3):
        await desk.sign()
    assert await desk.rows("SELECT count(*) FROM checkpoint") == [(1,)]


async def test_the_log_goes_on_after_a_restart(desk: Desk, log_dsn: str, tmp_path: Path) -> None:
    await desk.enter(event("a"))
    await desk.sign()
    await desk.do("copy")
    again = Desk(settings(log_dsn, tmp_path))
    await again.sign()
    again.record(event("a"))  # offset 0 was read before the restart
    await again.enter(event("b"))
    await again.sign()
    assert (await _newest(again)).checkpoint.size == 2
    assert await again.rows("SELECT epoch FROM checkpoint ORDER BY size") == [(1,), (2,)]
    await again.close()


async def test_two_signers_at_once_sign_one_history(desk: Desk, log_dsn: str, tmp_path: Path) -> None:
    other = Desk(settings(log_dsn, tmp_path))
    await other.sign()
    for number in range(6):
        await desk.enter(event(str(number)))
        await (desk, other)[number % 2].sign()
    assert await desk.rows("SELECT size, epoch FROM checkpoint ORDER BY size") == [(n, n) for n in range(1, 7)]
    assert desk.service.refusal is None
    assert other.service.refusal is None
    await other.close()


@pytest.mark.parametrize(
    ("statement", "because"),
    [
        ("UPDATE entry SET entry = entry || ' ' WHERE idx = 300", "entry 300 was changed"),
        ("DELETE FROM entry WHERE idx = 300", "are stored"),
        ("UPDATE log_head SET subtrees = overlay(subtrees placing sha256('x') from 1)", "is not the tree"),
        ("UPDATE tile SET root = sha256('x') WHERE level = 0 AND idx = 1", "tile 0/1 is not the tree's"),
        (
            "UPDATE tile SET hashes = overlay(hashes placing sha256('x') from 33) WHERE idx = 1",
            "tile 0/1 is not the tree's",
        ),
        ("DELETE FROM tile WHERE idx = 1", "tiles are missing: 0/1"),
        ("DELETE FROM checkpoint", "the checkpoint of size 290 is gone"),
        ("UPDATE checkpoint SET root = sha256('x'), subtrees = sha256('x') || substr(subtrees, 33)", "another root"),
    ],
)
async def test_what_was_changed_after_sequencing_is_never_signed(
    desk: Desk, postgres: RunningPostgres, log_dsn: str, statement: str, because: str
) -> None:
    await desk.enter(*(event(str(number)) for number in range(290)))
    await desk.sign()
    await desk.enter(*(event(str(number)) for number in range(290, 520)))
    await tamper(postgres, log_dsn, statement)
    await _stops(desk, because)


async def test_a_log_behind_its_copy_outside_takes_and_signs_nothing(
    desk: Desk, tmp_path: Path, postgres: RunningPostgres
) -> None:
    await desk.enter(event("a"), event("b"))
    await desk.sign()
    await desk.do("copy")
    restored = Desk(settings(postgres.create_service_database("audit_log"), tmp_path))
    await _stops(restored, "entries 0..1 are missing; the newest outside checkpoint is of size 2")
    await restored.close()


async def test_a_log_with_another_history_than_its_copy_stops(
    desk: Desk, tmp_path: Path, postgres: RunningPostgres
) -> None:
    await desk.enter(event("a"))
    await desk.sign()
    await desk.do("copy")
    other_dsn = postgres.create_service_database("audit_log")
    forged = Desk(settings(other_dsn, tmp_path, audit_log_copies=((tmp_path / "elsewhere").as_uri(),)))
    await forged.sign()
    await forged.enter(event("a"))
    await forged.sign()
    restarted = Desk(settings(other_dsn, tmp_path))
    await _stops(restarted, "another root for size 1")
    await forged.close()
    await restarted.close()


async def test_another_key_does_not_go_on_with_the_log(desk: Desk, log_dsn: str, tmp_path: Path) -> None:
    await desk.enter(event("a"))
    await desk.sign()
    (tmp_path / "data" / "checkpoint-key").unlink()
    other = Desk(settings(log_dsn, tmp_path))
    await _stops(other, "restore the log's own key file")
    await other.close()


async def test_copies_are_written_once(desk: Desk, tmp_path: Path) -> None:
    await desk.do("copy")
    await desk.enter(event("a"))
    await desk.sign()
    assert (await desk.get("/v1/log/entries/0", "viewer")).json()["state"] == "integrated"
    await desk.do("copy")
    await desk.do("copy")
    [copy] = [path for path in (tmp_path / "data" / "checkpoints").rglob("*") if path.is_file()]
    assert copy.read_text(encoding="utf-8") == (await desk.get("/v1/log/checkpoint")).text
    assert (await desk.get("/v1/log/entries/0", "viewer")).json()["state"] == "published"


async def test_a_foreign_copy_of_the_same_size_stops_the_log(desk: Desk, tmp_path: Path) -> None:
    await desk.enter(event("a"))
    await desk.sign()
    await desk.do("copy")
    [copy] = [path for path in (tmp_path / "data" / "checkpoints").rglob("*") if path.is_file()]
    await desk.enter(event("b"))
    await desk.sign()
    copy.with_name(copy.name.replace("1", "2")).write_text("forged", encoding="utf-8")
    with pytest.raises(Inconsistent):
        await desk.do("copy")
    assert desk.service.refusal is not None

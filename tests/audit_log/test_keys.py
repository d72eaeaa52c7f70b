"""Keys of a log: where they come from, what is refused, and how one takes over from another."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from audit_log.desk import Desk, event, settings
from govbus.audit_log.fsck import fsck
from govbus.audit_log.keys import LogKeys, load_keys
from govbus.audit_log.seeds import KeyUnusable, key_of_text, make_key, read_or_make_key
from govbus.contracts.translog.checkpoint import open_checkpoint
from govbus.contracts.translog.note import parse_note
from govbus.contracts.translog.vkey import VerificationKey, parse_vkeys

ORIGIN = "govbus.local/audit"


def _keys(folder: Path, *, make: bool = True, **changes: Any) -> LogKeys:
    return load_keys(settings("postgresql+asyncpg://nowhere/x", folder, **changes), make=make)


async def _served(desk: Desk) -> tuple[VerificationKey, ...]:
    return parse_vkeys((await desk.get("/v1/log/key")).text)


async def _grow(desk: Desk, id_: str) -> tuple[VerificationKey, ...]:
    """Add an entry, sign, and return which of the served keys signed."""
    [(size,)] = await desk.rows("SELECT size FROM log_head")
    await desk.sequence([replace(desk.record(event(id_)), offset=size)])  # behind what another process has read
    await desk.sign()
    assert desk.service.refusal is None
    note = (await desk.get("/v1/log/checkpoint")).text
    served = await _served(desk)
    assert len(parse_note(note).signatures) == len(served)
    return open_checkpoint(note, served).signed_by


def test_a_key_file_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "key"
    first = read_or_make_key(file).private_bytes_raw()
    assert read_or_make_key(file).private_bytes_raw() == first
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["key"]
    file.chmod(0o640)
    with pytest.raises(KeyUnusable, match="chmod 600"):
        read_or_make_key(file)
    file.chmod(0o600)
    file.write_text("rubbish", encoding="ascii")
    with pytest.raises(KeyUnusable, match="restore the key"):
        read_or_make_key(file)


def test_a_key_comes_from_the_environment_without_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seed = os.urandom(32).hex()
    monkeypatch.setenv("GOVBUS_AUDIT_LOG_KEY", seed)
    found = _keys(tmp_path)
    expected = key_of_text(seed, "here").public_key().public_bytes_raw()
    assert found.signing == (VerificationKey(ORIGIN, 0x01, expected),)
    assert not (tmp_path / "data").exists()
    assert seed not in repr(settings("postgresql+asyncpg://nowhere/x", tmp_path))


def test_what_only_reads_a_log_makes_no_key(tmp_path: Path) -> None:
    with pytest.raises(KeyUnusable, match="restore the key"):
        _keys(tmp_path, make=False)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"audit_log_key": SecretStr("ab"), "audit_log_key_file": Path("k")}, "both set"),
        ({"audit_log_key": SecretStr("ab")}, "GOVBUS_AUDIT_LOG_KEY is not 32 bytes"),
        ({"audit_log_next_key": SecretStr("ab"), "audit_log_next_key_file": Path("k")}, "both set"),
        ({"audit_log_next_key_file": Path("absent")}, "absent is not there"),
        ({"audit_log_key": SecretStr("ab" * 32), "audit_log_next_key": SecretStr("ab" * 32)}, "is the key in force"),
        ({"audit_log_origin": "our log"}, "GOVBUS_AUDIT_LOG_ORIGIN: 'our log' cannot name a key"),
        ({"audit_log_retired_vkeys": "nonsense"}, "GOVBUS_AUDIT_LOG_RETIRED_VKEYS"),
    ],
)
def test_contradictory_or_broken_keys_are_refused_with_a_sentence(
    tmp_path: Path, changes: dict[str, Any], because: str
) -> None:
    with pytest.raises(KeyUnusable, match=because) as refused:
        _keys(tmp_path, **changes)
    assert "ab" * 32 not in str(refused.value)


def test_a_retired_key_is_of_this_log_and_does_not_sign(tmp_path: Path) -> None:
    own = _keys(tmp_path).signing[0]
    with pytest.raises(KeyUnusable, match="is configured to sign"):
        _keys(tmp_path, audit_log_retired_vkeys=str(own))
    with pytest.raises(KeyUnusable, match="of another log"):
        _keys(tmp_path, audit_log_retired_vkeys=str(VerificationKey("other", 0x01, own.public_key)))


async def test_a_key_takes_over_while_both_sign_and_every_checkpoint_stays_believed(
    log_dsn: str, tmp_path: Path
) -> None:
    old, new = tmp_path / "data" / "checkpoint-key", tmp_path / "next"
    make_key(new)
    before = Desk(settings(log_dsn, tmp_path))
    [first] = await _served(before)
    await before.sign()
    assert await _grow(before, "a") == (first,)

    both = Desk(settings(log_dsn, tmp_path, audit_log_next_key_file=new))
    second, still = await _served(both)
    assert still == first
    await both.sign()
    assert await _grow(both, "b") == (second, first)
    await both.do("copy")

    old.write_bytes(new.read_bytes())
    forgetful = Desk(settings(log_dsn, tmp_path))
    await forgetful.sign()
    assert await _grow(forgetful, "c") == (second,)

    after = settings(log_dsn, tmp_path, audit_log_retired_vkeys=str(first))
    assert (await fsck(after)).faults == ()
    notes = [row[0] for row in await forgetful.rows("SELECT note FROM checkpoint ORDER BY size")]
    in_force = [open_checkpoint(note, [first, second]).signed_by for note in notes]
    assert in_force == [(first,), (first, second), (second,)]
    for desk in (before, both, forgetful):
        await desk.close()


async def test_a_log_signed_by_a_retired_key_alone_goes_on_only_when_that_is_named(
    log_dsn: str, tmp_path: Path
) -> None:
    desk = Desk(settings(log_dsn, tmp_path))
    await desk.sign()
    [first] = await _grow(desk, "a")
    await desk.do("copy")
    make_key(tmp_path / "next")
    unnamed = Desk(settings(log_dsn, tmp_path, audit_log_key_file=tmp_path / "next"))
    await unnamed.sign()
    assert "GOVBUS_AUDIT_LOG_RETIRED_VKEYS" in str(unnamed.service.refusal)
    changes: dict[str, Any] = {"audit_log_retired_vkeys": str(first)}
    named = Desk(settings(log_dsn, tmp_path, audit_log_key_file=tmp_path / "next", **changes))
    await named.sign()
    assert await _grow(named, "b") == await _served(named)
    for one in (desk, unnamed, named):
        await one.close()

"""`govbus log key`: keys are made and shown without their seeds, and checkpoints tell which key was in force."""

from pathlib import Path

import pytest

from govbus.audit_log.key_commands import history, new, show
from govbus.audit_log.seeds import make_key, read_key
from govbus.contracts.translog.checkpoint import Checkpoint, sign_checkpoint
from govbus.contracts.translog.note import NoteSigner
from govbus.contracts.translog.vkey import COSIGNATURE, ED25519, parse_vkey

ORIGIN = "log.example/a"


def _signer(folder: Path, name: str) -> NoteSigner:
    make_key(folder / name)
    return NoteSigner(ORIGIN, read_key(folder / name))


def _copies(folder: Path, *signers: tuple[NoteSigner, ...]) -> Path:
    """Write one checkpoint a size, each signed by the signers of its turn."""
    copies = folder / "copies"
    copies.mkdir()
    for size, several in enumerate(signers, 1):
        note = sign_checkpoint(Checkpoint(ORIGIN, size, bytes([size]) * 32), *several)
        (copies / f"{size:020d}").write_text(str(note), encoding="utf-8")
    return copies


def test_a_new_key_is_private_and_only_its_vkey_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "key"
    assert new(file, origin=ORIGIN) == 0
    printed = capsys.readouterr().out
    assert (parse_vkey(printed).name, parse_vkey(printed).kind) == (ORIGIN, ED25519)
    assert file.read_text(encoding="ascii").strip() not in printed
    assert file.stat().st_mode & 0o777 == 0o600
    assert show(file, origin=ORIGIN, witness=True) == 0
    assert parse_vkey(capsys.readouterr().out).kind == COSIGNATURE
    before = file.read_bytes()
    assert new(file, origin=ORIGIN) == 1
    assert file.read_bytes() == before
    assert show(tmp_path / "absent", origin=ORIGIN) == 2
    assert show(file, origin="a b") == 2


def test_a_rotation_is_read_off_the_checkpoints(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, following = _signer(tmp_path, "old"), _signer(tmp_path, "following")
    copies = _copies(tmp_path, (old,), (old,), (following, old), (following,), (following,))
    assert history(copies, key=(str(old.key), str(following.key))) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{ORIGIN} key {old.key.key_id.hex()}: sizes 1..3, 3 checkpoints, verified",
        f"{ORIGIN} key {following.key.key_id.hex()}: sizes 3..5, 3 checkpoints, verified",
    ]
    assert history(copies) == 0
    assert capsys.readouterr().out.count("not verified") == 2


def test_a_checkpoint_that_no_given_key_signed_or_that_is_forged_fails_the_history(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, other = _signer(tmp_path, "old"), _signer(tmp_path, "other")
    copies = _copies(tmp_path, (old,), (other,))
    assert history(copies, key=(str(old.key),)) == 1
    assert "none of the given keys signed" in capsys.readouterr().err
    file = copies / f"{1:020d}"
    file.write_text(file.read_text(encoding="utf-8").replace("\n1\n", "\n7\n"), encoding="utf-8")
    assert history(file, key=(str(old.key),)) == 1
    assert history(tmp_path / "nothing") == 1
    assert history(copies, key=("a+b",)) == 2

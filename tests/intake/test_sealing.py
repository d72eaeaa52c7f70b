"""Sealing at rest: one key per installation, made once, readable by its owner only."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from govbus.intake.sealing import SealBroken, Sealer, load_key


def test_a_key_is_made_once_even_when_many_start_together_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "sealing.key"
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: load_key(path), range(16)))
    assert len(keys) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["sealing.key"]


def test_what_is_sealed_opens_for_its_purpose_only_and_never_altered() -> None:
    sealer = Sealer(b"k" * 32)
    sealed = sealer.seal(b"secret", "signature/a")
    assert sealer.open(sealed, "signature/a") == b"secret"
    for broken, purpose in ((sealed, "signature/b"), (sealed[:-1] + b"x", "signature/a"), (b"", "signature/a")):
        with pytest.raises(SealBroken):
            sealer.open(broken, purpose)
    with pytest.raises(SealBroken):
        Sealer(b"l" * 32).open(sealed, "signature/a")


def test_a_key_file_of_another_size_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sealing.key"
    path.write_bytes(b"short")
    with pytest.raises(ValueError, match="not a key"):
        load_key(path)

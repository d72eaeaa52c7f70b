"""`govbus verify FOLDER`: a log as files is verified offline, and whatever differs is named."""

import shutil
from pathlib import Path

import pytest

from audit_log.stored_log import entries_of, note_of, write, write_folder, write_tiles
from govbus.sdk.failures import NotProved
from govbus.sdk.translog import folder_hashing
from govbus.sdk.translog.folder_check import FolderReport, check_folder
from govbus.sdk.translog.log_folder import LogFolder
from govbus.sdk.translog.trust import trust_in
from sdk.static_log import ORIGIN, entry, signer
from translog_answers import known

SIZE = 700
OLDER = (1, 255, 256, 300, 512, 699)
ENTRIES = entries_of(SIZE)
TRUST = trust_in([str(signer().key)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "log", ENTRIES, OLDER)


def check(folder: Path, *seen: bytes, workers: int = 1) -> FolderReport:
    notes = [(f"seen-{place}", note) for place, note in enumerate(seen)]
    return check_folder(LogFolder(folder), TRUST, seen=notes, workers_count=workers, tell=lambda *_: None)


def differences(folder: Path, *seen: bytes) -> list[tuple[str, int | None]]:
    with pytest.raises(NotProved) as caught:
        check(folder, *seen)
    return [(one.place, one.index) for one in caught.value.differences]


def test_a_whole_folder_is_verified(folder: Path) -> None:
    report = check(folder, note_of(ENTRIES[:400]))
    assert (report.origin, report.size, report.tiles_count) == (ORIGIN, SIZE, 4)
    assert (report.older_checkpoints_count, report.beyond_count) == (7, 0)


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 513])
def test_folders_of_every_shape_hold(tmp_path: Path, size: int) -> None:
    write_folder(tmp_path, ENTRIES[:size], range(0, size + 1, 51))
    assert check(tmp_path).size == size


def test_the_known_answer_of_seventy_thousand_entries_comes_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_hashing, "_SHARED_COUNT", 1)
    write_tiles(tmp_path, [known.entry(index) for index in range(70_000)])
    note = note_of((known.entry(index) for index in range(70_000)), known.signer())
    write(tmp_path / "checkpoint", note)
    (trust, told) = trust_in([known.VKEY]), []
    for workers in (1, 2):
        report = check_folder(LogFolder(tmp_path), trust, workers_count=workers, tell=lambda *done: told.append(done))
        assert report.root == known.ROOTS[70_000]
    assert told[-1] == ("entries", 70_000, 70_000)


def test_a_partial_tile_may_be_read_from_the_one_that_took_its_place(tmp_path: Path) -> None:
    write_folder(tmp_path / "grown", ENTRIES)
    write(tmp_path / "grown" / "checkpoint", note_of(ENTRIES[:300]))
    report = check(tmp_path / "grown")
    assert (report.size, report.beyond_count) == (300, 5)


@pytest.mark.parametrize("index", [0, 255, 256, 511, 512, 699])
def test_a_changed_entry_is_named(folder: Path, index: int) -> None:
    write_tiles(folder / "other", [*ENTRIES[:index], entry(9999), *ENTRIES[index + 1 :]])
    name = f"tile/entries/{index // 256:03d}" + (".p/188" if index >= 512 else "")
    shutil.copy(folder / "other" / name, folder / name)
    assert differences(folder) == [(name, index)]


@pytest.mark.parametrize("name", ["0/000", "0/001", "0/002.p/188", "1/000.p/2"])
def test_a_changed_hash_tile_is_named(folder: Path, name: str) -> None:
    file = folder / "tile" / name
    file.write_bytes(file.read_bytes()[:32] + bytes(31) + file.read_bytes()[63:])
    [(place, _)] = differences(folder)
    assert place == f"tile/{name}"


@pytest.mark.parametrize("name", ["0/000", "0/002.p/188", "1/000.p/2", "entries/000", "entries/002.p/188"])
def test_a_missing_tile_is_named(folder: Path, name: str) -> None:
    (folder / "tile" / name).unlink()
    assert (f"tile/{name}", None) in differences(folder)


def test_a_rewritten_history_is_narrowed_down_by_older_checkpoints(folder: Path) -> None:
    write_tiles(folder, [*ENTRIES[:400], entry(9999), *ENTRIES[401:]])
    assert differences(folder) == [("entries 300 to 511", 300)]


def test_a_rewritten_and_signed_history_is_found_by_an_older_checkpoint(folder: Path) -> None:
    rewritten = [*ENTRIES[:400], entry(9999), *ENTRIES[401:]]
    write_tiles(folder, rewritten)
    write(folder / "checkpoint", note_of(rewritten))
    assert differences(folder) == [("entries 300 to 511", 300)]


def test_a_log_that_was_rolled_back_is_found_by_a_newer_checkpoint(folder: Path) -> None:
    newer = note_of([*ENTRIES, entry(SIZE)])
    assert differences(folder, newer) == [("seen-0", None)]
    assert differences(folder, note_of([*ENTRIES[:699], entry(SIZE)])) == [("seen-0", None)]


def test_a_checkpoint_of_another_key_is_named(folder: Path) -> None:
    write(folder / "checkpoint", note_of(ENTRIES, signer("another")))
    assert differences(folder) == [("checkpoint", None)]
    write_folder(folder, ENTRIES)
    write(folder / "checkpoints" / "300", note_of(ENTRIES[:300], signer("another")))
    assert differences(folder) == [("checkpoints/300", None)]
    write(folder / "checkpoints" / "300", note_of(ENTRIES[:301]))
    assert differences(folder) == [("checkpoints/300", None)]


def test_a_key_that_the_folder_claims_is_never_enough(folder: Path) -> None:
    write(folder / "checkpoint", note_of(ENTRIES, signer("another")))
    write(folder / "vkey", f"{signer('another').key}\n".encode())
    assert differences(folder) == [("vkey", None)]


def test_one_of_several_trusted_keys_is_enough(folder: Path) -> None:
    keys = trust_in([f"{signer('newer').key}\n{signer().key}\n"])
    assert check_folder(LogFolder(folder), keys, tell=lambda *_: None).size == SIZE


def test_what_is_no_tile_of_this_log_is_named(folder: Path) -> None:
    write(folder / "tile" / "0" / "0001", b"")
    assert differences(folder) == [("tile/0/0001", None)]
    (folder / "tile/0/0001").unlink()
    write(folder / "tile" / "entries" / "000.p" / "3", b"\x00\x01a" * 3)
    assert differences(folder) == [("tile/entries/000.p/3", None)]

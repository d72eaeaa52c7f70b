"""`govbus log mirror`: a folder that grows with the log, verified before it is written, and verified without it."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from audit_log.stored_log import entries_of, note_of, write, write_folder, write_tiles
from govbus.sdk.cli.program import run
from sdk.static_log import entry, served, signer

VKEY = str(signer().key)
ENTRIES = entries_of(1000)
SIZES = (1, 255, 256, 300, 513, 1000)


@pytest.fixture
def base(alone: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder that is served at `/v1/log`."""
    folder = alone / "served" / "v1" / "log"
    folder.mkdir(parents=True)
    with served(alone / "served") as url:
        monkeypatch.setenv("GOVBUS_URL", url)
        monkeypatch.setenv("GOVBUS_TOKEN", "any")
        yield folder


@pytest.fixture
def kept(alone: Path) -> Path:
    """The mirror."""
    return alone / "kept"


def mirror(kept: Path) -> int:
    return run(["log", "mirror", str(kept), "--key", VKEY, "--json"])


def verify(kept: Path, *more: str) -> int:
    return run(["verify", str(kept), "--key", VKEY, "--json", *more])


def grow_to(base: Path, size: int) -> None:
    """Serve the log at a size, with nothing but the tiles of that size."""
    shutil.rmtree(base)
    write_folder(base, ENTRIES[:size])


def files(kept: Path) -> set[str]:
    return {file.relative_to(kept).as_posix() for file in kept.rglob("*") if file.is_file()}


def test_a_mirror_grows_with_the_log_and_verifies_without_it(
    base: Path, kept: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fetched: list[int] = []
    for size in SIZES:
        grow_to(base, size)
        assert mirror(kept) == 0
        fetched.append(json.loads(capsys.readouterr().out)["fetched_count"])
    assert fetched[-1] == 2 + 1 + 2, "the edge with its entries, and the tile that became full with its own"
    grow_to(base, SIZES[-1])
    older = {f"checkpoints/{size}" for size in SIZES[:-1]}
    assert files(kept) == files(base) | older
    monkeypatch.setenv("GOVBUS_URL", "http://127.0.0.1:1")
    assert verify(kept) == 0
    assert json.loads(capsys.readouterr().out)["older_checkpoints_count"] == len(older)


def test_what_lies_here_is_not_fetched_again(base: Path, kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    grow_to(base, 1000)
    assert mirror(kept) == 0
    for name in ("tile/0/000", "tile/0/001", "tile/0/002", "tile/entries/000", "tile/entries/002"):
        (base / name).unlink()
    capsys.readouterr()
    assert mirror(kept) == 0
    assert json.loads(capsys.readouterr().out)["fetched_count"] == 2


def test_an_interrupted_mirror_goes_on_and_is_whole_at_any_time(base: Path, kept: Path) -> None:
    grow_to(base, 300)
    assert mirror(kept) == 0
    grow_to(base, 1000)
    (base / "tile/entries/002").rename(base / "away")
    assert mirror(kept) == 1
    assert verify(kept) == 0, "still the log of size 300"
    (base / "away").rename(base / "tile/entries/002")
    assert mirror(kept) == 0
    assert verify(kept) == 0
    assert (kept / "checkpoint").read_bytes() == note_of(ENTRIES)


def spoil_entry(base: Path) -> None:
    write_tiles(base.parent / "other", [*ENTRIES[:600], entry(9999), *ENTRIES[601:]])
    shutil.copy(base.parent / "other/tile/entries/002", base / "tile/entries/002")


def spoil_tile(base: Path) -> None:
    (base / "tile/0/001").write_bytes(bytes(8192))


def spoil_edge(base: Path) -> None:
    (base / "tile/1/000.p/3").write_bytes(bytes(96))


def spoil_cut(base: Path) -> None:
    (base / "tile/entries/001").write_bytes((base / "tile/entries/001").read_bytes()[:-3])


def spoil_signature(base: Path) -> None:
    write(base / "checkpoint", note_of(ENTRIES, signer("another")))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (spoil_entry, "the served entry 600 is not what the tree has"),
        (spoil_tile, "tile/0/001: the served hash tile"),
        (spoil_edge, "do not lead to the signed root"),
        (spoil_cut, "tile/entries/001: the served tile ends inside an entry"),
        (spoil_signature, "checkpoint: no signature"),
    ],
)
def test_nothing_that_was_not_signed_is_written(
    base: Path, kept: Path, capsys: pytest.CaptureFixture[str], spoil: Callable[[Path], None], said: str
) -> None:
    grow_to(base, 1000)
    spoil(base)
    assert mirror(kept) == 1
    assert said in capsys.readouterr().err
    assert not (kept / "checkpoint").exists()
    written = {name for name in files(kept) if name.startswith("tile/")}
    whole = write_folder(base.parent / "whole", ENTRIES)
    assert all((kept / name).read_bytes() == (whole / name).read_bytes() for name in written)


@pytest.mark.parametrize("size", [200, 300, 1000])
def test_a_log_that_contradicts_itself_is_refused_and_the_evidence_is_kept(
    base: Path, kept: Path, capsys: pytest.CaptureFixture[str], size: int
) -> None:
    grow_to(base, 300)
    assert mirror(kept) == 0
    shutil.rmtree(base)
    write_folder(base, [entry(9999), *ENTRIES[1:size]])
    before = files(kept)
    assert mirror(kept) == 1
    assert "the folder stays at size 300" in capsys.readouterr().err
    [evidence] = files(kept) - before
    assert evidence.startswith(f"refused/{size}.")
    assert verify(kept) == 0
    assert verify(kept, "--seen", str(kept / evidence)) == 1, "the two checkpoints prove it to anybody"


def test_a_served_log_is_a_folder_to_anybody(base: Path, kept: Path) -> None:
    """A plain file server over the mirror is the log's own static surface."""
    grow_to(base, 513)
    assert mirror(kept) == 0
    shutil.rmtree(base)
    shutil.copytree(kept, base)
    assert mirror(kept.parent / "second") == 0
    assert files(kept.parent / "second") == files(kept)

"""A stranger's tools (golang.org/x/mod) accept what the log serves and refuse it once anything was changed."""

from base64 import b64decode
from collections.abc import Callable
from pathlib import Path

import pytest

from audit_log.desk import Desk, event, settings
from govbus.contracts.translog.tiles import Tile, tiles_at
from interop.go_checker.building import BUILD_SECONDS, build_checker, run_checker


@pytest.fixture(scope="session")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checker, built with Debian's packages or with the module proxy."""
    return build_checker(tmp_path_factory.mktemp("go"))


@pytest.fixture
async def served(service_database: Callable[[str], str], tmp_path: Path) -> tuple[str, Path]:
    """A verification key, and everything a log served, as files."""
    desk = Desk(settings(service_database("audit_log"), tmp_path))
    folder = tmp_path / "served"
    await desk.sign()
    await desk.enter(*(event(f"a{number}") for number in range(300)))
    await desk.sign()
    await _save(desk, "checkpoint", folder / "old-checkpoint")
    await desk.enter(*(event(f"b{number}") for number in range(413)))
    await desk.sign()
    await _save(desk, "checkpoint", folder / "checkpoint")
    consistency = (await desk.get("/v1/log/consistency?from=300&to=713")).json()
    _write(folder / "consistency", "\n".join(consistency["hashes"]).encode())
    for tile in tiles_at(713):
        await _save(desk, f"tile/{tile.path()}", folder / "tile" / tile.path())
        if tile.level == 0:
            path = Tile("entries", tile.index, tile.width).path()
            await _save(desk, f"tile/{path}", folder / "tile" / path)
    for index in (0, 255, 256, 299, 511, 712):
        entry = (await desk.get(f"/v1/log/entries/{index}", "viewer")).json()["entry"]
        await _save(desk, f"entries/{index}/proof", folder / "proofs" / f"{index}.tlog-proof")
        _write(folder / "proofs" / f"{index}.entry", b64decode(entry))
    vkey = (await desk.get("/v1/log/key")).text.strip()
    await desk.close()
    return vkey, folder


async def _save(desk: Desk, path: str, file: Path) -> None:
    answer = await desk.get(f"/v1/log/{path}")
    assert answer.status_code == 200
    _write(file, answer.content)


def _write(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


@pytest.mark.timeout(BUILD_SECONDS + 60)
def test_a_stranger_verifies_the_whole_log(checker: Path, served: tuple[str, Path]) -> None:
    answer = run_checker(checker, "log", *served)
    assert answer.stderr == ""
    assert answer.stdout == "ok: size 713, 713 entries by tiles, 6 proof files\n"


@pytest.mark.parametrize(
    "file",
    [
        "checkpoint",
        "old-checkpoint",
        "consistency",
        "tile/0/001",
        "tile/0/002.p/201",
        "tile/entries/000",
        "proofs/299.entry",
        "proofs/299.tlog-proof",
    ],
)
def test_a_stranger_refuses_any_changed_byte(checker: Path, served: tuple[str, Path], file: str) -> None:
    vkey, folder = served
    raw = bytearray((folder / file).read_bytes())
    raw[len(raw) // 3 + 5] ^= 0x01
    (folder / file).write_bytes(raw)
    answer = run_checker(checker, "log", vkey, folder)
    assert answer.returncode == 1
    assert answer.stderr.startswith("REFUSED:")

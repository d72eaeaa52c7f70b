"""Trees of every size from 1 to 300, and of 70,000: golang.org/x/mod makes the same roots and the same proofs."""

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from audit_log.stored_log import write, write_tiles
from govbus.contracts.translog import base64_strict
from govbus.contracts.translog.checkpoint import Checkpoint, sign_checkpoint
from govbus.contracts.translog.cosignature import cosign
from govbus.contracts.translog.merkle import CompactRange, grow
from govbus.contracts.translog.note import with_signatures
from govbus.contracts.translog.paths import Node, Plan, consistency_plan, inclusion_plan, make
from govbus.contracts.translog.proof import Proof
from govbus.contracts.translog.vkey import COSIGNATURE, VerificationKey
from interop.go_checker.building import BUILD_SECONDS, build_checker, run_checker
from sdk.static_log import signer
from translog_answers import known

WITNESS = "witness.example/w1"
WITNESS_KEY = signer("witness").private_key
WITNESS_VKEY = str(VerificationKey(WITNESS, COSIGNATURE, WITNESS_KEY.public_key().public_bytes_raw()))
SIZES = range(1, 301)
EVERY_PROOF_SIZE = 40
"""Of trees up to here every proof is made; of larger ones those at both ends and in the middle."""

LARGE = 70_000
LEAVES = known.leaves(LARGE)

pytestmark = pytest.mark.timeout(BUILD_SECONDS + 60)


@pytest.fixture(scope="session")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_checker(tmp_path_factory.mktemp("go"))


@pytest.fixture(scope="module")
def sizes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sizes")
    nodes: dict[Node, bytes] = {}
    for size in SIZES:
        write(folder / f"{size}.checkpoint", checkpoint(size).encode())
        write(folder / f"{size}.proofs", "".join(lines(size, nodes)).encode())
    return folder


def checkpoint(size: int) -> str:
    """Return the checkpoint of a size, signed by the log and cosigned by the witness."""
    root = grow(CompactRange(), LEAVES[:size]).compact.root
    note = sign_checkpoint(Checkpoint(known.ORIGIN, size, root), known.signer())
    return str(with_signatures(note, [cosign(WITNESS, WITNESS_KEY, note.text, 1_795_000_000 + size)]))


def lines(size: int, nodes: dict[Node, bytes]) -> Iterable[str]:
    """Yield proofs as the checker reads them."""
    indexes = range(size) if size <= EVERY_PROOF_SIZE else sorted({0, size // 3, size - 2, size - 1})
    for index in indexes:
        yield line("inclusion", index, inclusion_plan(index, size), nodes)
    for old in range(1, size + 1) if size <= EVERY_PROOF_SIZE else sorted({1, size // 2, size - 1, size}):
        yield line("consistency", old, consistency_plan(old, size), nodes)


def line(kind: str, number: int, plan: Plan, nodes: dict[Node, bytes]) -> str:
    wanted = {node for part in plan for node in part}
    for level, index in wanted - nodes.keys():
        below = LEAVES[index << level : (index + 1) << level]
        nodes[level, index] = grow(CompactRange(), below).compact.root
    hashes = map(base64_strict.encode, make(plan, nodes))
    return " ".join([kind, str(number), *hashes]) + "\n"


def test_all_sizes_agree_in_one_run(checker: Path, sizes: Path) -> None:
    answer = run_checker(checker, "sizes", known.VKEY, WITNESS_VKEY, sizes)
    proofs = sum(len((sizes / f"{size}.proofs").read_text().splitlines()) for size in SIZES)
    assert (answer.stderr, answer.stdout) == ("", f"ok: 300 sizes up to 300, {proofs} proofs\n")


def another_index(folder: Path) -> None:
    change(folder / "7.proofs", lambda text: text.replace("inclusion 3 ", "inclusion 2 "))


def another_hash(folder: Path) -> None:
    change(folder / "7.proofs", lambda text: text[:-10] + ("A" if text[-10] != "A" else "B") + text[-9:])


def another_root(folder: Path) -> None:
    shutil.copy(folder / "6.checkpoint", folder / "7.checkpoint")


def no_witness(folder: Path) -> None:
    change(folder / "7.checkpoint", lambda text: text[: text.index(f"\u2014 {WITNESS}")])


def another_time(folder: Path) -> None:
    """The cosignature of another checkpoint."""
    mine, other = ((folder / f"{size}.checkpoint").read_text() for size in (7, 8))
    start = f"\u2014 {WITNESS}"
    write(folder / "7.checkpoint", (mine[: mine.index(start)] + other[other.index(start) :]).encode())


def change(file: Path, changed: Callable[[str], str]) -> None:
    before = file.read_text()
    after = changed(before)
    assert after != before
    file.write_text(after)


@pytest.mark.parametrize("tamper", [another_index, another_hash, another_root, no_witness, another_time])
def test_a_tampered_answer_is_refused(
    checker: Path, sizes: Path, tmp_path: Path, tamper: Callable[[Path], None]
) -> None:
    for size in range(1, 9):
        for kind in ("checkpoint", "proofs"):
            shutil.copy(sizes / f"{size}.{kind}", tmp_path)
    assert run_checker(checker, "sizes", known.VKEY, WITNESS_VKEY, tmp_path).returncode == 0
    tamper(tmp_path)
    answer = run_checker(checker, "sizes", known.VKEY, WITNESS_VKEY, tmp_path)
    assert answer.returncode == 1
    assert answer.stderr.startswith("REFUSED:")
    assert "7" in answer.stderr


def test_seventy_thousand_entries_agree_tile_by_tile(checker: Path, tmp_path: Path) -> None:
    write_tiles(tmp_path, [known.entry(index) for index in range(LARGE)])
    write(tmp_path / "checkpoint", checkpoint(LARGE).encode())
    write(tmp_path / "old-checkpoint", checkpoint(65_536).encode())
    nodes: dict[Node, bytes] = {}
    proof = line("consistency", 65_536, consistency_plan(65_536, LARGE), nodes).split()[2:]
    write(tmp_path / "consistency", "\n".join(proof).encode())
    for index in (0, 65_535, 65_536, LARGE - 1):
        plan = inclusion_plan(index, LARGE)
        line("inclusion", index, plan, nodes)
        write(tmp_path / "proofs" / f"{index}.entry", known.entry(index))
        text = str(Proof(index, make(plan, nodes), checkpoint(LARGE)))
        write(tmp_path / "proofs" / f"{index}.tlog-proof", text.encode())
    answer = run_checker(checker, "log", known.VKEY, tmp_path)
    assert (answer.stderr, answer.stdout) == ("", "ok: size 70000, 70000 entries by tiles, 4 proof files\n")
    raw = bytearray((tmp_path / "tile/0/100").read_bytes())
    raw[1000] ^= 1
    write(tmp_path / "tile/0/100", bytes(raw))
    answer = run_checker(checker, "log", known.VKEY, tmp_path)
    assert answer.returncode == 1
    assert answer.stderr == "REFUSED: tile/0/100 is not that of the entries\n"

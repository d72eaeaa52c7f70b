"""docs/verify-us.md does what it says: with key and pack an auditor gets to a statement, of a forged one to none."""

import json
import shutil
from pathlib import Path

import pytest

from backends.running import CHECKOUT
from interop.go_checker.building import BUILD_SECONDS, build_checker
from recipes.snippets import run_shell, snippets
from sdk.exports import write_pack
from sdk.static_log import entry, payload, signer

ENTRIES = [entry(number, subject=f"model/demo/{'churn' if number % 40 == 7 else 'other'}") for number in range(300)]
INDEXES = [index for index in range(300) if index % 40 == 7]
STEPS = ("pin", "verify", "read", "take-apart", "signature", "inclusion", "payload")
PATH = str(CHECKOUT / ".venv" / "bin") + ":/usr/local/bin:/usr/bin:/bin"

pytestmark = pytest.mark.timeout(BUILD_SECONDS + 120)


def walk(folder: Path, *names: str, key: str | None = None) -> list[tuple[str, int, str]]:
    """Run steps of the page one after the other; return name, exit code and what was said of each."""
    page = snippets("../verify-us.md")
    environment = {"VKEY": key or str(signer().key), "PATH": PATH}
    done = [(name, run_shell(page[name], environment, folder)) for name in names]
    return [(name, one.returncode, one.stdout + one.stderr) for name, one in done]


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    return write_pack(tmp_path / "churn.zip", ENTRIES, INDEXES)


def test_every_step_of_the_page_comes_out(pack: Path) -> None:
    told = {name: (code, said) for name, code, said in walk(pack.parent, *STEPS)}
    assert {name: code for name, (code, _) in told.items()} == dict.fromkeys(STEPS, 0), told
    assert "verified: 8 entries are in the log" in told["verify"][1]
    assert f"287 dev.govbus.model.registered.v1 model/demo/churn {payload(287).decode()}" in told["read"][1]
    assert "Signature Verified Successfully" in told["signature"][1]
    assert "the entry is in the tree that log.example/audit signed" in told["inclusion"][1]
    assert json.loads(told["payload"][1]) == {"number": 287}
    assert set(snippets("../verify-us.md")) == {*STEPS, "go"}


def test_a_program_of_somebody_else_agrees(pack: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    shutil.copy(build_checker(tmp_path_factory.mktemp("go")), pack.parent / "checker")
    [*_, (_, code, said)] = walk(pack.parent, "pin", "read", "take-apart", "go")
    assert (code, said) == (0, "ok: the entry is in the log log.example/audit\n")
    (pack.parent / "entry").write_bytes(ENTRIES[8])
    [(_, code, said)] = walk(pack.parent, "go")
    assert code == 1
    assert said.startswith("REFUSED:")


@pytest.mark.parametrize(
    ("file", "change", "refusing"),
    [
        ("entry", b"credit", {"inclusion", "payload"}),
        ("payload", b"{}", {"payload"}),
        ("checkpoint.text", None, {"signature"}),
    ],
)
def test_what_was_changed_is_refused_by_hand_too(
    pack: Path, file: str, change: bytes | None, refusing: set[str]
) -> None:
    walk(pack.parent, "pin", "read", "take-apart")
    before = (pack.parent / file).read_bytes()
    (pack.parent / file).write_bytes(before.replace(b"\n300\n", b"\n301\n") if change is None else change)
    told = walk(pack.parent, "signature", "inclusion", "payload")
    assert {name for name, code, _ in told if code} == refusing, told


def test_another_key_signs_nothing(pack: Path) -> None:
    told = walk(pack.parent, *STEPS, key=str(signer("another").key))
    assert {name for name, code, _ in told if code} == {"verify", "signature"}

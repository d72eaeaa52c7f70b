"""`govbus verify`, offline and against a served log, and everything that it must refuse."""

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from govbus.contracts.translog.tiles import Tile
from govbus.sdk.cli.program import run
from govbus.sdk.proof_bundle import ProofBundle, dump_bundle
from sdk.static_log import COMMITMENT_KEY, checkpoint_of, entry, payload, served, signer, write_log

VKEY = str(signer().key)
SIZE = 300
ENTRIES = [entry(number) for number in range(SIZE)]


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No `.govbus` folder and no environment of the machine's own."""
    for name in ("GOVBUS_URL", "GOVBUS_TOKEN", "GOVBUS_HOME", "GOVBUS_LOG_VKEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    folder = tmp_path / "served"
    write_log(folder, ENTRIES)
    return folder


def bundle(log: Path, **changes: object) -> ProofBundle:
    index = 7
    fields: dict[str, object] = {
        "entry": ENTRIES[index],
        "proof": (log / f"v1/log/entries/{index}/proof").read_text(),
        "vkey": VKEY,
        "payload": payload(index),
        "attributes": b"{}",
        "commitment_key": COMMITMENT_KEY,
    }
    return ProofBundle(**(fields | changes))  # type: ignore[arg-type]


def write(file: Path, content: bytes) -> str:
    file.write_bytes(content)
    return str(file)


def test_a_bundle_is_verified_offline_by_the_pinned_key(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path / "p.json", dump_bundle(bundle(log)))
    assert run(["verify", file, "--key", VKEY, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["verified"], told["index"], told["size"], told["payload_matches"]) == (True, 7, SIZE, True)
    assert run(["verify", file, "--key", write(tmp_path / "log.vkey", VKEY.encode())]) == 0


def test_the_key_inside_a_bundle_is_never_enough(log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / "p.json", dump_bundle(bundle(log)))
    assert run(["verify", file]) == 1
    assert "nothing vouches for the key inside" in capsys.readouterr().err
    assert run(["verify", file, "--key", str(signer("another").key)]) == 1
    assert "is not the one trusted here" in capsys.readouterr().err


def test_the_key_of_the_local_stack_is_the_pinned_one(log: Path, tmp_path: Path) -> None:
    (tmp_path / ".govbus").mkdir()
    endpoints = tmp_path / ".govbus" / "endpoints.json"
    file = write(tmp_path / "p.json", dump_bundle(bundle(log)))
    endpoints.write_text(json.dumps({"url": "http://127.0.0.1:1", "log_vkey": VKEY}))
    assert run(["verify", file]) == 0
    endpoints.write_text(json.dumps({"url": "http://127.0.0.1:1", "log_vkey": str(signer("another").key)}))
    assert run(["verify", file]) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"payload": b'{"number":8}'},
        {"commitment_key": bytes(32)},
        {"attributes": b'{"id":"x"}'},
        {"entry": ENTRIES[8]},
        {"proof": "c2sp.org/tlog-proof@v1\nindex 7\n\n" + checkpoint_of(ENTRIES[:1])},
    ],
)
def test_a_bundle_with_anything_altered_is_refused(log: Path, tmp_path: Path, change: dict[str, object]) -> None:
    assert run(["verify", write(tmp_path / "p.json", dump_bundle(bundle(log, **change))), "--key", VKEY]) == 1


def test_a_bundle_signed_by_another_key_of_the_same_name_is_refused(log: Path, tmp_path: Path) -> None:
    forged = checkpoint_of(ENTRIES, signer("another"))
    proof = (log / "v1/log/entries/7/proof").read_text().partition("\n\n")[0] + "\n\n" + forged
    assert run(["verify", write(tmp_path / "p.json", dump_bundle(bundle(log, proof=proof))), "--key", VKEY]) == 1


def test_a_plain_proof_file_needs_its_entry(log: Path, tmp_path: Path) -> None:
    proof = str(log / "v1/log/entries/7/proof")
    assert run(["verify", proof, write(tmp_path / "entry", ENTRIES[7]), "--key", VKEY]) == 0
    assert run(["verify", proof, write(tmp_path / "entry", ENTRIES[8]), "--key", VKEY]) == 1
    assert run(["verify", proof, "--key", VKEY]) == 2


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"format":"govbus-proof-bundle/1"}', b"[" * 100_000])
def test_rubbish_is_no_proof(tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["verify", write(tmp_path / "p.json", content), "--key", VKEY]) == 1
    assert "not a proof bundle" in capsys.readouterr().err


def verify_all(log: Path, monkeypatch: pytest.MonkeyPatch, *more: str) -> int:
    with served(log) as url:
        monkeypatch.setenv("GOVBUS_URL", url)
        monkeypatch.setenv("GOVBUS_TOKEN", "any")
        return run(["verify", "--all", "--key", VKEY, *more])


def test_a_whole_log_is_verified_with_every_proof(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    older = tmp_path / "older"
    older.mkdir()
    for size in (0, 1, 255, 256, 257):
        (older / str(size)).write_text(checkpoint_of(ENTRIES[:size]))
    assert verify_all(log, monkeypatch, "--served-proofs", "-1", "--older", str(older), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["size"], told["proofs"], told["served_proofs"], told["tiles"]) == (SIZE, SIZE, SIZE, 3)
    assert (told["older_checkpoints"], told["topics"]) == (5, {"govbus.facts": SIZE})


def alter_entry(log: Path) -> None:
    changed = [*ENTRIES[:9], entry(9, subject="model/demo/other"), *ENTRIES[10:]]
    keep = (log / "v1/log/checkpoint").read_bytes()
    write_log(log, changed)
    (log / "v1/log/checkpoint").write_bytes(keep)


def alter_tile(log: Path) -> None:
    file = log / "v1/log/tile" / Tile(1, 0, 1).path()
    file.write_bytes(bytes(32))


def alter_proof(log: Path) -> None:
    (log / "v1/log/entries/0/proof").write_bytes((log / "v1/log/entries/1/proof").read_bytes())


def cut_entries(log: Path) -> None:
    file = log / "v1/log/tile" / Tile("entries", 1, SIZE - 256).path()
    file.write_bytes(file.read_bytes()[:-10])


def say_it_twice(log: Path) -> None:
    write_log(log, [*ENTRIES, entry(SIZE, id="event-3")])


def turn_the_order(log: Path) -> None:
    write_log(log, [ENTRIES[1], ENTRIES[0]])


def sign_by_another(log: Path) -> None:
    (log / "v1/log/checkpoint").write_text(checkpoint_of(ENTRIES, signer("another")))


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (alter_entry, "another root"),
        (alter_tile, "hash tile 1/000.p/1"),
        (alter_proof, "served proof of entry 0"),
        (cut_entries, "entries tile 1"),
        (say_it_twice, "twice"),
        (turn_the_order, "out of the order"),
        (sign_by_another, "checkpoint"),
    ],
)
def test_a_tampered_log_is_refused_by_name(
    log: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tamper: Callable[[Path], None],
    said: str,
) -> None:
    tamper(log)
    assert verify_all(log, monkeypatch) == 1
    assert said in capsys.readouterr().err


def test_a_log_that_forgot_or_rewrote_what_it_signed_is_refused(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    longer = tmp_path / "longer"
    longer.write_text(checkpoint_of([*ENTRIES, entry(SIZE)]))
    assert verify_all(log, monkeypatch, "--older", str(longer)) == 1
    assert "the log now shows 300" in capsys.readouterr().err
    other = tmp_path / "other"
    other.write_text(checkpoint_of([entry(number, subject="model/demo/other") for number in range(10)]))
    assert verify_all(log, monkeypatch, "--older", str(other)) == 1
    assert "checkpoint of size 10" in capsys.readouterr().err


def test_one_entry_is_fetched_and_verified(
    log: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with served(log) as url:
        monkeypatch.setenv("GOVBUS_URL", url)
        monkeypatch.setenv("GOVBUS_TOKEN", "any")
        assert run(["verify", "--index", "299", "--key", VKEY]) == 0
        assert "entry 299" in capsys.readouterr().out
        assert run(["verify", "--index", "300", "--key", VKEY]) == 1
        assert run(["log", "checkpoint", "--key", VKEY, "--json"]) == 0
        root = base64.b64decode(json.loads(capsys.readouterr().out)["root"])
        assert len(root) == 32

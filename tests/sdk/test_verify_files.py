"""`govbus verify` without a network: exports in every format, evidence packs, stretches, pairs of checkpoints."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from govbus.contracts.translog import base64_strict
from govbus.contracts.translog.checkpoint import parse_checkpoint
from govbus.contracts.translog.cosignature import cosign
from govbus.contracts.translog.entry import commit
from govbus.contracts.translog.note import parse_note, with_signatures
from govbus.contracts.translog.vkey import COSIGNATURE, VerificationKey
from govbus.sdk.cli.program import run
from govbus.sdk.translog import export_rows
from sdk.exports import Row, manifest_of, ndjson, proof_of, rows_of, write_export, write_pack
from sdk.static_log import COMMITMENT_KEY, checkpoint_of, entry, served, signer, write_log
from translog_answers.naive import consistency

VKEY = str(signer().key)
SIZE = 300
ENTRIES = [entry(number) for number in range(SIZE)]
INDEXES = [3, 4, 100, 255, 256, 299]

pytestmark = pytest.mark.usefixtures("alone")
Told = Callable[[], Any]


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    """The JSON that was printed since the last time."""
    return lambda: json.loads(capsys.readouterr().out)


def verify(*arguments: object, key: str = VKEY) -> int:
    return run(["verify", *map(str, arguments), "--key", key, "--json"])


def places(told: Told) -> list[tuple[str, int | None]]:
    return [(one["place"], one["index"]) for one in told()["error"]["differences"]]


@pytest.mark.parametrize("format_", ["ndjson", "csv", "parquet"])
def test_an_export_is_verified_in_every_format(tmp_path: Path, told: Told, format_: str) -> None:
    rows = rows_of(ENTRIES, INDEXES)
    rows[1] |= {"attributes": None, "payload": None, "commitment_key": None}
    folder = write_export(tmp_path / "export", format_, rows, manifest_of(ENTRIES, INDEXES))
    for path in (folder, folder / "manifest.json"):
        assert verify(path) == 0
        found = told()
        assert (found["count"], found["size"], found["first"], found["last"]) == (6, SIZE, 3, 299)
        assert (found["payloads_count"], found["withheld_count"], found["complete"]) == (5, 1, False)


def change_entry(rows: list[Row], _: dict[str, Any]) -> None:
    rows[2]["entry"] = entry(100, subject="model/demo/other")


def change_payload(rows: list[Row], _: dict[str, Any]) -> None:
    rows[2]["payload"] = b'{"number":7}'


def change_attributes(rows: list[Row], _: dict[str, Any]) -> None:
    rows[2]["attributes"] = b'{"a":1}'


def change_column(rows: list[Row], _: dict[str, Any]) -> None:
    rows[2]["subject"] = "model/demo/other"


def drop_key(rows: list[Row], _: dict[str, Any]) -> None:
    rows[2]["commitment_key"] = None


def change_index(rows: list[Row], _: dict[str, Any]) -> None:
    rows[2]["index"] = 2


@pytest.mark.parametrize("format_", ["ndjson", "csv", "parquet"])
@pytest.mark.parametrize(
    ("tamper", "index"),
    [
        (change_entry, 100),
        (change_payload, 100),
        (change_attributes, 100),
        (change_column, 100),
        (drop_key, 100),
        (change_index, 2),
    ],
)
def test_a_changed_row_is_named_by_line_and_index(
    tmp_path: Path, told: Told, format_: str, tamper: Callable[[list[Row], dict[str, Any]], None], index: int
) -> None:
    rows, manifest = rows_of(ENTRIES, INDEXES), manifest_of(ENTRIES, INDEXES)
    tamper(rows, manifest)
    assert verify(write_export(tmp_path / "export", format_, rows, manifest)) == 1
    place = {"ndjson": "entries.ndjson line 3", "csv": "entries.csv line 4", "parquet": "entries.parquet row 3"}
    assert (place[format_], index) in places(told)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"count": 7}, "counts 7 rows"),
        ({"origin": "another.example"}, "names the log"),
        ({"size": SIZE + 1}, "speaks of size"),
        ({"range": {"first": 4, "last": 299}}, "frames rows 4 to 299, they are 3 to 299"),
        ({"filter": {"from": "all"}}, "no index"),
        ({"nodes": []}, "nodes are missing"),
        ({"v": 2}, "is not the manifest"),
        ({"nodes": [[0, 1]]}, "is not the manifest"),
        ({"checkpoint": checkpoint_of(ENTRIES, signer("another"))}, "no signature of a key"),
        ({"checkpoint": checkpoint_of(ENTRIES[:200])}, "speaks of size"),
    ],
)
def test_a_manifest_that_lies_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, Any], said: str
) -> None:
    manifest = manifest_of(ENTRIES, INDEXES) | change
    assert verify(write_export(tmp_path / "export", "ndjson", rows_of(ENTRIES, INDEXES), manifest)) == 1
    captured = capsys.readouterr()
    assert "manifest.json" in captured.err
    assert said in captured.err


def test_rows_that_were_left_out_are_noticed(tmp_path: Path, told: Told) -> None:
    some = INDEXES[:2] + INDEXES[3:]
    folder = write_export(tmp_path / "export", "ndjson", rows_of(ENTRIES, some), manifest_of(ENTRIES, INDEXES))
    assert verify(folder) == 1
    assert places(told) == [("manifest.json", None)]
    whole = manifest_of(ENTRIES, some, filter={"from": "3", "to": "101"})
    assert verify(write_export(tmp_path / "whole", "ndjson", rows_of(ENTRIES, some), whole)) == 1
    assert places(told) == [("manifest.json", 5)]
    cut = manifest_of(ENTRIES, [0, 1, 2], filter={})
    assert verify(write_export(tmp_path / "cut", "ndjson", rows_of(ENTRIES, [0, 1, 2]), cut)) == 1
    assert places(told) == [("manifest.json", 3)]


def test_every_node_of_a_manifest_counts(tmp_path: Path) -> None:
    manifest = manifest_of(ENTRIES, INDEXES)
    for node in manifest["nodes"]:
        right, node[2] = node[2], "A" * 43 + "="
        assert verify(write_export(tmp_path / "export", "ndjson", rows_of(ENTRIES, INDEXES), manifest)) == 1
        node[2] = right


@pytest.mark.parametrize("format_", ["ndjson", "csv", "parquet"])
def test_texts_and_payloads_that_are_empty_or_absent_hold_in_every_format(
    tmp_path: Path, told: Told, format_: str
) -> None:
    kinds = [
        entry(0, subject="", payload_commitment=commit(COMMITMENT_KEY, b"")),
        entry(1, subject=None, time=None),
        entry(2, subject='=1+1,"\r\n'),
    ]
    rows = rows_of(kinds, [0, 1, 2])
    rows[0] |= {"payload": b"", "kafka_partition": 0, "kafka_topic": "govbus.facts"}
    rows[1] |= {"kafka_partition": 0, "kafka_topic": "govbus.facts"}
    rows[2] |= {"kafka_partition": 0, "kafka_topic": "govbus.facts"}
    assert verify(write_export(tmp_path / "export", format_, rows, manifest_of(kinds, [0, 1, 2]))) == 0
    assert told()["payloads_count"] == 3
    rows[0]["kafka_partition"] = 1
    assert verify(write_export(tmp_path / "export", format_, rows, manifest_of(kinds, [0, 1, 2]))) == 1
    assert places(told)[0][1] == 0


def test_an_export_of_nothing_proves_nothing_but_holds(tmp_path: Path, told: Told) -> None:
    assert verify(write_export(tmp_path / "export", "ndjson", [], manifest_of(ENTRIES, []))) == 0
    found = told()
    assert (found["count"], found["first"], found["complete"]) == (0, None, False)


def test_without_pyarrow_a_sentence_says_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_: str) -> None:
        raise ModuleNotFoundError(name="pyarrow")

    monkeypatch.setattr(export_rows, "import_module", missing)
    folder = write_export(tmp_path / "export", "parquet", rows_of(ENTRIES, INDEXES), manifest_of(ENTRIES, INDEXES))
    assert verify(folder) == 2
    assert "pip install 'govbus-sdk[parquet]'" in capsys.readouterr().err


@pytest.mark.parametrize("format_", ["ndjson", "csv", "parquet"])
def test_a_broken_file_is_one_sentence(tmp_path: Path, told: Told, format_: str) -> None:
    folder = write_export(tmp_path / "export", format_, rows_of(ENTRIES, INDEXES), manifest_of(ENTRIES, INDEXES))
    file = folder / f"entries.{format_}"
    file.write_bytes(file.read_bytes()[:-100])
    assert verify(folder) == 1
    assert places(told)[0][0].startswith(f"entries.{format_}")


def test_an_evidence_pack_is_verified_with_each_of_its_proofs(tmp_path: Path, told: Told) -> None:
    assert verify(write_pack(tmp_path / "pack.zip", ENTRIES, INDEXES)) == 0
    assert (found := told())["proofs_count"] == found["count"] == 6


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"proofs/100.tlog-proof": proof_of(ENTRIES, 101)}, ("proofs/100.tlog-proof", 100)),
        ({"proofs/100.tlog-proof": b""}, ("proofs/100.tlog-proof", 100)),
        ({"proofs/7.tlog-proof": proof_of(ENTRIES, 7)}, ("proofs/7.tlog-proof", None)),
        ({"entries.ndjson": ndjson(rows_of(ENTRIES, INDEXES[:5]))}, ("manifest.json", None)),
        ({"entries.ndjson": b""}, ("entries.ndjson", None)),
        ({"manifest.json": b"{}"}, ("manifest.json", None)),
    ],
)
def test_a_tampered_pack_is_refused_by_name(
    tmp_path: Path, told: Told, changes: dict[str, bytes], place: tuple[str, int | None]
) -> None:
    assert verify(write_pack(tmp_path / "pack.zip", ENTRIES, INDEXES, **changes)) == 1
    assert place in places(told)


def test_a_pack_that_is_cut_is_refused(tmp_path: Path, told: Told) -> None:
    pack = write_pack(tmp_path / "pack.zip", ENTRIES, INDEXES)
    pack.write_bytes(pack.read_bytes()[:-50])
    assert verify(pack) == 1
    assert places(told) == [("pack.zip", None)]


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path, Path]:
    older, newer, proof = tmp_path / "older", tmp_path / "newer", tmp_path / "proof"
    older.write_text(checkpoint_of(ENTRIES[:77]))
    newer.write_text(checkpoint_of(ENTRIES))
    leaves = [signed_leaf(one) for one in ENTRIES]
    proof.write_text("".join(f"{base64_strict.encode(one)}\n" for one in consistency(77, leaves)))
    return older, newer, proof


def signed_leaf(raw: bytes) -> bytes:
    return parse_checkpoint(parse_note(checkpoint_of([raw])).text).root


def test_two_checkpoints_and_the_proof_between_them_are_verified(pair: tuple[Path, Path, Path], told: Told) -> None:
    older, newer, proof = pair
    for one, other in ((older, newer), (newer, older)):
        assert verify(one, other, "--consistency", proof) == 0
        assert (found := told())["older_size"] == 77
        assert found["newer_size"] == SIZE


def test_a_history_that_was_rewritten_has_no_proof(pair: tuple[Path, Path, Path], told: Told) -> None:
    older, newer, proof = pair
    older.write_text(checkpoint_of([*ENTRIES[:76], entry(9999)]))
    assert verify(older, newer, "--consistency", proof) == 1
    assert places(told) == [(str(proof), None)]
    older.write_text(checkpoint_of([*ENTRIES[:299], entry(9999)]))
    assert verify(older, newer, "--consistency", proof) == 1
    assert "two histories" in told()["error"]["message"]
    older.write_text(checkpoint_of(ENTRIES[:77], signer("another")))
    assert verify(older, newer, "--consistency", proof) == 1
    assert places(told) == [(str(older), None)]
    assert verify(older, newer) == 2


def test_a_stretch_is_taken_away_and_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_log(tmp_path / "served", ENTRIES)
    folder = tmp_path / "stretch"
    with served(tmp_path / "served") as url:
        monkeypatch.setenv("GOVBUS_URL", url)
        monkeypatch.setenv("GOVBUS_TOKEN", "any")
        stretch = ["log", "proof", "--key", VKEY, "--json", "--output", str(folder), "--range"]
        assert run([*stretch, "250..260"]) == 0
        assert run([*stretch, "250..300"]) == 1
        assert run([*stretch, "260..250"]) == 2
        assert run(["log", "proof", "3", *stretch[2:], "1..2"]) == 2
    monkeypatch.delenv("GOVBUS_URL")
    capsys.readouterr()
    assert verify(folder) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["first"], found["last"], found["complete"]) == (250, 260, True)


def witness_policy(tmp_path: Path, *names: str, quorum: str) -> str:
    """Return the file of a policy that knows the log and these witnesses."""
    lines = [f"log {VKEY}"]
    for name in names:
        key = VerificationKey(f"{name}.example", COSIGNATURE, signer(name).private_key.public_key().public_bytes_raw())
        lines.append(f"witness {name} {key}")
    lines.append(f"group both all {' '.join(names)}")
    file = tmp_path / "policy"
    file.write_text("\n".join([*lines, f"quorum {quorum}", ""]))
    return str(file)


def test_a_policy_asks_for_its_witnesses(tmp_path: Path, told: Told) -> None:
    note = parse_note(checkpoint_of(ENTRIES))
    cosigned = with_signatures(note, [cosign("w1.example", signer("w1").private_key, note.text, 1_795_000_000)])
    manifest = manifest_of(ENTRIES, INDEXES, checkpoint=str(cosigned))
    folder = write_export(tmp_path / "export", "ndjson", rows_of(ENTRIES, INDEXES), manifest)
    command = ["verify", str(folder), "--json", "--policy"]
    assert run([*command, witness_policy(tmp_path, "w1", "w2", quorum="w1")]) == 0
    assert told()["verified"]
    assert run([*command, witness_policy(tmp_path, "w1", "w2", quorum="both")]) == 1
    assert "cosigned by: w1.example" in told()["error"]["message"]
    (tmp_path / "nobody").write_text("quorum nobody\n")
    assert run([*command, str(tmp_path / "nobody")]) == 2


def test_several_keys_may_be_given(tmp_path: Path) -> None:
    folder = write_export(tmp_path / "export", "ndjson", rows_of(ENTRIES, INDEXES), manifest_of(ENTRIES, INDEXES))
    other = str(signer("another").key)
    assert verify(folder, key=other) == 1
    assert verify(folder, "--key", VKEY, key=other) == 0
    (tmp_path / "keys").write_text(f"{other}\n{VKEY}\n")
    assert verify(folder, key=str(tmp_path / "keys")) == 0

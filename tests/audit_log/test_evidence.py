"""Evidence packs, made by the process that makes them and checked with nothing but what is in them."""

import hashlib
import json
import os
import re
import subprocess
from base64 import b64decode
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from audit_log.desk import Desk, bearer
from audit_log.evidence_packs import opened, ordered, taken, write
from audit_log.evidence_story import DATASET, INCIDENT, MODEL, OTHER, STORY, VENDOR, at, told
from audit_log.guarded import erased, guarded_desk
from backends.running import RunningPostgres
from govbus.audit_log.domain.report import Report
from govbus.contracts.envelope import format_time
from govbus.sdk.failures import NotProved
from govbus.sdk.translog.pack_check import check_pack
from govbus.sdk.translog.trust import Trust, trust_in

SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
async def log(postgres: RunningPostgres, log_dsn: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """A signed log with a model's life in it, whose eraser works."""
    made = guarded_desk(postgres, log_dsn, tmp_path)
    await made.sign()
    await made.enter(*STORY)
    await made.sign()
    yield made
    await made.close()


async def _vkey(log: Desk) -> str:
    return (await log.get("/v1/log/key")).text.strip()


async def _trust(log: Desk) -> Trust:
    return trust_in([await _vkey(log)])


def _tell(_: str, __: int, ___: int) -> None:
    """Say nothing."""


async def test_a_pack_holds_what_belongs_to_the_subject_and_proves_it(log: Desk, tmp_path: Path) -> None:
    answer = await ordered(log)
    pack = await taken(log, answer)
    (tmp_path / "pack.zip").write_bytes(pack)
    report = check_pack(tmp_path / "pack.zip", await _trust(log), tell=_tell)
    assert (report.export.size, report.export.count, report.proofs_count) == (len(STORY), 16, 16)
    files = opened(pack)
    assert list(files) == sorted(files)
    rows = [json.loads(line) for line in files["entries.ndjson"].splitlines()]
    assert [row["id"] for row in rows] == [item.id for item in STORY if item.subject != OTHER]
    assert hashlib.sha256(pack).hexdigest() == answer["sha256"]
    said = json.loads(files["report.json"])
    assert {(one["subject"], one["relation"]) for one in said["subjects"]} == {
        (MODEL, "subject"),
        (DATASET, "named"),
        (VENDOR, "named"),
        (INCIDENT, "correlated"),
    }
    assert [one["id"] for one in said["frameworks"]] == ["eu-ai-act-annex-iv", "iso-42001", "nist-ai-rmf"]


@pytest.mark.parametrize(("file", "damage"), [("entries.ndjson", b'"payload":"eyJ'), ("manifest.json", b'"size":17')])
async def test_a_damaged_pack_is_refused(log: Desk, tmp_path: Path, file: str, damage: bytes) -> None:
    files = opened(await taken(log, await ordered(log)))
    assert damage in files[file]
    files[file] = files[file].replace(damage, damage[:-1] + b"9")
    damaged, trust = write(tmp_path / "pack.zip", files), await _trust(log)
    with pytest.raises(NotProved):
        check_pack(damaged, trust, tell=_tell)


async def test_a_stranger_checks_it_with_the_commands_in_it(log: Desk, tmp_path: Path) -> None:
    files = opened(await taken(log, await ordered(log, framework="iso-42001")))
    for name, content in files.items():
        (tmp_path / "pack" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "pack" / name).write_bytes(content)
    [script] = SHELL.findall(files["VERIFY.md"].decode())

    def run(vkey: str) -> "subprocess.CompletedProcess[str]":
        environment = {"PATH": os.environ["PATH"], "VKEY": vkey}
        command = ["sh", "-c", script]
        return subprocess.run(
            command, cwd=tmp_path / "pack", env=environment, capture_output=True, text=True, check=False
        )

    good = run(await _vkey(log))
    assert good.stdout.splitlines()[-1] == "all entries hold", good.stdout + good.stderr
    assert good.stdout.count("with this payload") == 15
    assert good.stdout.count("payload withheld") == 1
    entries = tmp_path / "pack" / "entries.ndjson"
    whole = entries.read_text()
    entries.write_text(whole.replace('"payload":"eyJ', '"payload":"eyK', 1))
    assert run(await _vkey(log)).stdout.splitlines()[-1] == "WRONG: the payload of entry 0 is not what it commits to"
    lines = whole.splitlines(keepends=True)
    entries.write_text(re.sub('"entry":"[^"]*"', re.search('"entry":"[^"]*"', lines[1])[0], lines[0]))  # type: ignore[index]
    assert run(await _vkey(log)).stdout.splitlines()[-1] == "WRONG: entry 0 is not in the signed tree"
    entries.write_text(whole)
    other = "govbus.local/audit+3205cb6c+AWB4kUjJAYHOf1QkhmAKgqJN7aRIiBgwOD33ab8bFzl9"
    assert run(other).stdout.splitlines()[-1] == "WRONG: the key did not sign the checkpoint"


async def test_the_same_order_gives_the_same_bytes_also_later(log: Desk) -> None:
    first = await taken(log, await ordered(log))
    [(signed_at,)] = await log.rows("SELECT signed_at FROM checkpoint ORDER BY size DESC LIMIT 1")
    await log.enter(told("later", "model.version_created", 60, {"version": "3"}))
    await log.sign()
    assert len(opened(await taken(log, await ordered(log)))["entries.ndjson"].splitlines()) == 17
    async with log.service.transaction() as (connection, _):
        await connection.exec_driver_sql("DELETE FROM evidence_pack")
    for file in log.settings.evidence_directory.iterdir():
        file.unlink()
    again = await ordered(log, as_of=format_time(signed_at))
    assert again["size"] == len(STORY)
    assert await taken(log, again) == first


async def test_asking_twice_is_asking_once(log: Desk) -> None:
    first, second = await ordered(log), await ordered(log)
    assert (first["id"], first["made_at"]) == (second["id"], second["made_at"])
    assert (await ordered(log, framework="iso-42001"))["id"] != first["id"]


async def test_what_is_not_open_is_withheld_and_said_to_be(log: Desk) -> None:
    pack = opened(await taken(log, await ordered(log, "owner"), "owner"))
    [row] = [row for row in map(json.loads, pack["entries.ndjson"].splitlines()) if row["id"] == "s1"]
    assert (row["payload"], row["attributes"], row["commitment_key"]) == (None, None, None)
    assert b"its payload is personal and withheld" in pack["report.html"]
    assert b"wrong_decision" not in pack["report.json"]
    assert await log.rows("SELECT count(*) FROM entry WHERE kind = 'access'") == [(0,)]


async def test_an_auditor_gets_it_on_record(log: Desk) -> None:
    refused = await log.client.post(
        "/v1/evidence-packs", json={"subject": MODEL, "confidential": True}, headers=bearer("olga", "owner")
    )
    assert refused.status_code == 403
    answer = await ordered(log, confidential=True)
    assert await log.rows("SELECT count(*) FROM entry WHERE kind = 'access'") == [(1,)]
    assert (await log.get(str(answer["download"]), "owner", "admin")).status_code == 403
    pack = opened(await taken(log, answer))
    [row] = [row for row in map(json.loads, pack["entries.ndjson"].splitlines()) if row["id"] == "s1"]
    assert json.loads(b64decode(row["payload"])) == {"topic": "wrong_decision"}
    accesses = (await log.get("/v1/log/entries?kind=access", "auditor")).json()["items"]
    assert [(item["payload"]["indexes"], item["payload"]["evidence_pack"]) for item in accesses] == [
        ([13], answer["id"]),
        ([13], answer["id"]),
    ]


async def test_what_was_erased_leaves_the_pack_and_is_said_to_be_erased(log: Desk) -> None:
    answer = await ordered(log, framework="nist-ai-rmf")
    before = await taken(log, answer)
    file = log.settings.evidence_directory / f"{answer['id']}.zip"
    assert file.is_file()
    assert (await erased(log, indexes=[9])).status_code == 200
    assert (await log.get(str(answer["download"]), "auditor")).status_code == 409
    assert not file.exists()
    await log.do("evidence packs")
    after = opened(await taken(log, (await log.get(f"/v1/evidence-packs/{answer['id']}", "auditor")).json()))
    said = json.loads(after["report.json"])
    unread = [item for item in _questions(said) if item["unread"]]
    assert {(one["index"], one["reason"], one["erasure_index"]) for item in unread for one in item["unread"]} == {
        (9, "erased", len(STORY)),
        (13, "personal", None),
    }
    assert b"its payload was erased, which entry 17 puts on record" in after["report.html"]
    assert opened(before)["manifest.json"] == after["manifest.json"]


async def test_the_sweep_deletes_what_was_erased_and_what_is_old(log: Desk) -> None:
    answer = await ordered(log)
    file = log.settings.evidence_directory / f"{answer['id']}.zip"
    await log.do("evidence sweep")
    assert file.is_file()
    assert (await erased(log, indexes=[9])).status_code == 200
    await log.do("evidence sweep")
    assert not file.exists()
    await log.do("evidence packs")
    assert file.is_file()
    async with log.service.transaction() as (connection, _):
        await connection.exec_driver_sql("UPDATE evidence_pack SET made_at = now() - interval '80 hours'")
    await log.do("evidence sweep")
    assert not file.exists()
    assert (await log.get(f"/v1/evidence-packs/{answer['id']}", "auditor")).status_code == 404


async def test_the_report_is_as_its_frozen_schema_says(log: Desk) -> None:
    report = opened(await taken(log, await ordered(log)))["report.json"]
    read = TypeAdapter(Report).validate_json(report, strict=True)
    assert read.subject == MODEL
    assert read.counts.first_known_at == format_time(at(0))
    assert read.counts.last_known_at == format_time(at(40))


@pytest.mark.parametrize(
    ("order", "status", "word"),
    [
        ({"subject": "model/retail/never-heard-of"}, 404, "nothing-on-record"),
        ({"subject": "models/x"}, 422, "invalid-request"),
        ({"subject": MODEL, "framework": "soc2"}, 422, "invalid-request"),
        ({"subject": MODEL, "as_of": "2126-01-01T00:00:00Z"}, 422, "invalid-request"),
        ({"subject": MODEL, "as_of": "yesterday"}, 422, "invalid-request"),
        ({"subject": MODEL, "as_of": "2020-01-01T00:00:00Z"}, 404, "nothing-signed"),
        ({"subject": MODEL, "framwork": "x"}, 422, "invalid-request"),
    ],
)
async def test_an_order_that_means_nothing_is_refused(
    log: Desk, order: dict[str, object], status: int, word: str
) -> None:
    answer = await log.client.post("/v1/evidence-packs", json=order, headers=bearer("vera", "auditor"))
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (status, word)


async def test_packs_are_for_auditors_admins_and_owners(log: Desk) -> None:
    for role, status in (("viewer", 403), ("operator", 403), ("owner", 202), ("admin", 202)):
        answer = await log.client.post("/v1/evidence-packs", json={"subject": MODEL}, headers=bearer("pat", role))
        assert answer.status_code == status
    assert (await log.client.post("/v1/evidence-packs", json={"subject": MODEL})).status_code == 401


def _questions(report: dict[str, object]) -> list[dict[str, list[dict[str, object]]]]:
    return [
        question
        for framework in report["frameworks"]  # type: ignore[attr-defined]
        for section in framework["sections"]
        for question in section["questions"]
    ]

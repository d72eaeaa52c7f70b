"""Every format of an export proves all its entries with its manifest, and gives nobody what they may not see."""

import csv
import gc
import io
import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from pyarrow import parquet

from audit_log.desk import Desk, event, settings
from eventing.live import until
from govbus.audit_log import export_child, export_parquet_child
from govbus.audit_log.domain.export import COLUMNS, Extent
from govbus.audit_log.domain.search import Wanted
from govbus.audit_log.export_job import ExportJob, dump_job, read_job
from govbus.audit_log.exporting import ExportFailed, Exporting, TooManyExports
from govbus.audit_log.store.exports import extent_of
from govbus.audit_log.store.pinned import tree_of
from govbus.contracts.translog.checkpoint import open_checkpoint
from govbus.contracts.translog.entry import commit, parse_entry
from govbus.contracts.translog.merkle import leaf_hash
from govbus.contracts.translog.multiproof import root_of
from govbus.contracts.translog.vkey import parse_vkey

FORMATS = ("ndjson", "csv", "parquet")
BINARIES = ("entry", "attributes", "payload", "commitment_key")
CLOSED = (5, 205)


@pytest.fixture
async def log(desk: Desk) -> Desk:
    """A signed log of more than one tile, with two payloads that are not open and a text like a formula."""
    for start in (0, 200):
        await desk.enter(
            *(event(f"n{n}", subject=f"model/retail/m{n % 3}") for n in range(start, start + 5)),
            event(f"s{start}", dataclassification="confidential", data=b'{"secret":"plan"}'),
            event(f"=cmd{start}", subject='model/retail/a"b,c', data=b"\x00\xff", datacontenttype="application/x"),
            *(event(f"n{n}", subject=f"model/retail/m{n % 3}") for n in range(start + 7, start + 200)),
        )
        await desk.sign()
    return desk


def _rows(format_: str, content: bytes) -> list[dict[str, Any]]:
    if format_ == "parquet":
        found: list[dict[str, Any]] = parquet.read_table(io.BytesIO(content)).to_pylist()
        return found
    if format_ == "csv":
        texts = list(csv.DictReader(io.StringIO(content.decode(), newline="")))
        found = [{name: cell or None for name, cell in row.items()} for row in texts]
    else:
        found = [json.loads(line) for line in content.splitlines()]
    for row in found:
        row |= {name: row[name] and b64decode(row[name]) for name in BINARIES}
        row["index"] = int(row["index"])
    return found


async def _exported(log: Desk, format_: str, query: str, role: str = "viewer") -> tuple[list[dict[str, Any]], Any]:
    answer = await log.get(f"/v1/log/export?format={format_}{query}", role)
    assert answer.status_code == 200, answer.text
    link = answer.headers["link"]
    assert 'rel="describedby"' in link
    manifest = await log.get(link.partition("<")[2].partition(">")[0], role)
    assert manifest.status_code == 200, manifest.text
    return _rows(format_, answer.content), manifest.json()


async def _check(log: Desk, rows: list[dict[str, Any]], manifest: Any) -> None:
    key = parse_vkey((await log.get("/v1/log/key")).text.splitlines()[0])
    signed = open_checkpoint(manifest["checkpoint"], key).checkpoint
    nodes = {(level, index): b64decode(found) for level, index, found in manifest["nodes"]}
    assert (manifest["v"], manifest["origin"], manifest["size"]) == (1, signed.origin, signed.size)
    assert manifest["count"] == len(rows)
    assert manifest["range"] == (
        {"first": rows[0]["index"], "last": rows[-1]["index"]} if rows else {"first": None, "last": None}
    )
    assert root_of({row["index"]: leaf_hash(row["entry"]) for row in rows}, nodes, signed.size) == signed.root
    for row in rows:
        entry = parse_entry(row["entry"])
        assert (row["id"], row["subject"], row["type"]) == (entry.id, entry.subject, entry.type)
        if row["commitment_key"] is not None:
            assert commit(row["commitment_key"], row["payload"]) == entry.payload_commitment
            assert commit(row["commitment_key"], row["attributes"]) == entry.attributes_commitment


async def test_what_a_process_writes_and_its_manifest_lead_to_the_signed_root(log: Desk) -> None:
    for format_ in ("csv", "parquet"):  # one of each program that writes; the third format is in the next tests
        rows, manifest = await _exported(log, format_, "&from=1&to=300")
        assert (len(rows), tuple(rows[0])) == (299, COLUMNS)
        await _check(log, rows, manifest)


async def _written(log: Desk, format_: str, writers: export_child.Writers, **wanted: Any) -> bytes:
    """Return what the writing process writes, without the process."""
    asked = Wanted(**{"below_index": 400, **wanted})
    async with log.connection() as connection:
        tree = await tree_of(connection, asked.below_index or 0)
        extent = await extent_of(connection, asked)
    assert tree is not None
    job = ExportJob(
        postgres_url=log.settings.postgres_url.get_secret_value(),
        format=format_,
        wanted=asked,
        confidential=False,
        stated={},
        origin=log.settings.audit_log_origin,
        extent=extent,
        size=tree.size,
        checkpoint=tree.note,
    )
    file = io.BytesIO()
    await export_child.write(read_job(dump_job(job)), writers, file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({}, 400),
        ({"subject": "model/retail/m1"}, 132),
        ({"below_index": 200, "type": "*.v1"}, 200),
        ({"id": "none"}, 0),
        ({"type": "none.*"}, 0),
    ],
)
async def test_whatever_is_asked_for_rows_and_manifest_lead_to_the_signed_root(
    log: Desk, monkeypatch: pytest.MonkeyPatch, wanted: dict[str, Any], count: int
) -> None:
    monkeypatch.setattr(export_child, "NODES_COUNT", 7)
    monkeypatch.setattr(export_parquet_child, "GROUP_COUNT", 250)
    manifest = json.loads(await _written(log, "manifest", {}, **wanted))
    writers = {**export_child.TEXT_WRITERS, "parquet": export_parquet_child.ParquetWriter}
    for format_ in FORMATS:
        rows = _rows(format_, await _written(log, format_, writers, **wanted))
        assert len(rows) == count
        await _check(log, rows, manifest)


async def test_closed_payloads_go_to_auditors_who_ask_for_them_and_that_is_on_record(log: Desk) -> None:
    for query, role, shown_count in (("", "auditor", 0), ("&confidential=true", "auditor", 2)):
        rows, manifest = await _exported(log, "ndjson", f"&from=0&to=300{query}", role)
        shown = [row["index"] for row in rows if row["index"] in CLOSED and row["payload"] is not None]
        assert len(shown) == shown_count
        assert all(row["payload"] is not None for row in rows if row["index"] not in CLOSED)
        await _check(log, rows, manifest)
        assert await log.rows("SELECT count(*) FROM entry WHERE kind = 'access'") == [(bool(shown_count),)]
    [access] = (await log.get("/v1/log/entries?kind=access", "auditor")).json()["items"]
    assert access["payload"]["export"] == {
        "size": 400, "filter": {"to": "300"}, "count": 300, "first": 0, "last": 299, "closed_count": 2
    }  # fmt: skip
    for role in ("viewer", "admin", "owner"):
        assert (await log.get("/v1/log/export?confidential=true", role)).status_code == 403


@pytest.mark.parametrize(
    ("query", "status", "reason"),
    [
        ("format=xlsx", 422, "invalid_request"),
        ("size=0", 422, "invalid_request"),
        ("size=399", 404, "no_such_checkpoint"),
        ("text=%26", 422, "invalid_request"),
    ],
)
async def test_an_export_of_what_is_not_there_is_refused(log: Desk, query: str, status: int, reason: str) -> None:
    answer = await log.get(f"/v1/log/export?{query}", "viewer")
    assert (answer.status_code, answer.json()["reason"]) == (status, reason)
    assert (await log.get(f"/v1/log/export?{query}")).status_code == 401


async def test_an_empty_log_has_nothing_to_export(desk: Desk) -> None:
    assert (await desk.get("/v1/log/export", "viewer")).json()["reason"] == "no_checkpoint_yet"


@pytest.mark.usefixtures("log")
async def test_an_export_larger_than_the_limit_is_refused_before_anything_is_written(
    log_dsn: str, tmp_path: Path
) -> None:
    small = Desk(settings(log_dsn, tmp_path, audit_log_export_rows_count=399))
    try:
        answer = await small.get("/v1/log/export", "viewer")
        assert (answer.status_code, answer.json()["reason"]) == (422, "export_too_large")
    finally:
        await small.close()


def _job(dsn: str, format_: str = "ndjson") -> ExportJob:
    return ExportJob(
        postgres_url=dsn,
        format=format_,
        wanted=Wanted(below_index=400),
        confidential=False,
        stated={},
        origin="x",
        extent=Extent(400, 0, 399, 0),
        size=400,
        checkpoint="",
    )


@pytest.mark.usefixtures("log")
async def test_a_reader_who_goes_away_or_never_reads_ends_the_process_and_frees_its_place(log_dsn: str) -> None:
    exporting = Exporting(1, 60, CollectorRegistry())
    pieces = await exporting.begin(_job(log_dsn))
    with pytest.raises(TooManyExports):
        await exporting.begin(_job(log_dsn))
    [process] = exporting._writing
    assert await anext(pieces)
    await pieces.aclose()
    assert process.returncode is not None
    again = await exporting.begin(_job(log_dsn))
    [process] = exporting._writing
    del again
    gc.collect()

    async def is_free() -> bool:
        return process.returncode is not None and not exporting._taken_count

    await until(is_free, "the place is free")
    again = await exporting.begin(_job(log_dsn))
    assert b"".join([piece async for piece in again]).count(b"\n") == 400
    assert exporting._writing == set()


@pytest.mark.usefixtures("log")
async def test_exports_end_with_the_service(log_dsn: str) -> None:
    exporting = Exporting(1, 60, CollectorRegistry())
    pieces = await exporting.begin(_job(log_dsn))
    await exporting.close()
    with pytest.raises(ExportFailed):
        async for _ in pieces:
            pass


async def test_an_export_that_cannot_be_written_says_so_and_shows_no_secret(
    log: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    exporting = Exporting(1, 60, CollectorRegistry())
    with pytest.raises(ExportFailed):
        await exporting.begin(_job("postgresql+asyncpg://nobody:hush@127.0.0.1:1/none"))
    assert "an export was cut short" in caplog.text
    assert "hush" not in caplog.text
    answer = await log.get("/v1/log/export", "viewer")
    assert answer.status_code == 200, "its place is free again"

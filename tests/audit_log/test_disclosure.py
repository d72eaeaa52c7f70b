"""Who sees which payload over which route, and what that leaves on record."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audit_log.desk import Desk, event, settings
from govbus.audit_log.domain.classification import CLASSIFICATIONS

OPEN = ("public", "internal")
EXPORTING = ("viewer", "admin", "auditor")
"""Roles for which an export is written here: each takes a process."""

ROLES = ("viewer", "operator", "owner", "reviewer:legal", "admin", "auditor")
SAID = "the-payload-itself"
ACTOR = "//govbus/people/alice"


def _story() -> list[Any]:
    data = json.dumps({"text": SAID}).encode()
    return [event(name, dataclassification=name, data=data, authid=ACTOR) for name in CLASSIFICATIONS]


@pytest.fixture
async def log(desk: Desk) -> Desk:
    """A signed log with one entry of each classification, and one that could not be read."""
    await desk.enter(*_story())
    await desk.sequence([desk.raw(value=SAID.encode())])
    await desk.sign()
    await desk.do("words")
    await desk.do("progress")
    return desk


def _listed(body: bytes) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(body)["items"]
    return found


def _streamed(body: bytes) -> list[dict[str, Any]]:
    return [json.loads(line[6:]) for line in body.decode().splitlines() if line.startswith("data: ")]


def _lines(body: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in body.splitlines()]


ROUTES: tuple[tuple[str, Callable[[bytes], list[dict[str, Any]]], bool], ...] = (
    ("entries", _listed, True),
    ("stream?from=0&to=5", _streamed, False),
    ("export?to=5", _lines, False),
)
"""Path, how its answer is read, and whether an auditor sees closed payloads without asking for them."""


async def _accesses(log: Desk) -> int:
    [(count,)] = await log.rows("SELECT count(*) FROM entry WHERE kind = 'access'")
    return int(count)


@pytest.mark.parametrize("role", ROLES)
async def test_closed_payloads_are_shown_to_auditors_on_record_and_to_nobody_else(log: Desk, role: str) -> None:
    for path, read, by_itself in ROUTES if role in EXPORTING else ROUTES[:2]:
        before = await _accesses(log)
        shown = {item["classification"]: item for item in read((await log.get(f"/v1/log/{path}", role)).content)[:4]}
        closed_seen = role == "auditor" and by_itself
        for classification, item in shown.items():
            is_seen = classification in OPEN or closed_seen
            assert (item.get("payload") is not None) == is_seen, f"{role} at {path}: {classification}"
        assert await _accesses(log) - before == closed_seen
    for index, classification in enumerate(CLASSIFICATIONS):
        before = await _accesses(log)
        item = (await log.get(f"/v1/log/entries/{index}", role)).json()
        is_seen = classification in OPEN or role == "auditor"
        assert ("payload" in item, "attributes" in item, "commitment_key" in item) == (is_seen,) * 3
        assert await _accesses(log) - before == (is_seen and classification not in OPEN)


@pytest.mark.parametrize("role", ROLES)
async def test_asking_for_closed_payloads_is_refused_to_all_but_auditors(log: Desk, role: str) -> None:
    for path, read, by_itself in ROUTES:
        if by_itself:
            continue  # auditors need not ask there
        before = await _accesses(log)
        answer = await log.get(f"/v1/log/{path}&confidential=true", role)
        if role == "auditor":
            assert all(item["payload"] is not None for item in read(answer.content))
            assert await _accesses(log) - before == 1
        else:
            assert (answer.status_code, await _accesses(log) - before) == (403, 0)
    manifest = await log.get("/v1/log/export/manifest?confidential=true", role)
    assert manifest.status_code == (200 if role == "auditor" else 403)


async def test_routes_that_show_no_payload_leave_nothing_on_record(log: Desk) -> None:
    for path in (
        "trace/confidential", "export/manifest", "checkpoint", "key", "tile/entries/000.p/5", "tile/0/000.p/5",
        "entries/2/proof", "consistency?from=1&to=5", "entries?to=2",
    ):  # fmt: skip
        answer = await log.get(f"/v1/log/{path}", "auditor")
        assert answer.status_code == 200
        assert SAID.encode() not in answer.content or path == "entries?to=2"
    assert await _accesses(log) == 0


async def test_reading_who_read_is_not_put_on_record(log: Desk) -> None:
    await log.get("/v1/log/entries/2", "auditor", name="ada")
    assert await _accesses(log) == 1
    await log.sign()
    await log.do("progress")
    for path in ("entries?kind=access", "entries/5", "export?from=5&to=6&confidential=true"):
        answer = await log.get(f"/v1/log/{path}", "auditor")
        assert answer.status_code == 200
    assert await _accesses(log) == 1
    for role in ("viewer", "admin", "owner"):
        [item] = (await log.get("/v1/log/entries?kind=access", role)).json()["items"]
        assert item["payload_withheld"] == "confidential"


@pytest.mark.parametrize("role", ["viewer", "admin"])
async def test_who_did_something_closed_is_not_found_by_asking_for_them(log: Desk, role: str) -> None:
    asked = f"actor={ACTOR}"
    items = (await log.get(f"/v1/log/entries?{asked}", role)).json()["items"]
    assert [item["id"] for item in items] == list(OPEN)
    for path, read in (("stream?from=0&to=5", _streamed), ("export?to=5", _lines)):
        found = read((await log.get(f"/v1/log/{path}&{asked}", role)).content)
        assert [item["id"] for item in found] == list(OPEN)
    items = (await log.get(f"/v1/log/entries?{asked}", "auditor")).json()["items"]
    assert [item["id"] for item in items] == list(CLASSIFICATIONS)


@pytest.mark.usefixtures("log")
async def test_what_cannot_be_put_on_record_is_not_shown(log_dsn: str, tmp_path: Path) -> None:
    fresh = Desk(settings(log_dsn, tmp_path))
    try:
        for path in ("entries", "entries/2", "export?confidential=true"):
            answer = await fresh.get(f"/v1/log/{path}", "auditor")
            assert (answer.status_code, answer.json()["reason"]) == (503, "log_stopped"), "not compared yet"
            assert SAID not in answer.text
        assert (await fresh.get("/v1/log/entries", "viewer")).status_code == 200
    finally:
        await fresh.close()

"""`POST /v1/imports`: files with reports and tables, progress, repetition, partial failure."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from intake.desk import Desk, open_desk

TABLE = """
name: table
version: "1"
decoder: {csv: {encodings: [utf-8]}}
split: body.rows
delivery: body.id + '-' + raw.part_sha256
time: context.time
rules:
  - type: system.registered
    subject:
      system: body.id
    data: {purpose: body.purpose}
"""
REPORT = """
name: report
version: "1"
time: context.time
rules:
  - type: validation.completed
    subject: {stated: context.subject}
    data: {version: context.version, kind: "'performance'", outcome: body.outcome}
"""

NUMBERED = REPORT.replace("name: report", "name: numbered\ndelivery: body.id")

PASSED = b'{"outcome": "passed"}'


@pytest.fixture
async def desk(service_database: Callable[[str], str], tmp_path: Path) -> AsyncIterator[Desk]:
    """An intake with three mappings of its own."""
    own = tmp_path / "own"
    own.mkdir()
    (own / "table.yaml").write_text(TABLE)
    (own / "report.yaml").write_text(REPORT)
    (own / "numbered.yaml").write_text(NUMBERED)
    async with open_desk(service_database("intake"), tmp_path, intake_own_mappings_directory=own) as opened:
        yield opened


def rows(count: int, *, broken: int | None = None) -> bytes:
    """Return a table; row `broken` has no id."""
    lines = [f"{'' if number == broken else f's{number}'},purpose {number}" for number in range(count)]
    return "\n".join(["id,purpose", *lines]).encode()


async def send(desk: Desk, body: bytes, headers: dict[str, str], **query: str) -> httpx2.Response:
    """Import a file."""
    return await desk.client.post("/v1/imports", params=query, content=body, headers=headers)


async def test_a_table_is_taken_row_by_row_and_again_changes_nothing(desk: Desk) -> None:
    credential = await desk.register("acme")
    first = await send(desk, rows(450), credential, **{"as": "table"})
    assert first.status_code == 202
    assert first.json()["summary"] == {"accepted": 450, "duplicate": 0, "rejected": 0, "ignored": 0, "facts": 450}
    again = await send(desk, rows(450), credential, **{"as": "table"})
    assert again.json()["summary"] == {"accepted": 0, "duplicate": 450, "rejected": 0, "ignored": 0, "facts": 0}
    facts = await desk.facts()
    assert len(facts) == 450
    assert facts[0].subject == "system/retail/s0"


async def test_progress_is_told_run_by_run_and_refused_rows_by_number(desk: Desk) -> None:
    credential = await desk.register("acme")
    headers = {**credential, "accept": "application/x-ndjson"}
    answer = await send(desk, rows(450, broken=417), headers, **{"as": "table"})
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [line["progress"]["done"] for line in lines[:-1]] == [200, 400, 450]
    assert {line["progress"]["of"] for line in lines[:-1]} == {450}
    (refused,) = [result for line in lines[:-1] for result in line["results"]]
    assert (refused["row"], refused["status"]) == (417, "rejected")
    assert refused["problem"]["errors"][0]["pointer"] == "/id"
    assert lines[-1]["summary"]["rejected"] == 1
    assert len(await desk.facts()) == 449


async def test_a_report_is_about_what_the_sender_states(desk: Desk) -> None:
    credential = await desk.register("acme")
    about = {"as": "report", "subject": "model/retail/m", "version": "3", "time": "2026-01-02T03:04:05Z"}
    answer = await send(desk, PASSED, credential, **about)
    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")
    (fact,) = await desk.facts()
    assert (fact.subject, fact.json()["version"], fact.time.year) == ("model/retail/m", "3", 2026)
    assert fact.authid == "//acme"


async def test_the_same_report_about_another_version_is_another_one_and_with_another_time_a_duplicate(
    desk: Desk,
) -> None:
    credential = await desk.register("acme")
    about = {"as": "report", "subject": "model/retail/m", "time": "2026-01-02T03:04:05Z"}
    answers = [
        await send(desk, PASSED, credential, **(about | {"version": "3"})),
        await send(desk, PASSED, credential, **(about | {"version": "4"})),
        await send(desk, PASSED, credential, **(about | {"version": "4", "time": "2026-01-03T03:04:05Z"})),
    ]
    assert [answer.json()["status"] for answer in answers] == ["accepted", "accepted", "duplicate"]
    facts = await desk.facts()
    assert [fact.json()["version"] for fact in facts] == ["3", "4"]
    assert len({fact.id for fact in facts}) == 2


async def test_a_report_with_an_id_of_its_own_about_another_version_is_refused_and_not_passed_over(desk: Desk) -> None:
    credential = await desk.register("acme")
    about = {"as": "numbered", "subject": "model/retail/m", "version": "3", "time": "2026-01-02T03:04:05Z"}
    body = b'{"outcome": "passed", "id": "run-7"}'
    first, again, other = [
        await send(desk, body, credential, **asked) for asked in (about, about, about | {"version": "4"})
    ]
    assert (first.json()["status"], again.json()["status"]) == ("accepted", "duplicate")
    assert (other.status_code, other.json()["reason"]) == (409, "id_reused")
    assert len(await desk.facts()) == 1


async def test_a_person_with_the_role_owner_may_import(desk: Desk) -> None:
    about = {"as": "report", "subject": "model/retail/m", "version": "3"}
    answer = await send(desk, PASSED, desk.person("owner"), **about)
    assert answer.status_code == 202
    refused = await send(desk, PASSED, desk.person("viewer"), **about)
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (403, "not-yours")


@pytest.mark.parametrize(
    ("body", "query", "status", "reason"),
    [
        (b"{}", {"as": "nowhere"}, 422, "invalid-request"),
        (b"{}", {}, 422, "invalid-request"),
        (b"{}", {"as": "report", "wrong": "x"}, 422, "invalid-request"),
        (PASSED, {"as": "report", "version": "3"}, 422, "mapping-failed"),
        (b"{", {"as": "report"}, 400, "invalid-json"),
        (b"\xff", {"as": "table"}, 400, "invalid-utf8"),
        (
            b'{"outcome": "passed"}',
            {"as": "report", "subject": "model/other/m", "version": "3"},
            403,
            "foreign-namespace",
        ),
    ],
)
async def test_what_cannot_be_imported_is_refused_by_name(
    desk: Desk, body: bytes, query: dict[str, str], status: int, reason: str
) -> None:
    credential = await desk.register("acme")
    answer = await send(desk, body, credential, **query)
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (status, reason)
    assert await desk.facts() == []


async def test_a_refused_row_is_replayed_alone_after_the_mapping_was_mended(desk: Desk, tmp_path: Path) -> None:
    credential = await desk.register("acme")
    await send(desk, b"id,purpose,name\ns1,x,\n,y,fallback", credential, **{"as": "table"})
    (refused,) = await desk.refusals()
    mended = TABLE.replace("body.id", "(body.id + body.?name.orValue(''))")
    (tmp_path / "own" / "table.yaml").write_text(mended)
    await desk.reception.mappings.reload()
    answer = await desk.client.post(refused["replay"], headers=desk.person("operator"))
    assert answer.json()["status"] == "accepted", answer.text
    found: list[Any] = [fact.subject for fact in await desk.facts()]
    assert found == ["system/retail/s1", "system/retail/fallback"]

"""Entries are found by what they are about, by what is said in them, and never by reading the whole log."""

import re
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import event as sqlalchemy_event

from audit_log.desk import NOW, Desk, event
from audit_log.guarded import erased, guarded_desk
from backends.running import RunningPostgres
from govbus.audit_log.domain.search import Wanted
from govbus.audit_log.domain.words import PAYLOAD_BYTES
from govbus.audit_log.store import search
from govbus.contracts.envelope import format_time

STORY = (
    event("r1", data=b'{"purpose":"credit scoring of consumers","count":7}'),
    event("v1", type="dev.govbus.validation.completed.v1", subject="model/retail/churn", data=b'{"metric":"accuracy"}'),
    event(
        "f1", type="dev.govbus.validation.failed.v1", subject="model/retail/churn", causationid="v1", data=b'{"n":1}'
    ),
    event("i1", type="dev.govbus.incident.opened.v1", subject="incident/7", data=b'{"note":"scoring of churn failed"}'),
    event("o1", subject="model/retailer/other", data=b'{"purpose":"other scoring"}', dataclassification="public"),
    event("s1", dataclassification="confidential", data=b'{"secret":"takeover of a consumer bank"}'),
    event("p1", dataclassification="personal", data=b'{"name":"Alice Example"}'),
)


@pytest.fixture
async def log(desk: Desk) -> Desk:
    """A signed log with a story in it whose words are indexed."""
    await desk.enter(*STORY)
    await desk.sign()
    await desk.do("words")
    return desk


async def _ids(log: Desk, query: str, role: str = "viewer") -> list[str]:
    answer = await log.get(f"/v1/log/entries?{query}", role)
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("subject=model/retail/*", ["r1", "v1", "f1", "s1", "p1"]),
        ("subject=model/*", ["r1", "v1", "f1", "o1", "s1", "p1"]),
        ("subject=model/retail*", []),
        ("type=dev.govbus.validation.*", ["v1", "f1"]),
        ("type=*.failed.v1", ["f1"]),
        ("type=*.v1&subject=incident/*", ["i1"]),
        ("type=com.example.*", []),
        ("causation=v1", ["f1"]),
        ("from=1&to=3", ["v1", "f1"]),
        ("from=5", ["s1", "p1"]),
        ("to=0", []),
        ("kind=event&from=6", ["p1"]),
        ("kind=access", []),
        (f"since={format_time(NOW)}&type=*.opened.*", ["i1"]),
        ("text=scoring", ["r1", "i1", "o1"]),
        ("text=SCORING churn", ["i1"]),
        ("text=scoring -churn&subject=model/retail/*", ["r1"]),
        ('text="credit scoring"', ["r1"]),
        ('text="scoring credit"', []),
        ("text=purpose", []),
        ("text=scoring&limit=2", ["r1", "i1"]),
    ],
)
async def test_entries_are_found_by_patterns_ranges_and_words(log: Desk, query: str, ids: list[str]) -> None:
    assert await _ids(log, query) == ids


@pytest.mark.parametrize("role", ["viewer", "auditor", "admin"])
async def test_words_of_what_is_not_open_to_everyone_are_found_by_nobody(log: Desk, role: str) -> None:
    assert await _ids(log, "text=takeover", role) == []
    assert await _ids(log, "text=Alice", role) == []
    assert await log.rows("SELECT idx FROM payload_words ORDER BY idx") == [(n,) for n in (0, 1, 3, 4)]


async def test_the_words_of_an_erased_payload_are_gone_with_it(
    log: Desk, postgres: RunningPostgres, log_dsn: str
) -> None:
    database = log_dsn.rpartition("?")[0].rpartition("/")[2] or log_dsn.rpartition("/")[2]
    connection = await asyncpg.connect(postgres.access.admin_dsn, database=database)
    try:
        await connection.execute("SET session_replication_role = replica; DELETE FROM payload_words WHERE idx = 99")
        await connection.execute("RESET session_replication_role; ALTER TABLE payload DISABLE TRIGGER USER")
        await connection.execute("DELETE FROM payload WHERE idx = 0")
    finally:
        await connection.close()
    assert await _ids(log, "text=credit") == []
    assert await log.rows("SELECT count(*) FROM payload_words WHERE idx = 0") == [(0,)]


async def test_erased_by_two_people_words_are_gone_and_what_is_erased_first_is_never_indexed(
    postgres: RunningPostgres, log_dsn: str, tmp_path: Path
) -> None:
    log = guarded_desk(postgres, log_dsn, tmp_path)
    try:
        await log.sign()
        await log.enter(*STORY)
        await log.sign()
        await erased(log, indexes=[3])
        await log.do("words")
        assert await _ids(log, "text=scoring") == ["r1", "o1"]
        await erased(log, indexes=[0])
        assert await _ids(log, "text=scoring") == ["o1"]
        assert await log.rows("SELECT idx FROM payload_words WHERE idx < 7 ORDER BY idx") == [(1,), (4,)]
    finally:
        await log.close()


async def test_a_payload_too_long_to_be_said_is_not_searched(desk: Desk) -> None:
    long = b'{"note":"longword","rest":"' + b"x" * PAYLOAD_BYTES + b'"}'
    await desk.enter(event("long", data=long), event("short", data=b'{"note":"longword"}'))
    await desk.do("words")
    assert await _ids(desk, "text=longword") == ["short"]


async def test_words_are_indexed_in_stretches_and_a_gap_of_erased_payloads_ends_nothing(desk: Desk) -> None:
    await desk.enter(*(event(f"n{n}", data=b'{"note":"word%d every"}' % n) for n in range(1_203)))
    await desk.do("words")
    assert await _ids(desk, "text=word1202") == ["n1202"]
    assert await desk.rows("SELECT next_index FROM words_cursor") == [(1_203,)]
    assert "govbus_log_words_lag_entries 203.0" in (await desk.get("/metrics")).text
    await desk.do("words")
    assert "govbus_log_words_lag_entries 0.0" in (await desk.get("/metrics")).text
    assert len(await _ids(desk, "text=every&limit=500")) == 500


@pytest.mark.parametrize(
    "query",
    ["text=", "text=%26%26", f"text={'w' * 201}", "text=a%00", "type=" + "*a" * 9, "from=-1", f"to={2**63}"],
)
async def test_a_search_that_means_nothing_is_refused(log: Desk, query: str) -> None:
    answer = await log.get(f"/v1/log/entries?{query}", "viewer")
    assert (answer.status_code, answer.json()["reason"]) == (422, "invalid_request")


async def test_pages_of_a_search_join_without_gap_whether_matches_are_near_or_far(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "STRETCH_COUNT", 7)
    await desk.enter(
        *(
            event(f"n{n}", subject="model/rare/x" if n % 9 == 0 or n > 80 else "model/b/y", data=b'{"n":"word"}')
            for n in range(100)
        )
    )
    await desk.do("words")
    wanted = [f"n{n}" for n in range(100) if n % 9 == 0 or n > 80]
    for query in ("subject=model/rare/*", "text=word&subject=model/rare/x", "type=*.v1&subject=model/rare/*"):
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            page = (await desk.get(f"/v1/log/entries?{query}&limit=4&cursor={cursor}", "viewer")).json()
            seen += [item["id"] for item in page["items"]]
            cursor = page["next"]
        assert seen == wanted


async def test_a_pattern_of_more_types_than_are_compared_is_refused(log: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "TYPES_COUNT", 2)
    answer = await log.get("/v1/log/entries?type=dev.*", "viewer")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/query/type")
    assert await _ids(log, "type=dev.govbus.val*") == ["v1", "f1"]


COST_OF_NO_ROWS = 1.0
SEARCHES = (
    Wanted(),
    Wanted(subject="model/many/m7"),
    Wanted(subject="model/many/*"),
    Wanted(subject="model/none/*"),
    Wanted(type="dev.govbus.rare.v1"),
    Wanted(type="dev.*.rare.v1"),
    Wanted(source="//mlflow/prod", type="dev.govbus.rare.v1"),
    Wanted(kind="access"),
    Wanted(kind="event", from_index=500),
    Wanted(actor="//govbus/people/none"),
    Wanted(correlation="none"),
    Wanted(causation="none"),
    Wanted(id="none"),
    Wanted(since=NOW.replace(year=2030)),
    Wanted(until=NOW.replace(year=2000)),
    Wanted(since=NOW.replace(year=2030), subject="model/many/*", type="dev.*"),
    Wanted(text="drift"),
    Wanted(text="drift", source="//mlflow/prod", since=NOW.replace(year=2000)),
)


@pytest.fixture
async def large(desk: Desk, postgres: RunningPostgres, log_dsn: str) -> Desk:
    """A log of 60,000 entries as the planner sees one, made by the owner."""
    await desk.enter(event("rare", type="dev.govbus.rare.v1", data=b'{"note":"drift"}'))
    await desk.do("words")
    connection = await asyncpg.connect(postgres.owner_dsn(log_dsn).replace("+asyncpg", ""))
    await connection.execute(
        "INSERT INTO entry SELECT n, 'event', e.b, sha256('\\x00'::bytea || e.b), substr(sha256(e.b), 1, 16), 'i' || n,"
        " 's' || n % 50, 't' || n % 90, 'model/many/m' || n % 500, now(), 'f', 1, n, 'c' || n % 9000, 'i' || n - 1,"
        " 'internal', current_date FROM generate_series(1, 60000) n, LATERAL (SELECT n::text::bytea || '  ' AS b) e"
    )
    await connection.execute(
        "INSERT INTO payload SELECT n, current_date, sha256(n::text::bytea), '{}', '{}', 'a' || n % 50"
        " FROM generate_series(1, 60000) n"
    )
    await connection.execute(
        "INSERT INTO payload_words SELECT n, current_date, to_tsvector('simple', 'word' || n % 300 || ' common')"
        " FROM generate_series(1, 60000) n"
    )
    await connection.execute("ANALYZE entry, payload, payload_words")
    await connection.close()
    return desk


async def test_no_search_reads_a_whole_table(large: Desk) -> None:
    statements: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, ___: Any, ____: Any) -> None:
        statements.append((statement, parameters))

    plans: dict[str, str] = {}
    for wanted in SEARCHES:
        async with large.connection() as connection:
            sqlalchemy_event.listen(connection.sync_connection, "before_cursor_execute", note)
            await search.find_entries(connection, wanted, 101)
            sqlalchemy_event.remove(connection.sync_connection, "before_cursor_execute", note)
        for statement, parameters in statements:
            plan = "\n".join(row[0] for row in await _explained(large, statement, parameters))
            plans[f"{wanted}\n{statement}"] = plan
        statements.clear()
    assert len(plans) > len(SEARCHES)
    for asked, plan in plans.items():
        assert not _reads_whole(plan), f"{asked}\n{plan}"
    unindexed = await _explained(large, "SELECT idx FROM entry WHERE kafka_offset + 0 = 7", ())
    assert _reads_whole("\n".join(row[0] for row in unindexed)), "a whole reading is seen as one"


def _reads_whole(plan: str) -> bool:
    """Return whether a table is read whole; partitions of months without a payload cost nothing."""
    costs = re.findall(r"Seq Scan on (?:entry|payload)\w*(?: \w+)?  \(cost=[\d.]+\.\.([\d.]+)", plan)
    return any(float(cost) > COST_OF_NO_ROWS for cost in costs)


async def _explained(desk: Desk, statement: str, parameters: Any) -> list[tuple[Any, ...]]:
    async with desk.connection() as connection:
        return [tuple(row) for row in (await connection.exec_driver_sql("EXPLAIN " + statement, parameters)).all()]

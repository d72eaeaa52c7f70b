"""Retention: nothing goes before the law lets it, nothing that a hold covers, and proofs of what remains verify."""

from base64 import b64decode
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from audit_log.desk import NOW, Desk, event
from audit_log.guarded import connect, eraser_dsn, guarded_desk
from backends.running import RunningPostgres
from govbus.audit_log.domain.retention import DOCUMENTATION_DAYS, LOGS_DAYS, Policy, Rule, floor_days, prunable
from govbus.audit_log.retention_file import PolicyRefused, load_policy
from govbus.contracts import all_events
from govbus.contracts.translog.verification import verify_proof
from govbus.eventing.records import RawRecord, encode

OBSERVED = "dev.govbus.monitor.observed.v1"
REGISTERED = "dev.govbus.model.registered.v1"
POLICY = """
version: 1
rules:
  - {class: documentation, keep_days: 4000, types: ["dev.govbus.model.*"]}
  - {class: logs, keep_days: 200, types: ["dev.govbus.monitor.*", unparseable]}
"""


def _record(number: int, type_: str, days_ago: int) -> RawRecord:
    at = datetime.now(UTC) - timedelta(days=days_ago)
    item = event(f"{type_}{number}", type=type_, subject=f"model/retail/m{number % 2}")
    return RawRecord("govbus.facts", 1, number, int(at.timestamp() * 1000), *encode(item))


@pytest.fixture
async def log(postgres: RunningPostgres, log_dsn: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """A signed log of old and new records of two kinds; indexes 0-7 are old observations."""
    file = tmp_path / "retention.yaml"
    file.write_text(POLICY, encoding="utf-8")
    made = guarded_desk(postgres, log_dsn, tmp_path, audit_log_retention_file=file)
    await made.sign()
    await made.sequence([_record(number, OBSERVED, 201 + 40 * number) for number in range(8)])
    await made.sequence([_record(8, OBSERVED, 199), _record(9, REGISTERED, 3000), _record(10, "com.acme.thing", 3000)])
    await made.sign()
    yield made
    await made.close()


async def _present(desk: Desk) -> set[int]:
    return {row[0] for row in await desk.rows("SELECT idx FROM payload WHERE idx <= 10")}


async def test_only_what_the_policy_lets_go_is_pruned_and_the_rest_verifies(log: Desk) -> None:
    vkey = (await log.get("/v1/log/key")).text.strip()
    due = (await log.get("/v1/ops/audit_log/prune", "auditor")).json()
    assert [(item["types"], item["count"], item["held_count"]) for item in due["due"]] == [([OBSERVED], 8, 0)]
    assert await _present(log) == set(range(11))
    done = await log.send("POST", "/v1/ops/audit_log/prune", "operator")
    assert done.json() == {"policy_sha256": due["policy_sha256"], "pruned_count": 8}
    assert await _present(log) == {8, 9, 10}
    assert (await log.send("POST", "/v1/ops/audit_log/prune", "operator")).json()["pruned_count"] == 0
    await log.sign()
    for index in range(12):
        entry = (await log.get(f"/v1/log/entries/{index}", "auditor")).json()
        proof = (await log.get(f"/v1/log/entries/{index}/proof")).text
        assert verify_proof(b64decode(entry["entry"]), proof, vkey).index == index
    said = (await log.get("/v1/log/entries?kind=prune", "auditor")).json()["items"][0]["payload"]
    assert (said["ranges"], said["count"], said["types"]) == ([[0, 7]], 8, [OBSERVED])
    assert said["policy_sha256"] == due["policy_sha256"]


async def test_a_hold_keeps_what_is_due_until_it_is_lifted(log: Desk) -> None:
    placed = await log.send(
        "POST", "/v1/holds", "auditor", body={"subject": "model/retail/m1", "reason": "a case before a court"}
    )
    due = (await log.get("/v1/ops/audit_log/prune", "auditor")).json()["due"]
    assert [(item["count"], item["held_count"]) for item in due] == [(8, 4)]
    await log.do("prune")
    assert await _present(log) == {1, 3, 5, 7, 8, 9, 10}
    for name in ("vera", "walter"):
        await log.send("DELETE", f"/v1/holds/{placed.json()['id']}?reason=over", "auditor", name=name)
    await log.do("erase")
    await log.do("prune")
    assert await _present(log) == {8, 9, 10}


@pytest.mark.parametrize(
    ("type_", "days_ago", "goes"),
    [
        (OBSERVED, LOGS_DAYS - 1, False),
        (OBSERVED, LOGS_DAYS, False),
        (OBSERVED, LOGS_DAYS + 1, True),
        (REGISTERED, LOGS_DAYS + 1, False),
        (REGISTERED, DOCUMENTATION_DAYS - 1, False),
        (REGISTERED, DOCUMENTATION_DAYS + 1, True),
    ],
)
async def test_the_database_keeps_the_floor_whatever_is_put_on_record(
    log: Desk, postgres: RunningPostgres, log_dsn: str, type_: str, days_ago: int, goes: bool
) -> None:
    await log.sequence([_record(20, type_, days_ago)])
    await log.send("POST", "/v1/holds", "auditor", body={"indexes": [0], "reason": "an entry to prune by"})
    runtime, eraser = await connect(log_dsn), await connect(eraser_dsn(postgres, log_dsn))
    try:
        await runtime.execute("INSERT INTO erasure VALUES (12, 'prune', NULL)")
        await runtime.execute("INSERT INTO erasure_scope VALUES (12, 11, 11, $1, $2)", [type_], date(2999, 1, 1))
        found = await eraser.fetchrow("SELECT * FROM payload_erase(12, 10)")
    finally:
        await runtime.close()
        await eraser.close()
    assert tuple(found or ()) == ((1, 0) if goes else (0, 1))


async def test_policy_and_database_agree_on_every_floor(log: Desk) -> None:
    labels = [declared.full_name for declared in all_events.TYPES] + ["access", "com.acme.model.thing", "unparseable"]
    async with log.connection() as connection:
        for label in labels:
            asked = await connection.exec_driver_sql("SELECT payload_floor_days($1)", (label,))
            assert asked.scalar_one() == floor_days(label), label


def test_the_delivered_policy_keeps_every_type_for_as_long_as_the_law_wants() -> None:
    policy = load_policy(Path(__file__).parents[2] / "policies" / "retention.yaml")
    for declared in all_events.TYPES:
        assert (policy.keep_days(declared.full_name) or DOCUMENTATION_DAYS) >= floor_days(declared.full_name)
    assert policy.keep_days("com.acme.thing") is None


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ('{version: 1, rules: [{class: logs, keep_days: 183, types: ["dev.govbus.monitor.*"]}]}', "the law wants 184"),
        ('{version: 1, rules: [{class: logs, keep_days: 400, types: ["*"]}]}', "the law wants 3653"),
        ("{version: 1, rules: [{class: logs, keep_days: 30, types: [access]}]}", "keeps access for 30 days"),
        ("{version: 2, rules: []}", "/version"),
        ("{version: 1, rules: [{class: logs, keep_days: 1.5, types: [a]}]}", "/rules/0/keep_days"),
        ("{version: 1, rules: [{class: logs, keep_days: 400, types: [a], force: true}]}", "/rules/0/force"),
        ("{version: 1, rules: [", "is not YAML"),
    ],
)
def test_a_policy_below_the_floor_or_malformed_is_refused(tmp_path: Path, text: str, because: str) -> None:
    file = tmp_path / "retention.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(PolicyRefused, match=because):
        load_policy(file)


def test_a_missing_policy_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyRefused, match="cannot be read"):
        load_policy(tmp_path / "none.yaml")


def test_a_type_that_the_contracts_do_not_know_keeps_its_floor_too() -> None:
    policy = Policy((Rule(("dev.govbus.model.*",), "logs", 200),))
    assert prunable(policy, ["dev.govbus.model.imagined.v9"], NOW.date()) == {
        NOW.date() - timedelta(days=DOCUMENTATION_DAYS): ("dev.govbus.model.imagined.v9",)
    }


async def test_an_entry_about_pruning_cannot_take_what_comes_after_it(log: Desk, log_dsn: str) -> None:
    connection = await connect(log_dsn)
    try:
        await connection.execute("INSERT INTO erasure VALUES (2, 'erasure', NULL)")
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await connection.execute("INSERT INTO erasure VALUES (900, 'erasure', NULL)")
        await connection.execute("INSERT INTO erasure_scope VALUES (2, 3, 3)")
        assert await connection.fetchval("SELECT count(*) FROM payload WHERE idx = 3") == 1
    finally:
        await connection.close()
    await log.do("erase")
    assert 3 in await _present(log)

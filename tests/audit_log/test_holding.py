"""Holds: what they cover stays, lifting takes two people, and a race with an erasure has one winner."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from audit_log.desk import NOW, Desk, event
from audit_log.guarded import ask, confirm, connect, erased, eraser_dsn, guarded_desk, waits_for_a_lock
from audit_log.tampering import tamper
from backends.running import RunningPostgres
from govbus.audit_log.fsck import fsck
from govbus.contracts import strict_json, topics
from govbus.contracts.envelope import Event, format_time

REASON = "incident 7 is being looked into"


@pytest.fixture
async def log(postgres: RunningPostgres, log_dsn: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """A log of six entries about two models that may erase."""
    made = guarded_desk(postgres, log_dsn, tmp_path)
    await made.sign()
    await made.enter(*(event(str(number), subject=f"model/retail/m{number % 2}") for number in range(6)))
    yield made
    await made.close()


def held(hold_id: str, **changes: Any) -> Event:
    """Return oversight's `evidence.held` about the first model."""
    said = {"hold_id": hold_id, "reason": REASON, "held_by": ["p-1", "p-2"], "since": format_time(NOW), **changes}
    return event(
        f"{hold_id}-{'-'.join(changes)}",
        type="dev.govbus.evidence.held.v1",
        source="//govbus/oversight",
        subject="model/retail/m0",
        data=strict_json.dump(said),
        authid="//govbus/oversight",
    )


async def _placed(desk: Desk, name: str = "olga", **scope: Any) -> str:
    answer = await desk.send("POST", "/v1/holds", "operator", name=name, body={"reason": REASON, **scope})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def _lift(desk: Desk, id_: str, name: str) -> tuple[int, str]:
    answer = await desk.send("DELETE", f"/v1/holds/{id_}?reason=over", "auditor", name=name)
    return answer.status_code, answer.json().get("state") or answer.json()["type"].rpartition("/")[2]


async def _refused(desk: Desk, **wanted: Any) -> bool:
    answer = await erased(desk, **wanted)
    return answer.status_code == 409 and answer.json()["type"].endswith("/held")


@pytest.mark.parametrize("scope", [{"subject": "model/retail/m0"}, {"indexes": [0, 2, 4]}, {"range": [0, 4]}])
async def test_what_a_hold_covers_is_not_erased(log: Desk, scope: dict[str, Any]) -> None:
    await _placed(log, **scope)
    for index in (0, 2, 4):
        assert await _refused(log, indexes=[index, 5])
    assert (await erased(log, indexes=[5])).status_code == 200


async def test_a_hold_on_a_subject_covers_what_lies_below_it_and_what_comes_later(log: Desk) -> None:
    await _placed(log, subject="model/retail")
    await log.enter(event("later", subject="model/retail/m9"), event("other", subject="model/retailer/m0"))
    added = {subject: index for index, subject in await log.rows("SELECT idx, subject FROM entry WHERE kind = 'event'")}
    assert await _refused(log, indexes=[added["model/retail/m9"]])
    assert (await erased(log, indexes=[added["model/retailer/m0"]])).status_code == 200


async def test_two_people_lift_a_hold_and_each_step_is_an_entry(log: Desk) -> None:
    id_ = await _placed(log, subject="model/retail/m0")
    assert await _lift(log, id_, "vera") == (202, "lift_asked")
    assert await _lift(log, id_, "vera") == (403, "same-person")
    assert await _refused(log, indexes=[0])
    assert await _lift(log, id_, "walter") == (200, "lifted")
    assert await _lift(log, id_, "walter") == (409, "lifted")
    assert (await erased(log, indexes=[0])).status_code == 200
    entries = (await log.get("/v1/log/entries?kind=hold", "auditor")).json()["items"]
    assert [item["payload"]["action"] for item in entries] == ["placed", "lift_asked", "lifted"]
    assert [item["payload"]["by"].rpartition("/")[2] for item in entries] == ["olga", "vera", "walter"]
    [listed] = (await log.get("/v1/holds", "auditor")).json()["items"]
    assert (listed["state"], listed["scope"]["subjects"]) == ("lifted", ["model/retail/m0"])
    assert (await log.get("/v1/holds?in_force=true", "auditor")).json()["items"] == []


async def test_an_unknown_hold_is_not_lifted(log: Desk) -> None:
    assert await _lift(log, "nobody", "vera") == (404, "no-such-hold")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"subject": "model/a/b", "range": [0, 1]},
        {"subject": "nonsense"},
        {"range": [3, 1]},
        {"indexes": []},
        {"indexes": [2**63]},
    ],
)
async def test_a_malformed_hold_is_refused(log: Desk, body: dict[str, object]) -> None:
    answer = await log.send("POST", "/v1/holds", "auditor", body={"reason": "r", **body})
    assert answer.status_code == 422


async def test_oversight_holds_a_subject_from_the_transaction_that_logs_the_event(log: Desk) -> None:
    await log.enter(held("h1"), topic=topics.OVERSIGHT)
    assert await _refused(log, indexes=[0])
    assert (await erased(log, indexes=[1])).status_code == 200
    await log.enter(held("h1", released_at=format_time(NOW)), topic=topics.OVERSIGHT)
    assert (await erased(log, indexes=[0])).status_code == 200


async def test_oversight_holds_single_events_and_adds_to_them(log: Desk) -> None:
    reference = {"source": "//mlflow/prod", "type": "dev.govbus.model.registered.v1"}
    await log.enter(held("h1", events=[reference | {"id": "2"}]), topic=topics.OVERSIGHT)
    await log.enter(
        held("h1", events=[reference | {"id": "4"}, reference | {"id": "to come"}], incident_id="7"),
        topic=topics.OVERSIGHT,
    )
    await log.enter(event("to come"))
    [(to_come,)] = await log.rows("SELECT idx FROM entry WHERE id = 'to come'")
    assert [await _refused(log, indexes=[index]) for index in (2, 4, to_come)] == [True, True, True]
    assert (await erased(log, indexes=[0])).status_code == 200
    await log.enter(held("h1", released_at=format_time(NOW)), topic=topics.OVERSIGHT)
    assert (await erased(log, indexes=[2, 4])).status_code == 200


async def test_an_order_that_nobody_can_read_holds_the_whole_subject(log: Desk) -> None:
    await log.enter(held("h1", since=None), topic=topics.OVERSIGHT)
    assert await _refused(log, indexes=[0])
    [listed] = (await log.get("/v1/holds", "auditor")).json()["items"]
    assert await _lift(log, listed["id"], "vera") == (202, "lift_asked")
    assert await _lift(log, listed["id"], "walter") == (200, "lifted")


async def test_nobody_but_oversight_orders_a_hold(log: Desk) -> None:
    await log.enter(held("h1"), topic=topics.FACTS)
    assert (await log.get("/v1/holds", "auditor")).json()["items"] == []


async def test_a_hold_that_comes_first_keeps_what_an_erasure_waits_for(log: Desk, log_dsn: str) -> None:
    id_ = (await ask(log, indexes=[0, 1])).json()["id"]
    placing, looking = await connect(log_dsn), await connect(log_dsn)
    try:
        transaction = placing.transaction()
        await transaction.start()
        await placing.execute("SELECT payload_lock_holds()")
        confirming = asyncio.create_task(confirm(log, id_))
        await waits_for_a_lock(looking)
        await placing.execute("INSERT INTO hold VALUES ('race', 'person', 'r', 'p', now())")
        await placing.execute("INSERT INTO hold_scope VALUES ('race', 0, 'model/retail/m0')")
        await transaction.commit()
        answer = await confirming
    finally:
        await placing.close()
        await looking.close()
    assert answer.status_code == 409
    assert await log.rows("SELECT count(*) FROM payload WHERE idx < 6") == [(6,)]
    assert await log.rows("SELECT count(*) FROM erasure") == [(0,)]


async def test_a_hold_between_the_record_and_the_erasing_keeps_what_is_still_there(log: Desk) -> None:
    eraser = next(job.do.__self__ for job in log.service._jobs if job.name == "erase")  # type: ignore[attr-defined]
    entry_index, _ = await eraser.confirm((await ask(log, indexes=[0, 1])).json()["id"], "//govbus/people/vera")
    id_ = await _placed(log, subject="model/retail/m0")
    await log.do("erase")
    assert await log.rows("SELECT idx FROM payload WHERE idx < 2") == [(0,)]
    assert await log.rows("SELECT done_at IS NULL FROM erasure") == [(True,)]
    await _lift(log, id_, "vera")
    await _lift(log, id_, "walter")
    await log.do("erase")
    assert await log.rows("SELECT entry_index, done_at IS NULL FROM erasure") == [(entry_index, False)]


async def test_an_erasure_that_comes_first_is_over_before_a_hold_is_in_force(
    log: Desk, postgres: RunningPostgres, log_dsn: str
) -> None:
    eraser = next(job.do.__self__ for job in log.service._jobs if job.name == "erase")  # type: ignore[attr-defined]
    entry_index, _ = await eraser.confirm((await ask(log, indexes=[0])).json()["id"], "//govbus/people/vera")
    erasing, looking = await connect(eraser_dsn(postgres, log_dsn)), await connect(log_dsn)
    try:
        transaction = erasing.transaction()
        await transaction.start()
        assert tuple(await erasing.fetchrow("SELECT * FROM payload_erase($1, 10)", entry_index)) == (1, 0)
        placing = asyncio.create_task(_placed(log, subject="model/retail/m0"))
        await waits_for_a_lock(looking)
        assert not placing.done()
        await transaction.commit()
        await placing
    finally:
        await erasing.close()
        await looking.close()
    assert await log.rows("SELECT count(*) FROM payload WHERE idx = 0") == [(0,)]


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("DELETE FROM hold_scope; DELETE FROM hold", "was placed by an entry and is not in the table"),
        (
            """
            UPDATE hold SET (lift_asked_by, lifted_by, lift_reason, lift_asked_at, lifted_at)
                = ('a', 'b', 'r', now(), now())
            """,
            "is lifted, and no entry says so",
        ),
        ("UPDATE hold_scope SET subject = 'model/none'", "covers something else than its entry says"),
        ("INSERT INTO hold VALUES ('false', 'person', 'r', 'p', now())", "hold false is in the table"),
    ],
)
async def test_fsck_holds_the_table_of_holds_against_the_entries(
    log: Desk, postgres: RunningPostgres, log_dsn: str, statement: str, fault: str
) -> None:
    lifted = await _placed(log, subject="model/retail/m0")
    for name in ("vera", "walter"):
        await _lift(log, lifted, name)
    await _placed(log, subject="model/retail/m1")
    await log.enter(held("h1"), held("h2"), held("h1", incident_id="7"), topic=topics.OVERSIGHT)
    await log.enter(held("h2", released_at=format_time(NOW)), topic=topics.OVERSIGHT)
    assert (await fsck(log.settings)).faults == ()
    tables = ("hold", "hold_scope")
    await tamper(
        postgres,
        log_dsn,
        *(f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in tables),
        *(part.strip() for part in statement.split(";")),
    )
    found = (await fsck(log.settings)).faults
    assert any(fault in said for said in found), found

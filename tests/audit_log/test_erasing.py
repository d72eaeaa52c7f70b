"""Erasure: two people, an entry that says so, and a payload that is gone while every proof still verifies."""

from base64 import b64decode
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from audit_log.desk import Desk, event
from audit_log.guarded import ask, confirm, connect, erased, eraser_dsn, guarded_desk
from backends.running import RunningPostgres
from govbus.contracts.translog.verification import verify_proof


@pytest.fixture
async def log(postgres: RunningPostgres, log_dsn: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """A signed log of ten entries that may erase."""
    made = guarded_desk(postgres, log_dsn, tmp_path)
    await made.sign()
    await made.enter(*(event(str(number), subject=f"model/retail/m{number % 3}") for number in range(9)))
    await made.enter(event("c", dataclassification="confidential", authid="//govbus/people/alice"))
    await made.sign()
    yield made
    await made.close()


async def _present(desk: Desk) -> set[int]:
    return {row[0] for row in await desk.rows("SELECT idx FROM payload")}


async def test_two_people_erase_a_payload_and_the_proof_stays(log: Desk) -> None:
    vkey = (await log.get("/v1/log/key")).text.strip()
    asked = await ask(log, indexes=[4, 5, 9])
    assert (asked.status_code, asked.json()["count"], asked.json()["published_count"]) == (202, 3, 2)
    assert await _present(log) == set(range(10))
    done = await confirm(log, asked.json()["id"])
    assert (done.status_code, done.json()["state"], done.json()["erased_count"]) == (200, "erased", 3)
    assert await _present(log) == {0, 1, 2, 3, 6, 7, 8, 10}
    await log.sign()
    entry = (await log.get("/v1/log/entries/4", "auditor")).json()
    assert entry["payload_withheld"] == "erased"
    assert verify_proof(b64decode(entry["entry"]), (await log.get("/v1/log/entries/4/proof")).text, vkey).index == 4
    said = (await log.get(f"/v1/log/entries/{done.json()['entry']}", "auditor")).json()
    assert said["kind"] == "erasure"
    assert said["payload"]["ranges"] == [[4, 5], [9, 9]]
    assert (said["payload"]["asked_by"], said["payload"]["confirmed_by"]) == (
        "//govbus/people/adam",
        "//govbus/people/vera",
    )
    listed = (await log.get("/v1/log/erasures", "auditor")).json()["items"]
    assert [(item["state"], item["entry"]) for item in listed] == [("erased", done.json()["entry"])]


@pytest.mark.parametrize(
    ("wanted", "gone"),
    [
        ({"range": [2, 3]}, {2, 3}),
        ({"subject": "model/retail/m1"}, {1, 4, 7}),
        ({"actor": "//govbus/people/alice"}, {9}),
    ],
)
async def test_what_goes_is_named_by_range_subject_or_actor(
    log: Desk, wanted: dict[str, object], gone: set[int]
) -> None:
    assert (await erased(log, **wanted)).status_code == 200
    assert set(range(10)) - await _present(log) == gone


async def test_the_one_who_asked_cannot_confirm(log: Desk) -> None:
    asked = await log.send(
        "POST", "/v1/log/erasures", "reviewer:privacy", name="paula", body={"indexes": [1], "reason": "r"}
    )
    again = await log.send(
        "POST", f"/v1/log/erasures/{asked.json()['id']}/confirm", "reviewer:privacy", "auditor", name="paula"
    )
    assert (again.status_code, again.json()["type"].rpartition("/")[2]) == (403, "same-person")
    assert 1 in await _present(log)


async def test_a_request_is_confirmed_once(log: Desk) -> None:
    id_ = (await ask(log, indexes=[1])).json()["id"]
    assert (await confirm(log, id_)).status_code == 200
    assert (await confirm(log, id_)).status_code == 409
    assert (await ask(log, indexes=[1])).json()["type"].endswith("nothing-there")
    assert (await confirm(log, "nobody")).status_code == 404


async def test_a_crash_before_the_payload_went_is_carried_out_later(log: Desk) -> None:
    id_ = (await ask(log, indexes=[3])).json()["id"]
    entry_index = await _confirm_and_crash(log, id_)
    assert 3 in await _present(log)
    assert (await log.get(f"/v1/log/erasures/{id_}", "auditor")).json()["state"] == "pending"
    await log.do("erase")
    await log.do("erase")
    assert 3 not in await _present(log)
    shown = (await log.get(f"/v1/log/erasures/{id_}", "auditor")).json()
    assert (shown["state"], shown["entry"]) == ("erased", entry_index)


async def _confirm_and_crash(desk: Desk, id_: str) -> int:
    """Do what a confirmation does before it deletes, and no more."""
    eraser = next(job.do.__self__ for job in desk.service._jobs if job.name == "erase")  # type: ignore[attr-defined]
    entry_index, _ = await eraser.confirm(id_, "//govbus/people/vera")
    return int(entry_index)


@pytest.mark.parametrize(
    ("statement", "because"),
    [
        ("DELETE FROM payload WHERE idx = 1", "permission denied"),
        ("SELECT payload FROM payload", "permission denied"),
        ("UPDATE payload SET actor = NULL", "permission denied"),
        ("DELETE FROM entry", "permission denied"),
        ("INSERT INTO erasure VALUES (1, 'erasure', NULL)", "permission denied"),
        ("SELECT payload_hold(1)", "permission denied"),
    ],
)
async def test_the_eraser_deletes_by_entry_and_nothing_else(
    log: Desk, postgres: RunningPostgres, log_dsn: str, statement: str, because: str
) -> None:
    connection = await connect(eraser_dsn(postgres, log_dsn))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match=because):
            await connection.execute(statement)
        assert tuple(await connection.fetchrow("SELECT * FROM payload_erase(0, 10)")) == (0, 0)
    finally:
        await connection.close()
    assert await _present(log) == set(range(10))


async def test_the_log_s_own_record_of_an_erasure_cannot_be_erased(log: Desk) -> None:
    entry_index = (await erased(log, indexes=[1])).json()["entry"]
    assert (await ask(log, indexes=[entry_index])).json()["type"].endswith("nothing-there")


async def test_without_an_eraser_nothing_can_be_asked(desk: Desk) -> None:
    await desk.enter(event("a"))
    assert (await ask(desk, indexes=[0])).status_code == 409


@pytest.mark.parametrize(
    "body",
    [
        {"reason": "r"},
        {"indexes": [1], "subject": "model/a/b", "reason": "r"},
        {"indexes": [], "reason": "r"},
        {"indexes": [-1], "reason": "r"},
        {"subject": "a\x00", "reason": "r"},
        {"indexes": [1]},
        {"indexes": [1], "reason": "r", "force": True},
    ],
)
async def test_a_malformed_request_is_refused(log: Desk, body: dict[str, object]) -> None:
    assert (await log.send("POST", "/v1/log/erasures", "admin", body=body)).status_code == 422


MAY = {
    ("POST", "/v1/log/erasures"): {"admin", "reviewer:privacy"},
    ("POST", "/v1/log/erasures/x/confirm"): {"auditor", "reviewer:privacy"},
    ("GET", "/v1/log/erasures"): {"admin", "auditor", "reviewer:privacy"},
    ("GET", "/v1/log/erasures/x"): {"admin", "auditor", "reviewer:privacy"},
    ("POST", "/v1/holds"): {"operator", "reviewer:privacy", "reviewer:legal", "auditor", "admin"},
    ("GET", "/v1/holds"): {"operator", "reviewer:privacy", "reviewer:legal", "auditor", "admin"},
    ("DELETE", "/v1/holds/x?reason=r"): {"reviewer:privacy", "reviewer:legal", "auditor"},
    ("GET", "/v1/ops/audit_log/prune"): {"operator", "auditor", "admin"},
    ("POST", "/v1/ops/audit_log/prune"): {"operator", "admin"},
}
ROLES = ("viewer", "operator", "owner", "reviewer:privacy", "reviewer:legal", "auditor", "admin")


async def test_each_role_may_what_the_table_says(log: Desk) -> None:
    for (method, path), allowed in MAY.items():
        assert (await log.send(method, path, body={})).status_code == 401, path
        for role in ROLES:
            answer = await log.send(method, path, role, body=None if method == "GET" else {})
            assert (answer.status_code != 403) == (role in allowed), (method, path, role, answer.text)

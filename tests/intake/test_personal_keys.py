"""One key per person: found again, read by few and on record, deleted for good."""

import asyncio
import base64
import json
from typing import Any

import httpx2
import pytest
from sqlalchemy import event as sqlalchemy_event

from govbus.contracts.envelope import Event
from govbus.contracts.personal import PersonKey, SealBroken, is_sealed, key_id_of, unseal
from intake.desk import Desk, cloud_event

COMPLAINT = "dev.govbus.complaint.received.v1"
REPORTED = "dev.govbus.incident.reported.v1"
KEY_READ = "dev.govbus.person.key_read.v1"
ERASED = "dev.govbus.person.erased.v1"
PLAIN = "Ms Miller of Springfield was turned down"
PERSON = "applicant-7f3a"
BATCH = {"content-type": "application/cloudevents-batch+json"}


async def complain(
    desk: Desk, mine: dict[str, str], id_: str = "1", person: str | None = PERSON, **changes: Any
) -> str:
    """Emit a complaint and return its sealed account."""
    said = {"account": PLAIN, "person": person}
    answer = await desk.emit(mine, type=COMPLAINT, id=id_, data=said, **changes)
    assert answer.status_code == 202, answer.text
    account = (await desk.facts())[-1].json()["account"]
    assert is_sealed(account)
    return str(account)


async def read(desk: Desk, *roles: str, person: str = PERSON, name: str = "paula") -> httpx2.Response:
    """Ask for a person's key."""
    params = {"purpose": "answering complaint C-17"}
    return await desk.client.get(f"/v1/keys/{person}", params=params, headers=desk.person(*roles, name=name))


async def erase(desk: Desk, *roles: str, person: str = PERSON) -> httpx2.Response:
    """Ask for a person's erasure."""
    body = {"person": person, "reason": "Art. 17 GDPR, ticket P-204"}
    return await desk.client.post("/v1/erasures", json=body, headers=desk.person(*roles, name="paula"))


async def on_record(desk: Desk, type_: str) -> list[Event]:
    """Return what was put on record about keys."""
    return [event for topic, event in await desk.outgoing() if topic == "govbus.rejected" and event.type == type_]


def key_in(answer: httpx2.Response) -> PersonKey:
    """Return the key of an answer as a reader uses it."""
    (jwk,) = answer.json()["keys"]
    padded = jwk["k"] + "=" * (-len(jwk["k"]) % 4)
    return PersonKey(jwk["kid"], base64.urlsafe_b64decode(padded))


async def test_what_two_platforms_say_of_a_person_is_sealed_under_one_key(desk: Desk) -> None:
    first = await complain(desk, await desk.register())
    shop = await desk.register("shop", namespace="shop")
    there = {"source": "//shop", "subject": "model/shop/prices"}
    second = await complain(desk, shop, **there)
    of_another = await complain(desk, shop, "2", "somebody-else", **there)
    assert key_id_of(first) == key_id_of(second)
    assert key_id_of(first) != key_id_of(of_another)


async def test_a_fact_that_names_nobody_has_a_key_under_its_position(desk: Desk) -> None:
    mine = await desk.register()
    said = {"summary": "s", "severity": "low", "account": PLAIN}
    answer = await desk.emit(mine, type=REPORTED, data=said)
    (fact,) = await desk.facts()
    got = await read(desk, "reviewer:privacy", person=f"fact-{answer.json()['position']}")
    assert got.status_code == 200, got.text
    assert unseal(fact.json()["account"], key_in(got)) == PLAIN


async def test_a_person_who_is_recorded_is_the_person_of_the_subject(desk: Desk) -> None:
    mine = await desk.register()
    said = {"display_name": "Ms Miller"}
    await desk.emit(mine, id="p", type="dev.govbus.person.recorded.v1", subject=f"person/{PERSON}", data=said)
    (fact,) = await desk.facts()
    assert key_id_of(fact.json()["display_name"]) == key_id_of(await complain(desk, mine))


async def test_a_platform_cannot_name_a_person_like_a_fact(desk: Desk) -> None:
    mine = await desk.register()
    refused = await desk.emit(mine, type=COMPLAINT, data={"account": PLAIN, "person": f"fact-{'a' * 32}"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/person")
    assert PLAIN not in refused.text


async def test_facts_that_come_at_once_make_one_key(desk: Desk) -> None:
    mine = await desk.register()
    answers = await asyncio.gather(
        *(
            desk.emit(
                mine, type=COMPLAINT, id=str(number), subject=f"model/retail/{number}",
                data={"account": PLAIN, "person": PERSON},
            )
            for number in range(8)
        )
    )  # fmt: skip
    assert {answer.status_code for answer in answers} == {202}
    assert len({key_id_of(fact.json()["account"]) for fact in await desk.facts()}) == 1


async def test_keys_of_a_batch_cost_no_statement_per_person(desk: Desk) -> None:
    mine = await desk.register()
    statements: list[str] = []
    engine = desk.app.state.service.engine.sync_engine

    @sqlalchemy_event.listens_for(engine, "before_cursor_execute")
    def note(*arguments: Any) -> None:
        statements.append(arguments[2])

    async def counted(first: int, count: int) -> int:
        statements.clear()
        batch = [
            cloud_event(id=str(number), type=COMPLAINT, data={"account": PLAIN, "person": f"p{number}"})
            for number in range(first, first + count)
        ]
        answer = await desk.client.post("/v1/events", content=json.dumps(batch), headers={**mine, **BATCH})
        assert {result["status"] for result in answer.json()["results"]} == {"accepted"}
        return len(statements)

    assert await counted(0, 2) == await counted(100, 40)


async def test_the_key_opens_the_text_and_the_reading_is_on_record(desk: Desk) -> None:
    account = await complain(desk, await desk.register())
    answer = await read(desk, "reviewer:privacy")
    assert answer.headers["cache-control"] == "no-store"
    key = key_in(answer)
    assert unseal(account, key) == PLAIN
    (noted,) = await on_record(desk, KEY_READ)
    assert (noted.subject, noted.authid, noted.dataclassification) == (
        f"person/{PERSON}", "//govbus/people/paula", "confidential",
    )  # fmt: skip
    said = noted.json()
    assert said == {
        "person": PERSON, "purpose": "answering complaint C-17", "granted": True, "key_ids": [key.id],
    }  # fmt: skip


@pytest.mark.parametrize("role", ["viewer", "operator", "owner", "auditor", "admin", "reviewer:risk", "reviewer"])
async def test_nobody_else_reads_a_key_nor_learns_whether_there_is_one_and_the_attempt_is_on_record(
    desk: Desk, role: str
) -> None:
    await complain(desk, await desk.register())
    refused, unknown = await read(desk, role), await read(desk, role, person="nobody")
    assert (refused.status_code, unknown.status_code) == (403, 403)
    assert refused.json()["detail"] == unknown.json()["detail"]
    noted = [event.json() for event in await on_record(desk, KEY_READ)]
    assert [(one["granted"], one["refusal"], one["key_ids"]) for one in noted] == [
        (False, "role_missing", []), (False, "role_missing", []),
    ]  # fmt: skip


async def test_a_platform_reads_no_key_not_even_of_its_own_fact(desk: Desk) -> None:
    mine = await desk.register()
    await complain(desk, mine)
    refused = await desk.client.get(f"/v1/keys/{PERSON}", params={"purpose": "mine"}, headers=mine)
    assert refused.status_code == 403
    (noted,) = await on_record(desk, KEY_READ)
    assert (noted.authid, noted.json()["granted"]) == ("//mlflow-prod", False)


async def test_a_reading_without_a_purpose_or_a_token_gets_nothing(desk: Desk) -> None:
    await complain(desk, await desk.register())
    paula = desk.person("reviewer:privacy")
    for params in ({}, {"purpose": ""}, {"purpose": "x" * 501}):
        assert (await desk.client.get(f"/v1/keys/{PERSON}", params=params, headers=paula)).status_code == 422
    assert (await desk.client.get(f"/v1/keys/{PERSON}", params={"purpose": "x"})).status_code == 401
    assert await on_record(desk, KEY_READ) == []


async def test_a_person_of_whom_nothing_was_said_is_unknown_and_the_question_is_on_record(desk: Desk) -> None:
    assert (await read(desk, "reviewer:privacy", person="nobody/at all")).status_code == 404
    (noted,) = await on_record(desk, KEY_READ)
    assert (noted.json()["person"], noted.json()["refusal"]) == ("nobody/at all", "unknown_person")
    assert noted.subject == "person/nobody%2Fat%20all"


@pytest.mark.parametrize("role", ["reviewer:privacy", "admin"])
async def test_an_erased_person_cannot_be_read_again_and_the_erasure_is_on_record(desk: Desk, role: str) -> None:
    account = await complain(desk, await desk.register())
    receipt = await erase(desk, role)
    assert (receipt.status_code, receipt.json()["key_ids"]) == (200, [key_id_of(account)])
    (noted,) = await on_record(desk, ERASED)
    assert noted.json() == {
        "person": PERSON,
        "reason": "Art. 17 GDPR, ticket P-204",
        "erased_at": receipt.json()["erased_at"],
        "key_ids": [key_id_of(account)],
    }
    assert receipt.json()["event"]["id"] == noted.id
    gone = await read(desk, "reviewer:privacy")
    assert (gone.status_code, gone.json()["reason"]) == (410, "erased")
    async with desk.connection() as connection:
        row = (await connection.exec_driver_sql("SELECT sealed_secret, erased_at FROM person_key")).one()
    assert (row.sealed_secret, row.erased_at) == (None, desk.clock.now)


async def test_erasing_twice_is_erasing_once(desk: Desk) -> None:
    await complain(desk, await desk.register())
    first = (await erase(desk, "admin")).json()
    desk.clock.now = desk.clock.now.replace(hour=23)
    again = (await erase(desk, "admin")).json()
    assert (first["already_erased"], again["already_erased"]) == (False, True)
    assert (again["erased_at"], again["key_ids"]) == (first["erased_at"], first["key_ids"])
    assert len(await on_record(desk, ERASED)) == 1


async def test_what_is_said_after_an_erasure_has_another_key(desk: Desk) -> None:
    mine = await desk.register()
    before = await complain(desk, mine)
    await erase(desk, "admin")
    after = await complain(desk, mine, "2")
    key = key_in(answer := await read(desk, "reviewer:privacy"))
    assert unseal(after, key) == PLAIN
    with pytest.raises(SealBroken):
        unseal(before, key)
    assert [one["kid"] for one in answer.json()["erased"]] == [key_id_of(before)]
    assert (await erase(desk, "admin")).json()["key_ids"] == [key.id]


@pytest.mark.parametrize("role", ["viewer", "operator", "owner", "auditor", "reviewer:risk"])
async def test_nobody_else_erases(desk: Desk, role: str) -> None:
    await complain(desk, await desk.register())
    assert (await erase(desk, role)).status_code == 403
    assert (await read(desk, "reviewer:privacy")).status_code == 200


async def test_an_erasure_names_a_person_who_has_a_key_and_a_reason(desk: Desk) -> None:
    admin = desk.person("admin")
    assert (await erase(desk, "admin", person="nobody")).status_code == 404
    for body in ({"person": PERSON}, {"person": "", "reason": "r"}, {"person": PERSON, "reason": "r", "all": True}):
        assert (await desk.client.post("/v1/erasures", json=body, headers=admin)).status_code == 422
    assert await on_record(desk, ERASED) == []

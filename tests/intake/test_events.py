"""`POST /v1/events`: modes, statuses, duplicates, refusals on record."""

import asyncio
import gzip
import json

import pytest

from govbus.contracts.identity import identity_digest
from intake.desk import Desk, cloud_event

REGISTERED = "dev.govbus.model.registered.v1"
STRUCTURED = {"content-type": "application/cloudevents+json"}
BATCH = {"content-type": "application/cloudevents-batch+json"}


async def test_one_event_is_accepted_with_its_position_and_leaves_as_a_fact(desk: Desk) -> None:
    mine = await desk.register()
    answer = await desk.emit(mine)
    assert answer.status_code == 202
    assert answer.json()["position"] == identity_digest("//mlflow-prod", REGISTERED, "1").hex()
    (fact,) = await desk.facts()
    assert fact.subject == "model/retail/credit-risk"
    assert fact.data == b'{"purpose": "scores loan applications"}'
    assert (fact.authtype, fact.authid, fact.actorassurance) == ("source", "//mlflow-prod", "authenticated")
    assert fact.recordedtime == desk.clock.now
    assert fact.dataschema == "https://schemas.govbus.dev/model.registered/1.0"


async def test_a_retry_is_a_duplicate_and_leaves_once_even_with_keys_in_another_order(desk: Desk) -> None:
    mine = await desk.register()
    await desk.emit(mine, data={"purpose": "a", "description": "b"})
    again = await desk.emit(mine, data={"description": "b", "purpose": "a"})
    assert (again.status_code, again.json()["status"]) == (200, "duplicate")
    assert len(await desk.facts()) == 1


async def test_an_event_without_time_is_a_duplicate_of_itself_later(desk: Desk) -> None:
    mine = await desk.register()
    assert (await desk.emit(mine, time=None)).status_code == 202
    desk.clock.now = desk.clock.now.replace(hour=15)
    assert (await desk.emit(mine, time=None)).status_code == 200


async def test_a_reused_identity_with_other_content_is_refused_and_on_record(desk: Desk) -> None:
    mine = await desk.register()
    await desk.emit(mine)
    answer = await desk.emit(mine, data={"purpose": "something else"})
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"].endswith("/id-reused")
    (refusal,) = await desk.refusals()
    assert (refusal["reason"], refusal["source_name"], refusal["claimed"]["id"]) == ("id_reused", "mlflow-prod", "1")


async def test_binary_mode_keeps_the_body_and_decodes_percent_encoded_headers(desk: Desk) -> None:
    mine = await desk.register()
    headers = {
        **mine,
        "ce-specversion": "1.0",
        "ce-id": "%C3%A9 1",
        "ce-source": "//mlflow-prod/eu",
        "ce-type": REGISTERED,
        "ce-subject": "model/retail/credit-risk",
        "content-type": "application/json; charset=utf-8",
    }
    answer = await desk.client.post("/v1/events", content=b'{ "purpose" :"x"}', headers=headers)
    assert answer.status_code == 202, answer.text
    (fact,) = await desk.facts()
    assert (fact.id, fact.data) == ("é 1", b'{ "purpose" :"x"}')
    assert fact.datacontenttype == "application/json; charset=utf-8"


async def test_a_batch_answers_for_each_event_in_its_order(desk: Desk) -> None:
    mine = await desk.register()
    batch = [
        cloud_event(id="a"),
        cloud_event(id="b", source="//somebody-else"),
        cloud_event(id="a"),
        cloud_event(id="a", data={"purpose": "other"}),
        {"specversion": "1.0"},
        cloud_event(id="c", data={"purpose": 7}),
    ]
    answer = await desk.client.post("/v1/events", content=json.dumps(batch), headers={**mine, **BATCH})
    assert answer.status_code == 202
    results = answer.json()["results"]
    assert [result["status"] for result in results] == ["accepted", "rejected", "duplicate", *["rejected"] * 3]
    assert [result["problem"]["status"] for result in results if "problem" in result] == [403, 409, 400, 422]
    assert results[5]["problem"]["errors"][0]["pointer"] == "/purpose"
    assert len(await desk.facts()) == 1
    assert len(await desk.refusals()) == 4


async def test_a_batch_larger_than_one_transaction_is_taken_whole(desk: Desk) -> None:
    mine = await desk.register()
    batch = [cloud_event(id=str(n), subject=f"model/retail/m{n % 7}") for n in range(450)]
    answer = await desk.client.post("/v1/events", content=json.dumps(batch), headers={**mine, **BATCH})
    assert {result["status"] for result in answer.json()["results"]} == {"accepted"}
    facts = await desk.facts()
    assert [fact.id for fact in facts] == [str(n) for n in range(450)]


async def test_the_same_event_sent_by_many_at_once_is_accepted_once(desk: Desk) -> None:
    mine = await desk.register()
    answers = await asyncio.gather(*(desk.emit(mine) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [202]
    assert len(await desk.facts()) == 1


BAD_BODIES = {
    "duplicate_key": b'{"specversion":"1.0","id":"1","id":"2","source":"//mlflow-prod","type":"t"}',
    "not_a_number": b'{"specversion":"1.0","id":"1","source":"//mlflow-prod","type":"t","data":NaN}',
    "not_a_number ": b'{"specversion":"1.0","id":"1","source":"//mlflow-prod","type":"t","data":1e400}',
    "lone_surrogate": b'{"specversion":"1.0","id":"1","source":"//mlflow-prod","type":"t","data":"\\ud800"}',
    "nesting_too_deep": b'{"specversion":"1.0","id":"1","source":"//mlflow-prod","type":"t","data":'
    + b"[" * 40
    + b"]" * 40
    + b"}",
    "invalid_json": b"{",
    "invalid_utf8": b'{"id":"\xff"}',
    "invalid_envelope": b'{"specversion":"0.3","id":"1","source":"//mlflow-prod","type":"t"}',
}


@pytest.mark.parametrize("case", BAD_BODIES)
async def test_a_malformed_body_is_400_with_its_reason_and_on_record(desk: Desk, case: str) -> None:
    mine, reason = await desk.register(), case.strip()
    answer = await desk.client.post("/v1/events", content=BAD_BODIES[case], headers={**mine, **STRUCTURED})
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (400, reason.replace("_", "-"))
    (refusal,) = await desk.refusals()
    assert refusal["reason"] == reason


FOREIGN = {
    "foreign_source": {"source": "//mlflow-production"},
    "foreign_namespace": {"subject": "model/wholesale/credit-risk"},
    "foreign_type": {"type": "dev.govbus.approval.recorded.v1"},
}


@pytest.mark.parametrize("reason", FOREIGN)
async def test_what_is_not_ones_own_is_403_and_on_record(desk: Desk, reason: str) -> None:
    mine = await desk.register()
    answer = await desk.emit(mine, **FOREIGN[reason])
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (403, reason.replace("_", "-"))
    assert [refusal["reason"] for refusal in await desk.refusals()] == [reason]


@pytest.mark.parametrize("type_", ["dev.govbus.release.allowed.v1", "dev.govbus.review.decided.v1"])
async def test_a_platform_cannot_say_a_conclusion_not_even_one_to_come(desk: Desk, type_: str) -> None:
    mine = await desk.register(types=["*"])
    assert (await desk.emit(mine, type=type_)).status_code == 403


async def test_an_independent_validation_needs_a_registration_that_lists_it(desk: Desk) -> None:
    said = {
        "type": "dev.govbus.validation.completed.v1",
        "data": {"version": "1", "kind": "fairness", "outcome": "passed", "independent": True},
    }
    plain = await desk.register()
    assert (await desk.emit(plain, **said)).status_code == 403
    listed = await desk.register("auditors", types=["validation.*"])
    assert (await desk.emit(listed, source="//auditors", **said)).status_code == 202
    unsaid = {**said, "data": {"version": "1", "kind": "independent_review", "outcome": "passed"}}
    assert (await desk.emit(plain, **unsaid)).status_code == 403


async def test_the_longest_registered_prefix_owns_a_source(desk: Desk) -> None:
    wide = await desk.register("wide", source="//cloud")
    narrow = await desk.register("narrow", source="//cloud/eu")
    assert (await desk.emit(wide, source="//cloud/us")).status_code == 202
    assert (await desk.emit(wide, source="//cloud/eu/x", id="2")).status_code == 403
    assert (await desk.emit(narrow, source="//cloud/eu/x", id="2")).status_code == 202


async def test_a_foreign_cloud_event_becomes_an_opaque_fact_under_an_external_subject(desk: Desk) -> None:
    mine = await desk.register()
    said = {"type": "com.example.ticket", "subject": "a/b c", "recordedtime": "2000-01-01T00:00:00Z", "authid": "me"}
    assert (await desk.emit(mine, **said)).status_code == 202
    (fact,) = await desk.facts()
    assert fact.subject == "external/mlflow-prod/a%2Fb%20c"
    assert fact.recordedtime == desk.clock.now
    assert fact.authid == "//mlflow-prod"


@pytest.mark.parametrize(
    ("type_", "subject"),
    [
        ("model.registered", "dataset/retail/loans"),
        ("model.registered", "vendor/acme"),
        ("model.registered", "external/mlflow-prod/x"),
        ("model.registered", "model/retail/a/b"),
        ("deployment.completed", "system/retail/loans"),
        ("dataset.registered", "model/retail/loans"),
        ("vendor.registered", "model/retail/loans"),
    ],
)
async def test_a_fact_about_a_subject_that_no_record_can_have_is_refused_at_the_door(
    desk: Desk, type_: str, subject: str
) -> None:
    mine = await desk.register()
    answer = await desk.emit(mine, type=f"dev.govbus.{type_}.v1", subject=subject)
    assert (answer.status_code, answer.json()["reason"]) == (400, "invalid_envelope")
    assert await desk.facts() == []


async def test_an_opaque_fact_may_be_about_any_kind_and_a_name_with_a_slash_is_nobodys_model(desk: Desk) -> None:
    mine = await desk.register()
    await desk.emit(mine, type="com.example.ticket", subject="dataset/retail/loans", id="1")
    await desk.emit(mine, type="com.example.ticket", subject="model/retail/a/b", id="2")
    assert [fact.subject for fact in await desk.facts()] == [
        "dataset/retail/loans",
        "external/mlflow-prod/model%2Fretail%2Fa%2Fb",
    ]


async def test_an_event_cannot_say_of_itself_which_mapping_read_it(desk: Desk) -> None:
    mine = await desk.register()
    forged = {"mappingname": "mlflow", "mappingversion": "2", "mappingdigest": "00", "rawdigest": "00", "own": "kept"}
    await desk.emit(mine, **forged)
    (fact,) = await desk.facts()
    assert fact.extensions == {"own": "kept"}


async def test_an_event_over_256_kib_is_413_and_on_record(desk: Desk) -> None:
    mine = await desk.register()
    answer = await desk.emit(mine, type="com.example.big", data="x" * 300_000)
    assert answer.status_code == 413
    assert [refusal["reason"] for refusal in await desk.refusals()] == ["too_large"]


async def test_a_body_over_8_mib_is_413_before_it_is_read(desk: Desk) -> None:
    mine = await desk.register()
    answer = await desk.client.post("/v1/events", content=b" " * (8 * 1024 * 1024 + 1), headers={**mine, **BATCH})
    assert answer.status_code == 413
    (refusal,) = await desk.refusals()
    assert "raw_sha256" not in refusal


async def test_a_gzip_bomb_is_413_and_honest_gzip_is_read(desk: Desk) -> None:
    mine = {**await desk.register(), **STRUCTURED, "content-encoding": "gzip"}
    bomb = gzip.compress(b"0" * (64 * 1024 * 1024))
    assert (await desk.client.post("/v1/events", content=bomb, headers=mine)).status_code == 413
    honest = gzip.compress(json.dumps(cloud_event()).encode())
    assert (await desk.client.post("/v1/events", content=honest, headers=mine)).status_code == 202


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"content-type": "application/cloudevents+avro"},
        {"content-type": "application/cloudevents+json; charset=latin-1"},
        {"content-type": "application/cloudevents+json", "content-encoding": "br"},
    ],
)
async def test_a_wrong_media_type_is_415(desk: Desk, headers: dict[str, str]) -> None:
    mine = await desk.register()
    answer = await desk.client.post("/v1/events", content=b"{}", headers={**mine, **headers})
    assert answer.status_code == 415


@pytest.mark.parametrize("token", ["", "Bearer nonsense", "Bearer gbs_" + "A" * 43, "Basic eDp5"])
async def test_an_unknown_credential_is_401_and_counted_never_recorded_singly(desk: Desk, token: str) -> None:
    answer = await desk.emit({"authorization": token} if token else {})
    assert answer.status_code == 401
    assert await desk.refusals() == []
    await desk.reception.write_counts()
    desk.clock.now = desk.clock.now.replace(minute=1)
    await desk.reception.summarise()
    assert await desk.refusals() == []
    desk.clock.now = desk.clock.now.replace(second=59)
    await desk.reception.summarise()
    (summary,) = await desk.refusals()
    assert (summary["reason"], summary["count"]) == ("unknown_credential", 1)


async def test_an_owner_emits_as_themselves_and_a_viewer_does_not(desk: Desk) -> None:
    owner = desk.person("owner", name="olga")
    said = {"source": "//govbus/people/olga", "subject": "model/any/thing"}
    assert (await desk.emit(owner, **said)).status_code == 202
    (fact,) = await desk.facts()
    assert (fact.authtype, fact.authid) == ("person", "//govbus/people/olga")
    assert (await desk.emit(owner, id="2", source="//govbus/people/otto")).status_code == 403
    assert (await desk.emit(desk.person("viewer"), **said)).status_code == 403
    assert [refusal["reason"] for refusal in await desk.refusals()] == ["foreign_source", "not_yours"]


async def test_an_emitter_finds_its_event_and_nobody_elses(desk: Desk) -> None:
    mine = await desk.register()
    other = await desk.register("other")
    position = (await desk.emit(mine)).json()["position"]
    asked = {"source": "//mlflow-prod", "type": REGISTERED, "id": "1"}
    found = await desk.client.get("/v1/events", params=asked, headers=mine)
    assert (found.status_code, found.json()["position"], found.json()["topic"]) == (200, position, "govbus.facts")
    assert (await desk.client.get("/v1/events", params=asked, headers=other)).status_code == 404
    assert (await desk.client.get("/v1/events", params=asked, headers=desk.person("viewer"))).status_code == 200
    assert (await desk.client.get("/v1/events", params={**asked, "id": "2"}, headers=mine)).status_code == 404


async def test_batches_that_share_subjects_in_opposite_orders_do_not_deadlock(desk: Desk) -> None:
    mine = {**await desk.register(), **BATCH}
    events = [cloud_event(id=str(n), subject=f"model/retail/m{n % 20}") for n in range(100)]
    orders = [events, events[::-1]] * 4
    answers = await asyncio.gather(
        *(desk.client.post("/v1/events", content=json.dumps(order), headers=mine) for order in orders)
    )
    statuses = [result["status"] for answer in answers for result in answer.json()["results"]]
    assert (statuses.count("accepted"), statuses.count("duplicate")) == (100, 700)
    assert len(await desk.facts()) == 100


async def test_a_fact_continues_the_trace_that_its_emitter_stated(desk: Desk) -> None:
    mine = await desk.register()
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    await desk.emit(mine, traceparent=f"00-{trace_id}-00f067aa0ba902b7-01")
    await desk.emit(mine, id="2", traceparent="nonsense")
    first, second = await desk.facts()
    assert (first.traceparent or "").split("-")[1] == trace_id
    assert second.traceparent != "nonsense"


async def test_the_document_describes_every_route_and_its_bodies(desk: Desk) -> None:
    paths = (await desk.client.get("/openapi.json")).json()["paths"]
    assert {
        "/v1/events",
        "/v1/webhooks/{source_name}",
        "/v1/sources",
        "/v1/sources/{name}",
        "/v1/sources/{name}/credentials",
        "/v1/sources/{name}/credentials/{credential_id}",
        "/v1/rejected",
        "/v1/rejected/{rejected_id}/replay",
    } <= set(paths)
    body = paths["/v1/sources"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert "secret" in json.dumps(body)
    assert "$ref" not in json.dumps(body)
    assert "application/cloudevents-batch+json" in paths["/v1/events"]["post"]["requestBody"]["content"]

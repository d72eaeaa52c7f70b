"""The HTTP surface, verified with nothing but what it serves."""

import asyncio
from base64 import b64decode
from pathlib import Path

import pytest

from audit_log.desk import NOW, Desk, event, settings
from govbus.contracts.envelope import format_time
from govbus.contracts.translog.checkpoint import open_checkpoint
from govbus.contracts.translog.merkle import CompactRange, grow, leaf_hash
from govbus.contracts.translog.tiles import split_entries, split_hashes, tiles_at
from govbus.contracts.translog.verification import verify_payload, verify_proof
from govbus.contracts.translog.vkey import parse_vkey

STORY = (
    event("r1", authid="//govbus/people/alice"),
    event("v1", type="dev.govbus.validation.completed.v1", correlationid="c1", causationid="r1"),
    event("f1", type="dev.govbus.validation.failed.v1", source="//govbus/risk", correlationid="c1", causationid="v1"),
    event("i1", type="dev.govbus.incident.opened.v1", subject="incident/7", correlationid="c1", causationid="f1"),
    event("x1", subject="model/retail/other", data=b"\x00\xff", datacontenttype="application/octet-stream"),
    event("s1", subject="model/retail/other", dataclassification="confidential", data=b'{"secret":"plan"}'),
)


@pytest.fixture
async def log(desk: Desk) -> Desk:
    """A signed log with a story in it."""
    await desk.enter(*STORY)
    await desk.sign()
    return desk


async def test_a_proof_and_the_key_are_enough_to_verify_an_entry(log: Desk) -> None:
    vkey = (await log.get("/v1/log/key")).text.strip()
    for index in range(len(STORY)):
        entry = (await log.get(f"/v1/log/entries/{index}", "auditor")).json()
        proof = await log.get(f"/v1/log/entries/{index}/proof")
        assert proof.headers["content-type"].startswith("text/plain")
        raw = b64decode(entry["entry"])
        assert verify_proof(raw, proof.text, vkey).index == index
        payload, key = b64decode(entry["payload_base64"]), b64decode(entry["commitment_key"])
        assert verify_payload(raw, payload, key, attributes=b64decode(entry["attributes_base64"])).id == entry["id"]


async def test_the_tiles_alone_rebuild_the_tree(log: Desk) -> None:
    await log.enter(*(event(f"n{number}") for number in range(600)))
    await log.sign()
    key = parse_vkey((await log.get("/v1/log/key")).text)
    signed = open_checkpoint((await log.get("/v1/log/checkpoint")).text, key).checkpoint
    leaves: list[bytes] = []
    for tile in tiles_at(signed.size):
        answer = await log.get(f"/v1/log/tile/{tile.path()}")
        assert "immutable" in answer.headers["cache-control"]
        if tile.level == 0:
            hashes = split_hashes(answer.content)
            assert len(hashes) == tile.width
            bundle = await log.get(f"/v1/log/tile/{tile.path().replace('0/', 'entries/', 1)}")
            assert [leaf_hash(entry) for entry in split_entries(bundle.content)] == hashes
            leaves.extend(hashes)
        else:
            level_below = [
                grow(CompactRange(), leaves[n * 256 : n * 256 + 256]).compact.root for n in range(tile.width)
            ]
            assert split_hashes(answer.content) == level_below
    assert grow(CompactRange(), leaves).compact.root == signed.root


@pytest.mark.parametrize("path", ["0/001", "0/000", "0/000.p/9", "1/000.p/1", "entries/000.p/9", "7", "0/000.p/0"])
async def test_tiles_that_are_not_under_a_checkpoint_are_not_served(log: Desk, path: str) -> None:
    await log.enter(event("more"), event("still more"), event("and more"))
    answer = await log.get(f"/v1/log/tile/{path}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_an_empty_log_says_so(desk: Desk) -> None:
    assert (await desk.get("/v1/log/checkpoint")).status_code == 404
    assert (await desk.get("/v1/log/entries", "viewer")).json() == {"items": [], "next": None}
    assert (await desk.get("/v1/log/entries/0/proof")).status_code == 404


async def test_an_entry_without_a_checkpoint_is_not_proved_yet(log: Desk) -> None:
    await log.enter(event("new"))
    answer = await log.get("/v1/log/entries/6/proof")
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "not-covered-yet")
    assert answer.headers["retry-after"] == "1"
    assert (await log.get("/v1/log/entries/7/proof")).status_code == 404
    assert (await log.get("/v1/log/entries/7", "viewer")).status_code == 404


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("subject=model/retail/other", ["x1", "s1"]),
        ("type=dev.govbus.validation.failed.v1", ["f1"]),
        ("source=//govbus/risk", ["f1"]),
        ("actor=//govbus/people/alice", ["r1"]),
        ("correlation=c1", ["v1", "f1", "i1"]),
        ("id=v1", ["v1"]),
        ("id=v1&type=other", []),
        (f"since={format_time(NOW)}&limit=1", ["r1"]),
        (f"until={format_time(NOW)}", []),
        ("since=2026-11-23T11:00:02%2B01:00", []),
        ("kind=event&limit=2", ["r1", "v1"]),
    ],
)
async def test_entries_are_found_by_what_they_are_about(log: Desk, query: str, ids: list[str]) -> None:
    answer = await log.get(f"/v1/log/entries?{query}", "viewer")
    assert [item["id"] for item in answer.json()["items"]] == ids


async def test_a_list_has_the_agreed_shape_and_goes_on_by_cursor(log: Desk) -> None:
    seen: list[str] = []
    cursor = ""
    while True:
        answer = (await log.get(f"/v1/log/entries?limit=4&cursor={cursor}", "viewer")).json()
        seen.extend(item["id"] for item in answer["items"])
        if not answer["next"]:
            break
        cursor = answer["next"]
    assert seen == [item.id for item in STORY]
    first = (await log.get("/v1/log/entries?limit=1", "viewer")).json()["items"][0]
    assert first["kafka"] == {"topic": "govbus.facts", "partition": 0, "offset": 0, "timestamp": 1_795_428_001_300}
    assert (first["index"], first["state"], first["payload"]) == (0, "integrated", {"purpose": "scoring"})
    assert {"id", "source", "type", "subject", "time", "recordedtime"} <= first.keys()


async def test_confidential_payload_needs_an_auditor_and_is_put_on_record(log: Desk) -> None:
    refused = (await log.get("/v1/log/entries/5", "viewer")).json()
    assert refused["payload_withheld"] == "confidential"
    assert not {"payload", "payload_base64", "commitment_key", "attributes"} & refused.keys()
    assert await log.rows("SELECT count(*) FROM entry WHERE kind = 'access'") == [(0,)]
    shown = (await log.get("/v1/log/entries?subject=model/retail/other", "auditor", name="ada")).json()
    assert shown["items"][1]["payload"] == {"secret": "plan"}
    [access] = (await log.get("/v1/log/entries?kind=access", "auditor", name="ada")).json()["items"]
    assert (access["payload"]["reader"], access["payload"]["indexes"]) == ("//govbus/people/ada", [5])
    assert await log.rows("SELECT count(*) FROM entry WHERE kind = 'access'") == [(1,)]
    await log.sign()
    assert (await log.get("/v1/log/entries/6/proof")).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["entries", "entries/0", "trace/r1", "stream"],
)
async def test_entries_need_a_person(log: Desk, path: str) -> None:
    assert (await log.get(f"/v1/log/{path}")).status_code == 401


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=501", "since=yesterday", "until=2026-11-23", "id=%00", "subject=a%00b"],
)
async def test_a_query_that_means_nothing_is_refused(log: Desk, query: str) -> None:
    answer = await log.get(f"/v1/log/entries?{query}", "viewer")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_forged_cursor_is_refused(log: Desk) -> None:
    answer = await log.get("/v1/log/entries?cursor=rubbish", "viewer")
    assert (answer.status_code, answer.json()["reason"]) == (400, "invalid_cursor")


@pytest.mark.parametrize("query", ["from=3&to=2", "from=-1&to=2", "from=1", "from=x&to=2", f"from=1&to={2**63}"])
async def test_sizes_that_are_none_are_refused(log: Desk, query: str) -> None:
    assert (await log.get(f"/v1/log/consistency?{query}")).status_code == 422


async def test_consistency_is_told_up_to_the_newest_checkpoint(log: Desk) -> None:
    assert (await log.get("/v1/log/consistency?from=2&to=7")).status_code == 409
    assert (await log.get("/v1/log/consistency?from=0&to=6")).json()["hashes"] == []
    assert (await log.get("/v1/log/consistency?from=6&to=6")).json()["hashes"] == []


async def test_a_log_that_is_not_public_wants_a_person_for_everything(log_dsn: str, tmp_path: Path) -> None:
    closed = Desk(settings(log_dsn, tmp_path, audit_log_public=False))
    await closed.sign()
    await closed.enter(event("a"))
    await closed.sign()
    for path in ("checkpoint", "key", "tile/0/000.p/1", "entries/0/proof", "consistency?from=0&to=1"):
        assert (await closed.get(f"/v1/log/{path}")).status_code == 401
        assert (await closed.get(f"/v1/log/{path}", "viewer")).status_code == 200
    await closed.close()


async def test_an_index_beyond_what_the_database_counts_is_refused(log: Desk) -> None:
    assert (await log.get(f"/v1/log/entries/{2**63}", "viewer")).status_code == 422
    assert (await log.get("/v1/log/entries/-1/proof")).status_code == 422


async def test_metrics_tell_sizes(log: Desk) -> None:
    await asyncio.wait_for(log.do("progress"), 10)
    text = (await log.get("/metrics")).text
    assert "govbus_log_size_entries 6.0" in text
    assert "govbus_log_checkpoint_size_entries 6.0" in text
    assert "govbus_log_checkpoint_age_seconds" in text

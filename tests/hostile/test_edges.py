"""Requests at the edge of what can be said: far years, forged cursors, keys that stand twice."""

import base64
import json
import uuid

import httpx2
import pytest

from hostile.conftest import Open
from hostile.services import EVERY_ROLE, SERVICES
from people import Issuer

FAR = ("9999-12-31T23:59:59.999999-14:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:60Z", "10000-01-01T00:00:00Z")
LAST = ("9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00Z")
DATED = (
    ("inventory", "/v1/models", "as_of"),
    ("inventory", "/v1/models/retail/credit-risk", "as_of"),
    ("inventory", "/v1/models/retail/credit-risk/versions", "as_of"),
    ("inventory", "/v1/models/retail/credit-risk/versions/2", "as_of"),
    ("risk", "/v1/risk/model/retail/credit-risk", "as_of"),
    ("oversight", "/v1/cases", "due_before"),
    ("audit_log", "/v1/log/entries", "since"),
)
PAGED = (
    ("audit_log", "/v1/log/entries"),
    ("intake", "/v1/sources"),
    ("intake", "/v1/rejected"),
    ("inventory", "/v1/models"),
    ("inventory", "/v1/models/retail/credit-risk/history"),
    ("inventory", "/v1/models/retail/credit-risk/versions"),
    ("notifier", "/v1/notifications"),
    ("oversight", "/v1/cases"),
    ("risk", "/v1/policies"),
    *((name, f"/v1/ops/{name}/parked") for name in SERVICES if name not in {"audit_log", "console"}),
)
PARSED = (
    ("notifier", "/v1/routes/test", {"type": "event.rejected"}),
    ("oversight", "/v1/incidents", {"about": ["model/retail/credit-risk"], "summary": "s", "severity": "low"}),
    ("risk", "/v1/policies", {"name": "n", "files": {"a.yaml": "[]"}}),
    ("risk", "/v1/gate", {"subject": "model/a/b", "version": "1", "environment": "p", "requested_by": "//ci"}),
    ("intake", "/v1/sources", {"name": "ci", "source": "//ci"}),
)


def cursor(key: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


FORGED = (
    *(
        "x",
        "\u00e9",
        "AAAA",
        "=" * 9,
        cursor({}),
        cursor("a"),
        cursor([]),
        cursor([None]),
        cursor([True]),
        cursor([1.5]),
    ),
    *(cursor([number]) for number in (2**31, 2**62, 2**63 - 1, 2**63, -(2**63), 2**70, 10**40)),
    *(cursor([text]) for text in ("", "x", "\x00", "not-a-uuid", "0" * 36, str(uuid.UUID(int=0)))),
    *(cursor(key) for key in ([1, 2], ["a", "b"], ["2026-01-01T00:00:00Z", "x"], ["x", str(uuid.UUID(int=0))])),
    cursor(["9999-12-31T23:59:59-14:00", str(uuid.UUID(int=0))]),
)


def _is_problem(answer: httpx2.Response, status: int) -> bool:
    return answer.status_code == status and answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(("name", "path", "field"), DATED)
async def test_a_time_beyond_the_calendar_is_422(
    client: Open, issuer: Issuer, name: str, path: str, field: str
) -> None:
    http, headers = client(name), issuer.bearer("alice", *EVERY_ROLE)
    for moment in FAR:
        answer = await http.get(path, params={field: moment}, headers=headers)
        assert _is_problem(answer, 422), (moment, answer.status_code, answer.text)
    for moment in LAST:
        answer = await http.get(path, params={field: moment}, headers=headers)
        assert answer.status_code in {200, 404}, (moment, answer.text)


@pytest.mark.parametrize(("name", "path"), PAGED)
async def test_a_forged_cursor_is_400_or_leads_nowhere(client: Open, issuer: Issuer, name: str, path: str) -> None:
    http, headers = client(name), issuer.bearer("alice", *EVERY_ROLE)
    refused = 0
    for forged in FORGED:
        answer = await http.get(path, params={"cursor": forged}, headers=headers)
        assert answer.status_code in {200, 400}, (forged, answer.status_code, answer.text)
        if answer.status_code == 400:
            assert answer.json()["reason"] == "invalid_cursor"
            refused += 1
    assert refused >= 15


@pytest.mark.parametrize(("name", "path", "body"), PARSED)
@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ('{{"a": 1, {rest}, "a": 2}}', "duplicate_key"),
        ('{{"n": NaN, {rest}}}', "not_a_number"),
        ('{{"n": 1e999, {rest}}}', "not_a_number"),
        ('{{"s": "\\ud800", {rest}}}', "lone_surrogate"),
        ("[" * 300 + "]" * 300, "nesting_too_deep"),
    ],
)
async def test_json_that_two_readers_take_differently_is_400(
    client: Open, issuer: Issuer, name: str, path: str, body: dict[str, object], broken: str, reason: str
) -> None:
    sent = broken.format(rest=json.dumps(body)[1:-1]) if "{rest}" in broken else broken
    headers = {**issuer.bearer("alice", *EVERY_ROLE), "content-type": "application/json"}
    answer = await client(name).post(path, content=sent, headers=headers)
    assert _is_problem(answer, 400), answer.text
    assert answer.json()["reason"] == reason


@pytest.mark.parametrize(("name", "path", "body"), PARSED)
@pytest.mark.parametrize("raw", [b"[" * 200_000, b'{"a":' * 200_000, b"1" * 5000, b"\xff", b"\xef\xbb\xbf{}", b"{"])
async def test_what_no_parser_finishes_is_400(
    client: Open, issuer: Issuer, name: str, path: str, body: dict[str, object], raw: bytes
) -> None:
    headers = {**issuer.bearer("alice", *EVERY_ROLE), "content-type": "application/json"}
    http = client(name)
    refused = await http.post(path, content=raw, headers=headers)
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.status_code in ({413} if len(raw) > 65_536 and name == "intake" else {400, 422}), refused.text
    assert (await http.post(path, json=body, headers=headers)).status_code in {200, 201, 422}


@pytest.mark.parametrize("name", SERVICES)
async def test_every_service_answers_operators_about_parked_records(client: Open, issuer: Issuer, name: str) -> None:
    http, headers = client(name), issuer.bearer("olga", "operator")
    listed = await http.get(f"/v1/ops/{name}/parked", headers=headers)
    assert (listed.status_code, listed.json()) == (200, {"items": [], "next": None})
    id_ = uuid.UUID(int=0)
    for method, path in (("GET", f"{id_}"), ("POST", f"{id_}/replay"), ("POST", f"{id_}/discard")):
        answer = await http.request(method, f"/v1/ops/{name}/parked/{path}", headers=headers)
        assert (answer.status_code, answer.json()["reason"]) == (404, "not_parked")
    assert _is_problem(await http.get(f"/v1/ops/{name}/parked?state=gone", headers=headers), 422)
    assert _is_problem(await http.post(f"/v1/ops/{name}/rebuild", headers=headers), 409)
    assert (await http.get(f"/v1/ops/{name}/parked", headers=issuer.bearer("vera", "viewer"))).status_code == 403

"""Cursors and ids that no answer of ours ever held: refused in words, never a failure."""

import base64
import json

import httpx2
import pytest

from intake.desk import Desk

LISTS = ("/v1/sources", "/v1/rejected")
KEYS: list[object] = [
    [],
    {},
    None,
    [None],
    [1.5],
    [True],
    [2**63],
    [-(2**63) - 1],
    [10**400],
    ["a", "b"],
    ["\x00"],
    ["\ud800"],
    [["a"]],
    [1, 2],
]


def _cursor(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


FORGED = [
    *("x", "é", "=" * 10, "A" * 10_000),
    *(_cursor(json.dumps(key).encode()) for key in KEYS),
    _cursor(b"[" * 10_000),
    _cursor(b'["\xff"]'),
]
IDS = ["x", "1", "0" * 36, "é", "a" * 5000, "%F0%9F%98%80", "{}"]


async def _asked(desk: Desk, method: str, path: str, **more: object) -> httpx2.Response:
    return await desk.client.request(method, path, headers=desk.person("admin", "operator"), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("path", LISTS)
async def test_a_forged_cursor_is_refused_in_words(desk: Desk, path: str) -> None:
    await desk.register()
    for cursor in FORGED:
        answer = await _asked(desk, "GET", path, params={"cursor": cursor})
        assert (answer.status_code, answer.json()["reason"]) == (400, "invalid_cursor"), cursor[:50]


@pytest.mark.parametrize("id_", IDS)
async def test_an_id_that_is_none_is_refused_in_words(desk: Desk, id_: str) -> None:
    await desk.register("ci")
    asked = [
        await _asked(desk, "POST", f"/v1/rejected/{id_}/replay"),
        await _asked(desk, "DELETE", f"/v1/sources/ci/credentials/{id_}"),
        await _asked(desk, "GET", f"/v1/sources/{id_}"),
        await _asked(desk, "GET", f"/v1/sources/{id_}/signature"),
        await _asked(desk, "GET", f"/v1/sources/{id_}/handshakes"),
        await _asked(desk, "POST", f"/v1/webhooks/{id_}"),
        await _asked(desk, "OPTIONS", f"/v1/webhooks/{id_}"),
    ]
    assert {answer.status_code for answer in asked} <= {400, 404, 405, 422}
    assert all(answer.json()["detail"] for answer in asked)

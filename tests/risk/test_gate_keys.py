"""`Idempotency-Key` at the gate: one decision per key and question, for a while."""

import asyncio
from collections.abc import Callable

import httpx2
import pytest

from govbus.eventing.service import Service
from govbus.risk.app import build_app
from govbus.risk.settings import Settings
from risk.delivering import MODEL, sent

Bearer = Callable[..., dict[str, str]]
ASKED = {"subject": MODEL, "version": "2", "environment": "production", "requested_by": "//ci"}


async def ask(http: httpx2.AsyncClient, headers: dict[str, str], key: str, **changes: str) -> httpx2.Response:
    return await http.post("/v1/gate", json=ASKED | changes, headers={**headers, "idempotency-key": key})


async def test_the_same_question_under_the_same_key_is_decided_once(
    http: httpx2.AsyncClient, service: Service, bearer: Bearer
) -> None:
    first = await ask(http, bearer("ci", "operator"), "k1")
    again = await ask(http, bearer("ci", "operator"), "k1")
    assert (first.status_code, again.status_code, again.json()) == (200, 200, first.json())
    assert ("idempotency-replayed" in first.headers, again.headers["idempotency-replayed"]) == (False, "true")
    assert len(await sent(service)) == 1


async def test_who_asks_twice_at_once_gets_one_decision(
    http: httpx2.AsyncClient, service: Service, bearer: Bearer
) -> None:
    answers = await asyncio.gather(*(ask(http, bearer("ci", "operator"), "k1") for _ in range(5)))
    assert len({answer.json()["decision_id"] for answer in answers}) == 1
    assert len(await sent(service)) == 1


async def test_another_question_under_the_key_is_refused_and_another_person_has_keys_of_their_own(
    http: httpx2.AsyncClient, bearer: Bearer
) -> None:
    first = await ask(http, bearer("ci", "operator"), "k1")
    reused = await ask(http, bearer("ci", "operator"), "k1", version="3")
    other = await ask(http, bearer("eve", "operator"), "k1", version="3")
    assert (reused.status_code, reused.json()["reason"]) == (422, "idempotency_key_reused")
    assert (other.status_code, other.json()["decision_id"] != first.json()["decision_id"]) == (200, True)


async def test_an_old_decision_is_not_given_again_as_if_it_were_of_today(
    http: httpx2.AsyncClient, settings: Settings, bearer: Bearer
) -> None:
    await ask(http, bearer("ci", "operator"), "k1")
    later = build_app(settings.model_copy(update={"gate_repeat_seconds": 0.0}))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(later), base_url="http://risk") as client:
        answer = await ask(client, bearer("ci", "operator"), "k1")
    await later.state.service.engine.dispose()
    assert (answer.status_code, answer.json()["reason"]) == (422, "idempotency_key_expired")


@pytest.mark.parametrize("key", ["", "x" * 256, "\u00e9"])
async def test_a_key_that_is_none_is_refused(http: httpx2.AsyncClient, bearer: Bearer, key: str) -> None:
    token = bearer("ci", "operator")["authorization"]
    headers = [(b"authorization", token.encode()), (b"idempotency-key", key.encode())]
    answer = await http.post("/v1/gate", json=ASKED, headers=headers)
    assert answer.status_code == 422

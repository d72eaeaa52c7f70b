"""The board: what the services say, with the visitor's own token, as it changes."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx2

from console.services import FrontDoor

Link = Callable[..., str]
Token = Callable[..., str]
MODEL = "model/retail/credit-risk"


async def report(door_url: str, token: str, summary: str = "people were refused wrongly", **more: Any) -> str:
    """Report an incident to the real oversight service."""
    body = {"about": [MODEL], "summary": summary, "severity": "high", **more}
    async with httpx2.AsyncClient(base_url=door_url) as client:
        answer = await client.post("/v1/incidents", json=body, headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 201, answer.text
    id_: str = answer.json()["id"]
    return id_


async def test_the_board_shows_incidents_notifications_and_the_checkpoint(
    browser: httpx2.AsyncClient, link: Link, door_url: str, token: Token
) -> None:
    await report(door_url, token("olga", "operator"))
    await browser.get(link())
    page = (await browser.get("/")).text
    assert "people were refused wrongly" in page
    assert MODEL in page
    assert "Nobody had to be told" in page
    assert "govbus.local/audit" in page
    assert " UTC</time>" in page


async def test_what_others_wrote_is_shown_as_text_never_as_markup(
    browser: httpx2.AsyncClient, link: Link, door_url: str, token: Token
) -> None:
    await report(door_url, token("olga", "operator"), '<img src=x onerror="alert(1)"><script>alert(2)</script>')
    await browser.get(link())
    page = (await browser.get("/")).text
    assert "<img src=x" not in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(2)" in page


async def test_a_service_that_is_away_is_a_sentence_and_takes_nothing_else_from_the_page(
    browser: httpx2.AsyncClient, link: Link, door: FrontDoor, door_url: str, token: Token
) -> None:
    await report(door_url, token("olga", "operator"))
    del door.services["/v1/notifications"]
    door.entries_count = 0
    await browser.get(link())
    page = await browser.get("/")
    assert page.status_code == 200
    assert "The notifier is not available" in page.text
    assert "The audit log is not available" in page.text
    assert "people were refused wrongly" in page.text
    assert "2 of 3 services away" in page.text


async def test_the_stream_sends_the_board_again_when_something_changed(
    browser: httpx2.AsyncClient, link: Link, door_url: str, token: Token
) -> None:
    await browser.get(link())
    seen: list[str] = []

    async def follow() -> None:
        async with browser.stream("GET", "/events") as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            async for line in answer.aiter_lines():
                seen.append(line)
                if "drift in production" in line:
                    return

    following = asyncio.create_task(follow())
    await asyncio.sleep(1)
    await report(door_url, token("olga", "operator"), "drift in production")
    await asyncio.wait_for(following, 10)
    assert sum('class="status"' in line for line in seen) == 2, "once at first, once for the change, never in between"


async def test_the_stream_is_refused_without_a_session(browser: httpx2.AsyncClient) -> None:
    answer = await browser.get("/events")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"

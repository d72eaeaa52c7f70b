"""Getting in and out of the console."""

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

Link = Callable[..., str]


def names(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


async def form_token(browser: httpx2.AsyncClient) -> str:
    found = re.search(r'name="form_token" value="([0-9a-f]+)"', (await browser.get("/")).text)
    assert found
    return found[1]


async def test_who_is_not_signed_in_is_told_how_to_get_in(browser: httpx2.AsyncClient) -> None:
    answer = await browser.get("/")
    assert answer.status_code == 401
    assert "one-time link" in answer.text
    assert "make up" in answer.text


async def test_a_link_lets_in_once_by_a_cookie_that_no_script_and_no_other_site_can_use(
    browser: httpx2.AsyncClient, link: Link, signin_directory: Path
) -> None:
    path = link()
    answer = await browser.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert names(signin_directory) == []
    page = await browser.get("/")
    assert page.status_code == 200
    assert "alice" in page.text
    browser.cookies.clear()
    again = await browser.get(path)
    assert again.status_code == 401
    assert "used before" in again.text
    assert "set-cookie" not in again.headers


async def test_of_many_who_bring_one_code_at_once_one_gets_in(browser: httpx2.AsyncClient, link: Link) -> None:
    path = link()
    answers = await asyncio.gather(*(browser.get(path) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [303] + [401] * 7


async def test_over_https_the_cookie_is_secure(browser: httpx2.AsyncClient, link: Link) -> None:
    answer = await browser.get(link(), headers={"x-forwarded-proto": "https"})
    assert "secure" in answer.headers["set-cookie"].lower()


@pytest.mark.parametrize(
    ("code", "status"), [("", 401), ("unknown", 401), ("../jwks", 401), ("a" * 5000, 401), ("%00", 422)]
)
async def test_a_wrong_code_lets_nobody_in(browser: httpx2.AsyncClient, code: str, status: int) -> None:
    answer = await browser.get(f"/sign-in?code={code}")
    assert answer.status_code == status
    assert "set-cookie" not in answer.headers


async def test_a_link_that_is_over_lets_nobody_in_and_is_removed(
    browser: httpx2.AsyncClient, link: Link, signin_directory: Path
) -> None:
    assert (await browser.get(link(timedelta(seconds=-1)))).status_code == 401
    assert names(signin_directory) == []


async def test_a_link_with_a_token_of_somebody_else_lets_nobody_in(browser: httpx2.AsyncClient, link: Link) -> None:
    assert (await browser.get(link(person_token="eyJhbGciOiJub25lIn0.e30."))).status_code == 401


async def test_a_session_ends_with_the_token_in_it(
    browser: httpx2.AsyncClient, link: Link, token: Callable[..., str]
) -> None:
    short = token("alice", "viewer", life=timedelta(seconds=-28))
    assert (await browser.get(link(person_token=short))).status_code == 303
    assert (await browser.get("/")).status_code == 200
    await asyncio.sleep(2.5)
    assert (await browser.get("/")).status_code == 401


async def test_signing_out_ends_the_session_for_every_copy_of_the_cookie(
    browser: httpx2.AsyncClient, link: Link
) -> None:
    await browser.get(link())
    kept = dict(browser.cookies)
    answer = await browser.post("/sign-out", data={"form_token": await form_token(browser)})
    assert answer.status_code == 303
    browser.cookies.update(kept)
    assert (await browser.get("/")).status_code == 401


@pytest.mark.parametrize("forged", ["", "0" * 64, "ünicode"])
async def test_a_foreign_form_signs_nobody_out(browser: httpx2.AsyncClient, link: Link, forged: str) -> None:
    await browser.get(link())
    assert (await browser.post("/sign-out", data={"form_token": forged})).status_code == 403
    assert (await browser.get("/")).status_code == 200


async def test_every_page_may_load_only_our_own_files(browser: httpx2.AsyncClient, link: Link) -> None:
    for path in ("/", link(), "/"):
        policy = (await browser.get(path)).headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


async def test_the_console_is_ready_without_kafka(browser: httpx2.AsyncClient) -> None:
    assert (await browser.get("/readyz")).status_code == 200

"""The page of all events: for everybody, under the strict policy, and silent: no request but for its own files."""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from playwright.async_api import Browser, Page, async_playwright, expect
from starlette.applications import Starlette
from starlette.routing import Mount

from console.services import served
from govbus.console.pages.answers import PAGE_HEADERS
from govbus.console.pages.event_docs import EVENT_DOCS_PATH, EventDocs
from govbus.contracts.all_events import TYPES
from govbus.local.front_door import FrontDoor
from govbus.local.routes import read_routes

CHECKOUT = Path(__file__).parents[2]
DOCS = CHECKOUT / "docs" / "events"
CHROMIUM = os.environ.get("GOVBUS_TEST_CHROMIUM") or shutil.which("chromium") or ""
SCREENSHOTS = os.environ.get("GOVBUS_TEST_SCREENSHOTS", "")


@pytest.fixture
async def docs_url() -> AsyncIterator[str]:
    """The folder as the console serves it, without the console's database, behind the front door."""
    async with served(Starlette(routes=[Mount(EVENT_DOCS_PATH, EventDocs(DOCS))])) as console:
        door = FrontDoor(read_routes(CHECKOUT / "infra" / "routes.yaml"), {"console": console}, "http://127.0.0.1")
        async with served(door.app(), lifespan=True) as url:
            yield f"{url}{EVENT_DOCS_PATH}/"


@pytest.fixture
async def client(docs_url: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=docs_url) as client:
        yield client


@pytest.mark.parametrize(
    ("name", "media_type"),
    [("", "text/html"), ("events.css", "text/css"), ("asyncapi.json", "application/json"), ("govbus.svg", "image/svg")],
)
async def test_every_file_is_served_under_the_policy_of_pages(
    client: httpx2.AsyncClient, name: str, media_type: str
) -> None:
    answer = await client.get(name)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(media_type)
    policy = PAGE_HEADERS["content-security-policy"]
    assert answer.headers["content-security-policy"] == policy
    assert "unsafe" not in policy
    again = await client.get(name, headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.headers["cache-control"]) == (304, "no-cache")


@pytest.mark.parametrize("name", ["nothing.html", "../mappings.md", "%2e%2e/mappings.md", "..%2fmappings.md"])
async def test_what_is_not_in_the_folder_is_not_served(docs_url: str, name: str) -> None:
    async with httpx2.AsyncClient() as client:
        answer = await client.get(httpx2.URL(docs_url).copy_with(raw_path=f"{EVENT_DOCS_PATH}/{name}".encode()))
    assert answer.status_code == 404


async def test_the_console_serves_it_to_everybody(browser: httpx2.AsyncClient) -> None:
    leads = await browser.get(EVENT_DOCS_PATH)
    assert (leads.status_code, leads.headers["location"]) == (308, "/docs/events/")
    page = await browser.get(leads.headers["location"])
    assert page.status_code == 200
    assert "<h1>Govbus events</h1>" in page.text


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


class Watched:
    """A page that notes what it asks for and what it complains of."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))


@pytest.fixture
async def watched(chromium: Browser) -> Watched:
    return Watched(await chromium.new_page(viewport={"width": 1280, "height": 900}))


needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="no chromium: apt-get install -y chromium")


@pytest.mark.browser
@needs_chromium
async def test_every_event_is_shown_and_nothing_is_asked_of_others(watched: Watched, docs_url: str) -> None:
    page = watched.page
    await page.goto(docs_url)
    await expect(page.get_by_role("heading", name="Govbus events")).to_be_visible()
    shown = await page.locator("article h3").all_inner_texts()
    assert {declared.name for declared in TYPES} <= set(shown)
    await page.get_by_role("navigation").get_by_role("link", name="dataset.checked", exact=True).click()
    await expect(page.locator("[id='dataset.checked.v1']")).to_be_in_viewport()
    await page.locator("[id='dataset.checked.v1'] summary").first.click()
    await expect(page.locator("[id='dataset.checked.v1'] pre").first).to_contain_text("ce_type")
    assert {httpx2.URL(url).host for url in watched.requests} == {"127.0.0.1"}
    assert watched.complaints == []
    await shoot(page, "events")
    await page.emulate_media(color_scheme="dark")
    await shoot(page, "events-dark")
    await page.set_viewport_size({"width": 390, "height": 844})
    await shoot(page, "events-narrow")
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "no sideways scrolling"


@pytest.mark.browser
@needs_chromium
async def test_the_page_can_be_read_from_a_disk_with_its_links_and_style(watched: Watched) -> None:
    page = watched.page
    await page.goto((DOCS / "index.html").as_uri())
    assert all(url.startswith("file://") for url in watched.requests)
    assert await page.evaluate("getComputedStyle(document.body).display") == "grid"
    dead = await page.evaluate(
        "[...document.querySelectorAll('a[href^=\"#\"]')].map(link => link.hash.slice(1))"
        ".filter(id => !document.getElementById(decodeURIComponent(id)))"
    )
    assert dead == []


async def shoot(page: Page, name: str) -> None:
    if SCREENSHOTS:
        await page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png")

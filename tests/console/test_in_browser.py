"""The page in a real browser: live without a reload, silent under its own policy, usable by keyboard."""

import os
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from fastapi import FastAPI
from playwright.async_api import Browser, Page, async_playwright, expect

from console.services import FrontDoor
from console.test_board import report
from notifier.saying import deliver, opened

Link = Callable[..., str]
Token = Callable[..., str]

CHROMIUM = os.environ.get("GOVBUS_TEST_CHROMIUM") or shutil.which("chromium") or ""
SCREENSHOTS = os.environ.get("GOVBUS_TEST_SCREENSHOTS", "")

expect.set_options(timeout=30_000)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="no chromium: apt-get install -y chromium"),
]


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
async def page(chromium: Browser, console_url: str) -> AsyncIterator[Page]:
    """A page that fails the test on anything its console complains of."""
    opened_page = await chromium.new_page(base_url=console_url, viewport={"width": 1280, "height": 900})
    complaints: list[str] = []
    opened_page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    opened_page.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened_page
    assert [complaint for complaint in complaints if "401" not in complaint] == []


async def shoot(page: Page, name: str) -> None:
    if SCREENSHOTS:
        await page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png", full_page=True)


async def test_the_board_changes_by_itself_in_every_part(
    page: Page, link: Link, door: FrontDoor, door_url: str, token: Token, notifier_app: FastAPI
) -> None:
    await page.goto(link())
    await expect(page).to_have_url("/")
    await expect(page.locator("#live")).to_have_text("Live")
    await expect(page.get_by_text("No open incident.")).to_be_visible()
    await report(door_url, token("olga", "operator"), "Version 1 is deployed and failed its fairness validation")
    await expect(page.get_by_role("heading", name="Version 1 is deployed")).to_be_visible()
    await deliver(notifier_app.state.service, opened())
    await expect(page.get_by_role("cell", name="governance-webhook")).to_be_visible()
    door.entries_count = 4711
    await expect(page.get_by_text("4711", exact=True)).to_be_visible()
    await shoot(page, "board-light")
    await page.emulate_media(color_scheme="dark")
    await shoot(page, "board-dark")
    await page.set_viewport_size({"width": 390, "height": 844})
    await shoot(page, "board-narrow")
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "no sideways scrolling"


async def test_a_service_that_goes_away_and_comes_back_is_told_and_forgotten(
    page: Page, link: Link, door: FrontDoor
) -> None:
    await page.goto(link())
    gone = door.services.pop("/v1/notifications")
    await expect(page.get_by_text("The notifier is not available")).to_be_visible()
    await shoot(page, "service-away")
    door.services["/v1/notifications"] = gone
    await expect(page.get_by_text("Nobody had to be told")).to_be_visible()


async def test_signing_out_by_keyboard_ends_at_the_page_that_says_how_to_get_in(page: Page, link: Link) -> None:
    await page.goto(link())
    await page.keyboard.press("Tab")
    await expect(page.get_by_text("Skip to content")).to_be_focused()
    await page.get_by_role("button", name="Sign out").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="You are not signed in")).to_be_visible()
    await shoot(page, "signed-out")


async def test_a_session_ended_elsewhere_is_told_on_the_open_page(
    page: Page, link: Link, chromium: Browser, console_url: str
) -> None:
    await page.goto(link())
    await expect(page.locator("#live")).to_have_text("Live")
    elsewhere = await chromium.new_context(base_url=console_url, storage_state=await page.context.storage_state())
    other = await elsewhere.new_page()
    await other.goto("/")
    await other.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="You are not signed in")).to_be_visible()
    await elsewhere.close()

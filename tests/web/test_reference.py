"""The reference of the HTTP interface in a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.web.chatting import Server

pytestmark = [pytest.mark.browser, pytest.mark.models]


@pytest.mark.parametrize("width", [1280, 390])
def test_the_reference_fits_the_screen_and_loads_whole(browser: Browser, server: Server, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 844})
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("requestfailed", lambda request: said.append(request.url))
    page.goto(f"{server.url}api/v1/docs")
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.fonts.check('16px Literata') && document.fonts.check('16px Plex')")
    page.get_by_role("link", name="Open a citation").click()
    assert page.locator("section:target h2").inner_text() == "Open a citation"
    context.close()
    assert said == []

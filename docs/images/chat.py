"""Makes chat.png: real questions, answered by the real chat, a citation opened.

Run from the repository's root: python -m docs.images.chat
"""

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from docs.images.picture import take
from tests.web.chatting import ask, chat, opened
from tests.web.conftest import FLAGS, chromium

QUESTIONS = (
    "What was taken from the Kumsandong fertilizer factory?",
    "Why did the crackdown on smugglers fail?",
)


def main() -> None:
    """Ask, open the source, and take the picture."""
    with (
        tempfile.TemporaryDirectory() as folder,
        chat(Path(folder)) as server,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium(), args=FLAGS) as browser,
        opened(browser, server.url, viewport={"width": 1360, "height": 820}, device_scale_factor=1.5) as page,
    ):
        page.locator(".examples button").first.wait_for(timeout=60_000)
        answers = [ask(page, question) for question in QUESTIONS]
        answers[-1].locator("a.cite").first.click()
        page.locator("#source mark.current").wait_for()
        take(page, "chat")


if __name__ == "__main__":
    main()

"""A running chat over real documents with the real models, and a real Chromium."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Error, expect, sync_playwright

from qa import Corpus
from tests.web.chatting import HOSTILE, PATIENCE, Server, chat, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()  # fmt: skip
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, brief: Path) -> Iterator[Server]:
    """The chat over the brief and a hostile document, both indexed before."""
    folder = tmp_path_factory.mktemp("chat")
    hostile = folder / "hostile <b>.txt"
    hostile.write_bytes(HOSTILE.replace("\n", "\r\n").encode())
    with Corpus.open(folder / "library") as corpus:
        report = corpus.index(brief, hostile)
        assert report.count("added") == 2
    with chat(folder / "library") as running:
        yield running


def chromium() -> str | None:
    """Return the system's Chromium, or None for Playwright's own.

    Debian's headless shell comes first. It is the same browser without windows, and opens a page in half of
    the processor time.
    """
    names = ("chromium-headless-shell", "chromium", "chromium-browser")
    return next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests; without one they fail and name what to install."""
    with sync_playwright() as playwright:
        try:
            running = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        except Error as error:
            pytest.fail(
                "the browser tests need a Chromium. On Debian or Ubuntu: apt-get install chromium. "
                f"Elsewhere: python -m playwright install chromium. ({error})",
                pytrace=False,
            )
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    """The chat's page, ready for a question; fails the test when a script fails or another host is called."""
    with opened(browser, server.url) as tab:
        tab.locator(".examples button").first.wait_for()
        yield tab

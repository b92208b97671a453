"""A running chat, and a page in a real Chromium to look at it with."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Locator, Page

# The standards that axe-core knows, what it advises besides, and rules that it leaves out unless asked. Two stay out:
# one takes neither a border that can be moved nor a text that is scrolled for what may have the focus, and one
# (wcag22aa, target-size) takes a link that is scrolled half under the question box for one that is too small.
AXE_OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice", "experimental"],
    "rules": {"focus-order-semantics": {"enabled": False}},
}
# How long the page may take, in milliseconds. A busy machine is slow; what is lost does not come later either.
PATIENCE = 45_000
TOKEN = "a-token-of-these-tests-0123456789-abcdef"  # noqa: S105
ROOT = Path(__file__).resolve().parents[2]
# ruff: noqa: E501 - the hostile document's lines are as they are
HOSTILE = r"""Hostile <script>window.canary = 1</script> brief

Office of <img src=x onerror="window.canary = 2"> Tests
4 April 2008

The harbour at Ostrava was closed by <script>window.canary = 3</script> and <img src=x onerror="window.canary = 4"> in May.  It costs $$x^2$$ and ${window.canary = 5} or `code`
and **bold** and \(a\\b\) there.

See [the harbour](javascript:window.canary=6) at <a href="javascript:window.canary=7">its page</a>, https://example.com/harbour, &amp; &lt;b&gt; <b>and more</b>.
"""


@dataclass(frozen=True)
class Server:
    """A `pullquote chat` of its own process."""

    url: str
    process: subprocess.Popen[str]
    token: str = ""

    @property
    def entry(self) -> str:
        """The address that is printed: it signs a browser in."""
        return f"{self.url}?token={self.token}"

    def get(self, path: str) -> tuple[int, Any]:
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {self.token}"})  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)


@contextlib.contextmanager
def chat(library: Path | str, *options: str, port: int = 0, token: str = "") -> Iterator[Server]:
    """Start `pullquote chat` as a user does, wait until the page is there, and stop it at the end.

    With a token, which its file gives, it asks for that.
    """
    if not port:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "qa",
        "chat",
        "--library",
        str(library),
        "--port",
        str(port),
        "--no-browser",
        *options,
    ]
    environment = dict(os.environ)
    file = tempfile.NamedTemporaryFile("w", encoding="ascii")  # noqa: SIM115 - closed with the server
    if token:
        print(token, file=file, flush=True)
        environment["PULLQUOTE_TOKEN_FILE"] = file.name
    process = subprocess.Popen(command, cwd=ROOT, text=True, stderr=subprocess.PIPE, env=environment)
    server = Server(f"http://127.0.0.1:{port}/", process, token)
    try:
        deadline = time.monotonic() + 120
        while True:
            try:
                server.get("api/v1/status")
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    process.kill()
                    pytest.fail(f"the chat did not start:\n{process.stderr and process.stderr.read()}")
                time.sleep(0.05)
        yield server
    finally:
        process.terminate()
        process.wait(timeout=60)  # a loaded machine takes its time
        file.close()


# Browser contexts that no tab uses, with the files that they have cached, by browser, host and options.
_unused: dict[tuple[Browser, str, str], BrowserContext] = {}


@contextlib.contextmanager
def opened(browser: Browser, url: str, ready: str = "#question textarea", **options: Any) -> Iterator[Page]:
    """Open a watched tab of its own at the URL, once what is `ready` is there.

    The tab knows nothing of earlier tabs: it has no cookies and nothing stored. It only finds the files of the
    page in the cache of an earlier tab. To read and compile all files again takes a second of processor time.
    """
    host = url.split("/")[2]
    key = browser, host, repr(options)
    context = _unused.pop(key, None) or browser.new_context(**options)
    tab = context.new_page()
    tab.set_default_timeout(PATIENCE)
    context.clear_cookies()
    erased = {"origin": f"http://{host}", "storageTypes": "all"}
    context.new_cdp_session(tab).send("Storage.clearDataForOrigin", erased)
    elsewhere: list[str] = []
    broken: list[str] = []
    own = (f"http://{host}/", f"blob:http://{host}/", "data:")
    tab.on("request", lambda request: request.url.startswith(own) or elsewhere.append(request.url))
    tab.on("pageerror", lambda error: broken.append(str(error)))
    tab.on(
        "console", lambda message: "Content Security Policy" in message.text and broken.append(message.text)
    )
    try:
        tab.goto(url)
        tab.locator(ready).wait_for()
        yield tab
        assert elsewhere == []
        assert broken == []
    except BaseException:
        context.close()
        raise
    for each in context.pages:
        each.close()
    _unused[key] = context


def ask(page: Page, question: str) -> Locator:
    """Type a question, press Enter, and wait for its answer."""
    before = page.locator(".answer.finished").count()
    page.locator("#question textarea").fill(question)
    page.locator("#question textarea").press("Enter")
    answer = page.locator(".answer.finished").nth(before)
    answer.wait_for()
    return answer


def check_accessible(page: Page) -> None:
    """Fail on whatever axe-core finds on the page as it is, by any of its rules, contrast among them."""
    page.wait_for_timeout(250)  # what fades or slides in has not its colours yet
    found = Axe().run(page, options=AXE_OPTIONS)
    assert not found.violations_count, found.generate_report()


def check_fits(page: Page) -> None:
    """Fail where something is wider than the window."""
    widths = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert widths[0] <= widths[1], widths

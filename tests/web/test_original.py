"""The original of a document in a real Chromium: beside the quote, and on the document's page."""

from __future__ import annotations

import shutil
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from qa import Corpus
from tests.web.chatting import Server, chat, check_accessible, check_fits, opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.models]
FORMATS = Path(__file__).parents[1] / "qa" / "formats"
SAID = "Aluminium followed a different course."
HOSTILE = """<!doctype html><html><head><title>Harbour closed</title>
<link rel="preconnect" href="http://{elsewhere}"><link rel="stylesheet" href="http://{elsewhere}/a.css">
<meta http-equiv="refresh" content="1;url=http://{elsewhere}/refreshed"><base href="http://{elsewhere}/">
<style>@import url(http://{elsewhere}/b.css); p {{ background: url(http://{elsewhere}/p.png) }}</style>
<script>document.title = parent.document.title = "canary"</script></head>
<body onload="parent.location = 'http://{elsewhere}/loaded'"><h1>Harbour closed</h1>
<p onclick="document.body.textContent = 'canary'">The harbour at Ostrava was closed in May by the town.
<a href="http://{elsewhere}/link" target="_top">A link</a>
<a href="javascript:parent.canary=1">Another</a></p>
<p style="background: url('http://{elsewhere}/q.png')">Nobody came to the quay for nine weeks after that.</p>
<form action="http://{elsewhere}/form"><input name="q" value="x"><button>Send</button></form>
<iframe src="http://{elsewhere}/frame"></iframe><object data="http://{elsewhere}/object"></object>
<img src="http://{elsewhere}/i.png" srcset="http://{elsewhere}/j.png 2x" onerror="parent.canary = 2">
<svg><image href="http://{elsewhere}/s.png"/><script>parent.canary = 3</script></svg>
<video src="http://{elsewhere}/v.mp4" autoplay></video></body></html>"""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[tuple[str, list[object]]]:
    """Another host, and who has come to it."""
    came: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def listen() -> None:
            while True:
                try:
                    connection, peer = listening.accept()
                except OSError:
                    return
                came.append(peer)
                connection.close()

        threading.Thread(target=listen, daemon=True).start()
        yield f"127.0.0.1:{listening.getsockname()[1]}", came
        listening.shutdown(socket.SHUT_RDWR)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, elsewhere: tuple[str, list[object]]) -> Path:
    """A library over a PDF, a saved page and a Word document."""
    folder = tmp_path_factory.mktemp("originals")
    documents = folder / "documents"
    documents.mkdir()
    shutil.copy(FORMATS / "pdf" / "files" / "article.pdf", documents)
    shutil.copy(FORMATS / "pdf" / "files" / "scanned.pdf", documents)
    shutil.copy(FORMATS / "docx" / "report.docx", documents)
    (documents / "hostile.html").write_text(HOSTILE.format(elsewhere=elsewhere[0]))
    (documents / "note.txt").write_text("The school at Hyesan was opened in June.")
    with Corpus.open(folder / "library") as corpus:
        report = corpus.index(documents)
        assert report.count("added") >= 4
    return folder


@pytest.fixture(scope="module")
def own(folder: Path) -> Iterator[Server]:
    with chat(folder / "library") as running:
        yield running


def cite(folder: Path, document: str, words: str = "") -> str:
    """Return the link to words of a document."""
    with Corpus.open(folder / "library") as corpus:
        found = corpus.document(document)
    start = found.text.index(words)
    return f"#cite={found.sha256}/{start}-{start + (len(words) or 20)}"


def original(page: Page) -> None:
    page.get_by_role("switch", name="Original").check()


def test_the_page_of_a_quote_is_shown_outlined_beside_it_and_turned_and_put_back(
    own: Server, browser: Browser, folder: Path
) -> None:
    url = own.url + cite(folder, "article.pdf", SAID)
    with opened(browser, url, viewport={"width": 1280, "height": 800}) as page:
        page.locator("#source mark").first.wait_for()
        original(page)
        frame = page.frame_locator("#source iframe")
        frame.get_by_text("The quote is outlined").wait_for()
        picture = frame.get_by_role("img", name="Page 1 of “Copper on the Tumen")
        assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1400
        assert not page.locator("#source .text").is_visible()
        check_accessible(page)
        frame.get_by_label("Next page").press("Enter")
        frame.get_by_text("Page 2 of 3").wait_for()
        assert frame.get_by_text("outlined").count() == 0
        page.get_by_role("switch", name="Original").press("Space")
        assert page.locator("#source mark").inner_text() == SAID
        assert page.locator("#source .text").is_visible()
        page.keyboard.press("Escape")
        assert not page.locator("#source").is_visible()


def test_there_is_no_button_where_there_is_no_original(own: Server, browser: Browser, folder: Path) -> None:
    with opened(browser, own.url + cite(folder, "note.txt"), viewport={"width": 1280, "height": 800}) as page:
        page.locator("#source mark").first.wait_for()
        assert not page.get_by_role("switch", name="Original").is_visible()


@pytest.mark.day
@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_of_a_document_shows_its_original(
    own: Server, browser: Browser, width: int, scheme: str
) -> None:
    size = {"width": width, "height": 800}
    with opened(
        browser, f"{own.url}documents/article.pdf", ready="#text", viewport=size, color_scheme=scheme
    ) as page:
        page.get_by_role("link", name="Original", exact=True).click()
        page.frame_locator("#original").get_by_role("img").wait_for()
        check_fits(page)
        check_accessible(page)
        page.get_by_role("link", name="Text", exact=True).click()
        page.locator("#text").wait_for()
        assert page.locator("#original").count() == 0


def test_a_saved_page_runs_loads_and_sends_nothing(
    own: Server, browser: Browser, folder: Path, elsewhere: tuple[str, list[object]]
) -> None:
    url = own.url + cite(folder, "hostile.html", "Nobody came")
    with opened(browser, url, viewport={"width": 1280, "height": 800}) as page:
        title = page.title()
        page.locator("#source mark").first.wait_for()
        original(page)
        view = page.frame_locator("#source iframe").frame_locator("iframe")
        assert view.locator("mark#quote").inner_text() == "Nobody came"
        view.get_by_text("The harbour at Ostrava").click()
        view.get_by_text("A link").click()
        view.get_by_text("Another").click()
        page.wait_for_timeout(2_500)  # longer than the page waits before it would lead elsewhere
        assert view.get_by_text("Nobody came to the quay").is_visible()
        assert view.get_by_role("button").count() == 0
        assert page.evaluate("window.canary") is None
        assert page.title() == title
        assert page.frames[-1].evaluate("self.origin") == "null"
    with opened(browser, f"{own.url}api/v1/documents/hostile.html/view", ready="h1") as page:
        page.wait_for_timeout(1_500)
        assert page.title() == "Harbour closed"
    assert elsewhere[1] == []


def test_a_word_document_is_shown_as_it_reads(own: Server, browser: Browser, folder: Path) -> None:
    url = own.url + cite(folder, "report.docx")
    with opened(browser, url, viewport={"width": 1280, "height": 800}) as page:
        page.locator("#source mark").first.wait_for()
        original(page)
        view = page.frame_locator("#source iframe").frame_locator("iframe")
        view.get_by_role("listitem").first.wait_for()


def test_a_file_that_has_changed_says_so_in_place_of_the_picture(
    own: Server, browser: Browser, folder: Path
) -> None:
    path = folder / "documents" / "scanned.pdf"
    with Corpus.open(folder / "library") as corpus:
        if not any(info.id == "scanned.pdf" for info in corpus.documents()):
            pytest.skip("scans are read where Tesseract is installed")
    url = own.url + cite(folder, "scanned.pdf")
    with opened(browser, url, viewport={"width": 1280, "height": 800}) as page:
        page.locator("#source mark").first.wait_for()
        original(page)
        frame = page.frame_locator("#source iframe")
        frame.get_by_text("Read by OCR: nothing is outlined").wait_for()
        path.write_bytes(path.read_bytes() + b"%")
        page.reload()
        page.locator("#source mark").first.wait_for()
        original(page)
        frame.get_by_role("alert").get_by_text("has changed since it was read").wait_for()

"""Words selected in a text, with a real Chromium: their exact place is kept, or copied with its citation."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from qa import Corpus
from tests.web.chatting import chat, check_accessible, check_fits, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.web.chatting import Server

pytestmark = [pytest.mark.browser, pytest.mark.models]

REPORT = """# Prices of 𝐫𝐢𝐜𝐞 🍚 in May

Rice was  dear in March, 🚢 said a *trader*.
The second line of it ends here.

- Hyesan had none
- Musan had 𝟗𝟎𝟎 sacks

| City | Price |
| --- | --- |
| Hyesan | 900 |
| Musan | 800 |

## What follows

Nobody knows <b>it</b> &amp; says so.
"""
LETTER = "The harbour is closed.\r\n\r\nIt was so 𝟑 times,\r\nand will be again.\r\n\r\nThe end of it.\r\n"
TEXTS = {"report.md": REPORT, "letter.txt": LETTER}
# Where a selection begins and ends: in these words, of which the first begins it and the last ends it.
SELECTED = {
    "report.md": [
        ("dear in", "March"),
        ("🚢 said", "*trader*"),
        ("line of", "Musan had 𝟗𝟎𝟎"),  # from one block into another, over the marks of a list
        ("𝐢𝐜𝐞", "Rice was  dear"),
        ("Hyesan", "Hyesan | 900"),
        ("900 |", "What"),  # out of a table, over the marks of a heading
        ("<b>it", "&amp; says"),
    ],
    "letter.txt": [("harbour", "closed."), ("is closed", "so 𝟑"), ("times,", "will be"), ("again.", "The")],
}

# Selects from one offset of the text to another, whatever elements these stand in; or backwards.
SELECT = """([from, to, backwards]) => {
  const text = document.querySelector("#selected-words").parentElement.querySelector(".text");
  const point = (offset) => {
    const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
    for (let at = 0; walker.nextNode(); at += walker.currentNode.length)
      if (offset <= at + walker.currentNode.length) return [walker.currentNode, offset - at];
  };
  const [start, end] = [point(from), point(to)];
  getSelection().setBaseAndExtent(...(backwards ? [...end, ...start] : [...start, ...end]));
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("selection")
    for name, text in TEXTS.items():
        (folder / name).write_bytes(text.encode())
    with Corpus.open(folder / "library") as corpus:
        corpus.index(*(folder / name for name in TEXTS))
        for name, text in TEXTS.items():
            assert corpus.document(name).text == text
    with chat(folder / "library") as running:
        while running.get("api/v1/health")[0] != 200:
            time.sleep(0.1)
        yield running


@pytest.fixture
def dossier(browser: Browser, server: Server) -> str:
    """The only dossier, an empty one."""
    route = f"{server.url}api/v1/dossiers"
    with opened(browser, f"{server.url}dossiers", ready="h1") as tab:
        for each in server.get("api/v1/dossiers")[1]["dossiers"]:
            tab.request.delete(f"{route}/{each['id']}")
        return str(tab.request.post(route, data={"name": "Ports"}).json()["id"])


def kept(server: Server, dossier: str) -> list[dict[str, Any]]:
    return list(server.get(f"api/v1/dossiers/{dossier}")[1]["in_order"])


def sha256(server: Server, name: str) -> str:
    return str(next(each["sha256"] for each in server.get("api/v1/documents")[1] if each["id"] == name))


def units(text: str, at: int) -> int:
    """Count a place in a text as a browser does: in code units of UTF-16."""
    return len(text[:at].encode("utf-16-le")) // 2


def select(page: Page, text: str, first: str, last: str, *, backwards: bool = False) -> tuple[int, int]:
    start = text.index(first)
    end = text.index(last, start) + len(last)
    page.evaluate(SELECT, [units(text, start), units(text, end), backwards])
    return start, end


def keep(page: Page) -> None:
    """Press Keep at the selection, and wait until it is done."""
    pressed = page.locator("#selected-words .keep button").first
    expect(pressed).to_be_visible()
    expect(pressed).to_have_attribute("aria-pressed", "false")
    pressed.click()
    expect(pressed).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("where", ["document", "source"])
def test_exactly_what_is_selected_is_kept_without_a_question(
    browser: Browser, server: Server, dossier: str, name: str, where: str
) -> None:
    text, wanted = TEXTS[name], []
    path = f"documents/{name}" if where == "document" else f"#cite={sha256(server, name)}/4-9"
    with opened(browser, f"{server.url}{path}", ready=".text") as page:
        expect(page.locator("#selected-words")).to_be_hidden()
        for at, (first, last) in enumerate(SELECTED[name]):
            wanted.append(select(page, text, first, last, backwards=at % 2 == 1))
            keep(page)
        page.evaluate("getSelection().empty()")
        page.locator(".text").click(position={"x": 16, "y": 8})
        expect(page.locator("#selected-words")).to_be_hidden()
    entries = kept(server, dossier)
    assert [(each["start"], each["end"]) for each in entries] == wanted
    assert [each["text"] for each in entries] == [text[start:end] for start, end in wanted]
    assert {each["sha256"] for each in entries} == {sha256(server, name)}
    assert not any("question" in each for each in entries)


def test_what_the_mouse_and_the_keys_select_is_kept_without_the_white_space_around_it(
    browser: Browser, server: Server, dossier: str
) -> None:
    with opened(browser, f"{server.url}documents/letter.txt", ready=".text") as page:
        last = page.locator(".text div").last
        last.click(click_count=3)  # all of the paragraph, and the line break behind it
        keep(page)
        page.locator(".text div").first.dblclick(position={"x": 50, "y": 10})
        for _ in range(3):
            page.keyboard.press("Shift+ArrowDown")
        keep(page)
        page.keyboard.press("Control+a")  # all of the page, of which the text is a part
        keep(page)
        line = page.locator(".text div").nth(1).bounding_box()
        assert line
        page.locator("h1").click()  # a press on what is selected would drag it
        page.mouse.move(line["x"] + 60, line["y"] + 12)
        page.mouse.down()
        page.mouse.move(line["x"] + 2, line["y"] + line["height"] + 30, steps=4)
        page.mouse.up()
        keep(page)
        chosen = page.evaluate("getSelection().toString()")
    paragraph, lines, whole, dragged = (each["text"] for each in kept(server, dossier))
    assert paragraph == "The end of it."
    assert lines.startswith("harbour is closed.\r\n\r\n")
    assert whole == LETTER.strip()
    assert dragged.split() == chosen.split()
    assert all(each in LETTER and each == each.strip() for each in (lines, dragged))


def test_the_keyboard_reaches_the_tools_and_chooses_a_dossier(
    browser: Browser, server: Server, dossier: str
) -> None:
    place = f"{sha256(server, 'report.md')}/4-9"
    with opened(browser, f"{server.url}#cite={place}", ready="#source .text mark") as page:
        page.locator("body.drawn").wait_for()
        select(page, REPORT, "dear in", "March")
        page.locator("#selected-words").wait_for()
        check_accessible(page)
        page.locator("#source .text").focus()
        for _ in range(3):
            page.keyboard.press("Tab")
            if page.locator("#selected-words .keep button").first.evaluate("each => each.matches(':focus')"):
                break
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="Choose a dossier: the selected words")).to_be_focused()
        page.keyboard.press("Enter")
        page.locator("#keep").get_by_label("A new dossier").fill("Rice")
        page.keyboard.press("Enter")
        expect(page.locator(".notice")).to_contain_text("Kept in “Rice”.")
        expect(page.locator("#selected-words .keep button").first).to_have_text("Kept")
        page.locator(".notice").get_by_role("button", name="Undo").click()
        expect(page.locator("#selected-words .keep button").first).to_have_text("Keep")
        assert kept(server, dossier) == []
        expect(page.locator("#source header .keep button").first).to_have_text("Keep")  # the quote itself


def test_it_is_copied_with_its_citation_also_where_nothing_can_be_kept(
    browser: Browser, server: Server
) -> None:
    allowed = ["clipboard-read", "clipboard-write"]
    with opened(browser, f"{server.url}documents/letter.txt", ready=".text", permissions=allowed) as page:
        select(page, LETTER, "so 𝟑", "again.")
        page.get_by_role("button", name="Copy with citation").click()
        expect(page.locator("#selected-words .done")).to_be_visible()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert re.fullmatch("“so 𝟑 times,\r?\nand will be again.”\n“letter”, .*", copied)


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1280, "light")])
def test_the_tools_are_seen_whole_and_cover_no_message(
    browser: Browser, server: Server, dossier: str, width: int, scheme: str
) -> None:
    view = {"width": width, "height": 600}
    for path in ("documents/report.md", f"#cite={sha256(server, 'report.md')}/4-9"):
        address = f"{server.url}{path}"
        with opened(browser, address, ready=".text", viewport=view, color_scheme=scheme) as page:
            page.locator("body.drawn, #side").first.wait_for()
            select(page, REPORT, "Rice was", "trader")
            keep(page)
            tools = page.locator("#selected-words")
            box, notice = tools.bounding_box(), page.locator(".notice").bounding_box()
            assert box
            assert notice
            assert 0 <= box["x"] <= box["x"] + box["width"] <= width
            assert box["y"] + box["height"] <= 600
            assert notice["y"] + notice["height"] <= box["y"]
            check_fits(page)
            check_accessible(page)
            page.locator(".notice").get_by_role("button", name="Undo").click()
            expect(tools.locator(".keep button").first).to_have_attribute("aria-pressed", "false")
    assert kept(server, dossier) == []

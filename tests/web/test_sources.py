"""What a page says of sources beside each other: who speaks, their order by date, and figures that differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from qa import Corpus
from tests.web.chatting import ask, chat, check_accessible, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

    from tests.web.chatting import Server

pytestmark = [pytest.mark.models, pytest.mark.browser]

NOTES = {
    "herald": """Ferry sinks off Leith

Harbour Herald
3 May 2019

The ferry Corran sank on Friday. At least 61 people died in the sinking, said Ada Orr, the harbour master.""",
    "gazette": """The Corran goes down

Valley Gazette
5 May 2019

A total of 58 people died in the sinking of the ferry Corran, according to the coast guard.""",
    "inquiry": """Inquiry into the loss of the Corran

Ministry of Works
12 January 2021

The inquiry found that 85 people died in the sinking of the ferry Corran, two of them in hospital.""",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("ferry")
    for name, text in NOTES.items():
        (folder / f"{name}.txt").write_text(text, "utf-8")
    with Corpus.open(folder / "library") as corpus:
        corpus.index(*(folder / f"{name}.txt" for name in NOTES))
    with chat(folder / "library") as running:
        yield running


def test_sources_are_ordered_by_date_and_their_figures_compared(browser: Browser, server: Server) -> None:
    with opened(browser, server.url) as page:
        answer = ask(page, "How many people died in the sinking of the Corran?")
        dates = answer.locator("time")
        came = dates.all_inner_texts()
        assert sorted(came) == ["12 January 2021", "3 May 2019", "5 May 2019"]
        assert sorted(answer.locator(".speaker").all_inner_texts()) == [
            "Said by Ada Orr, the harbour master",
            "Said by the coast guard",
        ]
        table = answer.get_by_role("table", name="Different figures")
        rows = dict(
            zip(table.get_by_role("rowheader").all_inner_texts(), table.get_by_role("row").all(), strict=True)
        )
        assert rows.keys() == {"58", "85"}
        expect(rows["58"]).to_contain_text("The Corran goes down")
        expect(rows["58"]).to_contain_text("5 May 2019")
        for figure, row in rows.items():
            row.get_by_role("link").click()
            expect(page.locator("#source mark.current")).to_contain_text(f"{figure} people died")
            check_accessible(page)
        page.keyboard.press("Escape")
        by_date = answer.get_by_role("button", name="Order by date")
        by_date.click()
        expect(by_date).to_have_attribute("aria-pressed", "true")
        assert dates.all_inner_texts() == ["3 May 2019", "5 May 2019", "12 January 2021"]
        check_accessible(page)
        by_date.click()
        assert dates.all_inner_texts() == came

"""Makes documents.png: the Documents page with some briefs added, the first of them selected.

Run from the repository's root: python -m docs.images.documents
"""

import tempfile
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from docs.images.picture import take
from tests.web.chatting import chat, opened
from tests.web.conftest import FLAGS, chromium

BRIEFS = (
    ("Rice prices rise in the northern provinces", "Office of Markets", "2008-03-02"),
    ("The harbour of Rajin is dredged again", "Office of Ports", "2009-05-11"),
    ("Coal trains run at night", "Office of Railways", "2010-01-23"),
    ("A school opens in Hyesan", "Office of Schools", "2010-09-01"),
    ("Power is cut twice a day in Hamhung", "Office of Markets", "2011-12-05"),
)


def main() -> None:
    """Add the briefs, select two, and take the picture."""
    with (
        tempfile.TemporaryDirectory() as folder,
        chat(Path(folder) / "library") as server,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium(), args=FLAGS) as browser,
        opened(browser, server.url, viewport={"width": 1360, "height": 720}, device_scale_factor=1.5) as page,
    ):
        page.locator(".examples button").first.wait_for(timeout=60_000)
        page.goto(f"{server.url}documents")
        files = []
        for number, (title, publisher, date) in enumerate(BRIEFS):
            file = Path(folder) / f"brief-{number}.md"
            head = f"---\ntitle: {title}\npublisher: {publisher}\ndate: {date}\n---\n"
            file.write_text(f"{head}\n{title}, as traders say.\n", "utf-8")
            files.append(file)
        page.get_by_text("Add files").click()
        page.get_by_label("Into the collection").fill("Briefs")
        page.locator("#files").set_input_files(files)
        expect(page.locator(".sum")).to_contain_text("5 of 5", timeout=60_000)
        page.reload()
        for box in page.get_by_role("checkbox").all()[1:3]:
            box.check()
        take(page, "documents")


if __name__ == "__main__":
    main()

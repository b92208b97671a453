"""What a notebook shows of an answer does nothing, whatever the documents say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from qa.quoting.html import to_html
from qa.schema import Answer, Document, Quote
from qa.text.display import visible
from tests.qa.briefs import HOSTILE

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


def test_a_hostile_answer_does_nothing_in_a_notebook(browser: Browser) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    text = (
        HOSTILE.text
        + "<img src=x onerror='window.canary=1'></blockquote><script>window.canary=2</script>"
        + '<style>*{display:none}</style><a href="javascript:1" onfocus="window.canary=3" autofocus>'
    )
    document = Document(
        "<b>a</b>.txt", text, title="<img src=y onerror='window.canary=5'>", url="javascript:1"
    )
    question = "<script>window.canary=6</script>?"
    answer = Answer(question, question, "answered", quotes=(Quote(document, 0, len(text)),))
    page.set_content(to_html(answer, lambda _: document))
    page.wait_for_timeout(200)
    assert page.evaluate("window.canary") is None
    assert asked == []
    assert page.locator("script, img, style, a, b").count() == 0
    assert page.locator("blockquote").evaluate("each => each.textContent") == visible(text)
    page.close()
